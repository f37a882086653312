{% macro share_out(total, so_far, weight, whole) -%}
    {#- Share of a line in its order's total: the running share less the one before it.
        Where the weights of an order sum to nothing, every line weighs the same. The
        first two branches, which are most lines, say the same without a division. -#}
    {%- set amounts = {'total': total, 'whole': whole} -%}
    {%- set total = repurchase.cents(total) -%}
    {%- set whole = repurchase.cents(whole) -%}
    {%- set now = repurchase.cents(so_far) -%}
    {%- set before = repurchase.cents(so_far ~ " - " ~ weight) -%}
    cast(
        case
            when {{ amounts.total }} = 0 then 0
            when {{ amounts.total }} = {{ amounts.whole }} and {{ amounts.whole }} > 0
                then {{ weight }}
            when {{ amounts.whole }} > 0 then 0.01 * (
                {{ repurchase.divide_half_away(total ~ " * " ~ now, whole) }}
                - {{ repurchase.divide_half_away(total ~ " * " ~ before, whole) }}
            )
            else 0.01 * (
                {{ repurchase.divide_half_away(
                    total ~ " * line_number", "line_count"
                ) }}
                - {{ repurchase.divide_half_away(
                    total ~ " * (line_number - 1)", "line_count"
                ) }}
            )
        end as decimal(18, 2)
    )
{%- endmacro %}
