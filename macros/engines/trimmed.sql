{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('repurchase_trimmed', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__repurchase_trimmed(text) -%}
    {#- DuckDB's trim is slow, its right too, and most texts are clean: all white space
        is before '!', but for the no-break and the ideographic blank, which are before
        '¡' and '、'. -#}
    case
        when
            {{ text }} >= '!'
            and not {{ text }} between '{{ "\u00a0" }}' and '¡'
            and not {{ text }} between '{{ "\u3000" }}' and '、'
            and substr({{ text }}, -1) >= '!'
            and substr({{ text }}, -1) not in ('{{ "\u00a0" }}', '{{ "\u3000" }}')
            then {{ text }}
        else {{ repurchase.spark__repurchase_trimmed(text) }}
    end
{%- endmacro %}

{% macro spark__repurchase_trimmed(text) -%}
    nullif(trim(both '{{ " \t\r\n\u00a0\u3000" }}' from {{ text }}), '')
{%- endmacro %}

{% macro postgres__repurchase_trimmed(text) -%}
    {{ repurchase.spark__repurchase_trimmed(text) }}
{%- endmacro %}
