{% macro is_in_touched_file() -%}
    {#- A list and no subquery: what stands in it the engine looks up before it reads. -#}
    {%- if model.config.materialized != 'incremental' or not is_incremental()
        or repurchase.loaded_files() is none -%}
        {{ return('true') }}
    {%- endif -%}
    {%- set query -%}
        select distinct source_file from {{ ref(model.config.meta.touched.relation) }}
        where source_file is not null
        order by source_file
    {%- endset -%}
    {{ return(repurchase.is_in_files(run_query(query).columns[0].values())) }}
{%- endmacro %}
