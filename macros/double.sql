{% macro double(number) -%}
    {#- From text: as a number it would be read as a decimal. -#}
    cast('{{ number }}' as {{ repurchase.column_type('double') }})
{%- endmacro %}
