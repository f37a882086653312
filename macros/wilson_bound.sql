{% macro wilson_bound(successes, trials, sign) -%}
    {#- Wilson, E. B. (1927), J. Am. Stat. Assoc. 22, 209-212; 3.8414588... is the 95 %
        point of chi-square(1). -#}
    {%- set z2 = 3.8414588206941285 -%}
    {%- set double = repurchase.column_type('double') -%}
    {%- set p = "(cast(" ~ successes ~ " as " ~ double ~ ") / " ~ trials ~ ")" -%}
    case
        when {{ trials }} > 0 then
            ({{ p }} + {{ z2 }} / (2 * {{ trials }})
                {{ sign }} sqrt(
                    {{ z2 }} * ({{ p }} * (1 - {{ p }}) / {{ trials }}
                        + {{ z2 }} / (4.0 * {{ trials }} * {{ trials }}))
                ))
            / (1 + {{ z2 }} / {{ trials }})
    end
{%- endmacro %}
