{% macro replace_matches(text, pattern, replacement) -%}
    {{ return(
        adapter.dispatch('repurchase_replace_matches', 'repurchase')(
            text, pattern, replacement
        )
    ) }}
{%- endmacro %}

{% macro default__repurchase_replace_matches(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__repurchase_replace_matches(text, pattern, replacement) -%}
    {%- set whole = pattern[:-1] ~ '\\\\z' if pattern[-1] == '$' else pattern -%}
    regexp_replace({{ text }}, '{{ whole }}', '{{ replacement | replace("\\", "$") }}')
{%- endmacro %}
