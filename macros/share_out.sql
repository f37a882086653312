{% macro share_out(total, weight) -%}
    {#- Share of a line in its order's total: the running share less the one before it.
        Where the weights of an order sum to nothing, every line weighs the same. -#}
    {%- set all_lines = "over (partition by order_key)" -%}
    {%- set in_order = "over (partition by order_key order by line_number" -%}
    {%- set line_number = "row_number() " ~ in_order ~ ")" -%}
    {%- set all_weights = "sum(" ~ weight ~ ") " ~ all_lines -%}
    {%- set weights_so_far = "sum(" ~ weight ~ ") " ~ in_order
        ~ " rows between unbounded preceding and current row)" -%}
    {%- set whole -%}
        (case
            when {{ all_weights }} > 0 then {{ repurchase.cents(all_weights) }}
            else count(*) {{ all_lines }}
        end)
    {%- endset -%}
    {%- set so_far -%}
        case
            when {{ all_weights }} > 0 then {{ repurchase.cents(weights_so_far) }}
            else {{ line_number }}
        end
    {%- endset -%}
    {%- set before -%}
        case
            when {{ all_weights }} > 0
                then {{ repurchase.cents(weights_so_far ~ " - " ~ weight) }}
            else {{ line_number }} - 1
        end
    {%- endset -%}
    {%- set due_so_far = repurchase.cents(total) ~ " * (" ~ so_far ~ ")" -%}
    {%- set due_before = repurchase.cents(total) ~ " * (" ~ before ~ ")" -%}
    cast(
        (
            {{ repurchase.divide_half_away(due_so_far, whole) }}
            - {{ repurchase.divide_half_away(due_before, whole) }}
        ) * 0.01 as decimal(18, 2)
    )
{%- endmacro %}
