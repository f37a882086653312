{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('repurchase_trimmed', 'repurchase')(text)) }}
{%- endmacro %}

{% macro default__repurchase_trimmed(text) -%}
    {#- DuckDB's trim is slow, its right too, and most texts are clean: all white space
        is before '!'. -#}
    case
        when {{ text }} >= '!' and substr({{ text }}, -1) >= '!' then {{ text }}
        else {{ repurchase.spark__repurchase_trimmed(text) }}
    end
{%- endmacro %}

{% macro spark__repurchase_trimmed(text) -%}
    nullif(trim(both '{{ " \t\r\n" }}' from {{ text }}), '')
{%- endmacro %}

{% macro postgres__repurchase_trimmed(text) -%}
    {{ repurchase.spark__repurchase_trimmed(text) }}
{%- endmacro %}
