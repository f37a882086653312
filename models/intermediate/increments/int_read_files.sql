-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_touched_customer_ids') }}
-- depends_on: {{ ref('int_touched_refunds') }}
{% set text = dbt.type_string() %}

with

files as (
    {%- if loaded_files() %}
        {{ loaded_files() }}
    {%- else %}
        select
            cast(null as {{ text }}) as connector,
            cast(null as {{ text }}) as entity,
            cast(null as {{ text }}) as source_file,
            cast(null as {{ text }}) as content_hash,
            cast(null as {{ text }}) as reading
        where false
    {%- endif %}
)

select * from files
