{% macro probability_alive(model, repeats, recency_days, age_days) -%}
    {#- Fader, Hardie and Lee (2008), BG/NBD; Batislam et al. (2007), MBG/NBD. Weeks.
        The least is 1e-130: an engine may refuse the square of something smaller. -#}
    {%- set b = "(b + " ~ repeats ~ ")" -%}
    {%- set silence -%}
        (r + {{ repeats }}) * (
            ln(alpha + {{ age_days }} / {{ repurchase.double('7') }})
            - ln(alpha + {{ recency_days }} / {{ repurchase.double('7') }})
        )
    {%- endset -%}
    case
        when {{ model }} = 'bgnbd' and {{ repeats }} = 0
            then {{ repurchase.double('1') }}
        else 1 / (
            1 + a / ({{ b }} - case when {{ model }} = 'bgnbd' then 1 else 0 end)
            * exp(least({{ silence }}, 300))
        )
    end
{%- endmacro %}
