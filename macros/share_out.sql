{% macro share_out(total, so_far, weight, whole) -%}
    {#- Share of a line in its order's total: the running share less the one before it.
        Where the weights of an order sum to nothing, every line weighs the same. -#}
    {%- set total = repurchase.cents(total) -%}
    {%- set whole = repurchase.cents(whole) -%}
    {%- set now = repurchase.cents(so_far) -%}
    {%- set before = repurchase.cents(so_far ~ " - " ~ weight) -%}
    cast(
        case
            when {{ whole }} > 0 then
                {{ repurchase.divide_half_away(total ~ " * " ~ now, whole) }}
                - {{ repurchase.divide_half_away(total ~ " * " ~ before, whole) }}
            else
                {{ repurchase.divide_half_away(
                    total ~ " * line_number", "line_count"
                ) }}
                - {{ repurchase.divide_half_away(
                    total ~ " * (line_number - 1)", "line_count"
                ) }}
        end * 0.01 as decimal(18, 2)
    )
{%- endmacro %}
