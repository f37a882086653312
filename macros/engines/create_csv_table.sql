{#- dbt-spark's own seeds write NULL as the text None and stop at a quote. They are
    dispatched by dbt: a root project finds these two by itself, one that installs this
    as a package names it in `dispatch`. -#}
{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set sql -%}
        create table {{ this.render() }} (
            {%- for name, type in repurchase.seed_types(model, agate_table).items() -%}
            {{ adapter.quote(name) }} {{ type }}{{ ", " if not loop.last }}
            {%- endfor -%}
        )
        {{ file_format_clause() }}
        {{ comment_clause() }}
    {%- endset -%}
    {%- call statement('_') -%}
        {{ sql }}
    {%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}
