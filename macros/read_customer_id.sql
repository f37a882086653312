{% macro read_customer_id(column) -%}
    {#- Many shops know their customers by e-mail. -#}
    {%- set id = repurchase.read_id(column) -%}
    case
        when {{ repurchase.as_text(column) }} like '%@%'
            then {{ repurchase.keyed_hash('lower(' ~ id ~ ')') }}
        else {{ id }}
    end
{%- endmacro %}
