{% macro identity_secret() -%}
    {#- Read from its table: a view's definition may be read by those who may not read
        the view. Unit tests have no table. -#}
    {%- if model.resource_type == 'unit_test' -%}
        'demo-secret'
    {%- else -%}
        (select secret from {{ repurchase.identity_secret_table() }})
    {%- endif -%}
{%- endmacro %}
