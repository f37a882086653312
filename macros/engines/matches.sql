{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('repurchase_matches', 'repurchase')(text, pattern)) }}
{%- endmacro %}

{% macro default__repurchase_matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__repurchase_matches(text, pattern) -%}
    {#- In Java, $ would also match before a line end. -#}
    {%- set in_group = pattern | replace('$)', '\\\\z)') -%}
    {%- set whole = in_group[:-1] ~ '\\\\z' if in_group[-1] == '$' else in_group -%}
    {{ text }} rlike '{{ whole }}'
{%- endmacro %}

{% macro postgres__repurchase_matches(text, pattern) -%}
    ({{ text }} ~ '{{ pattern }}')
{%- endmacro %}
