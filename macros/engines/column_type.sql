{% macro column_type(name) -%}
    {{ return(adapter.dispatch('repurchase_column_type', 'repurchase')(name)) }}
{%- endmacro %}

{% macro default__repurchase_column_type(name) -%}
    {{ return(api.Column.translate_type(name)) }}
{%- endmacro %}

{% macro postgres__repurchase_column_type(name) -%}
    {{ return(
        'double precision' if name == 'double' else api.Column.translate_type(name)
    ) }}
{%- endmacro %}

{% macro spark__repurchase_column_type(name) -%}
    {{ return('string' if name == 'text' else api.Column.translate_type(name)) }}
{%- endmacro %}
