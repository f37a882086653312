{% macro share_out(total, weight) -%}
    {#- Share of a line in its order's total: the running share less the one before it. Where the
        weights of an order sum to nothing, every line weighs the same. -#}
    {%- set all_lines = "over (partition by order_key)" -%}
    {%- set lines_so_far = "over (partition by order_key order by line_number"
        ~ " rows between unbounded preceding and current row)" -%}
    {%- set has_weight = "sum(" ~ weight ~ ") " ~ all_lines ~ " > 0" -%}
    {%- set whole -%}
        case when {{ has_weight }} then {{ cents("sum(" ~ weight ~ ") " ~ all_lines) }}
            else count(*) {{ all_lines }} end
    {%- endset -%}
    {%- set so_far -%}
        case when {{ has_weight }} then {{ cents("sum(" ~ weight ~ ") " ~ lines_so_far) }}
            else row_number() over (partition by order_key order by line_number) end
    {%- endset -%}
    {%- set before -%}
        case when {{ has_weight }} then {{ cents("sum(" ~ weight ~ ") " ~ lines_so_far ~ " - " ~ weight) }}
            else row_number() over (partition by order_key order by line_number) - 1 end
    {%- endset -%}
    cast(
        (
            {{ divide_half_away(cents(total) ~ " * (" ~ so_far ~ ")", "(" ~ whole ~ ")") }}
            - {{ divide_half_away(cents(total) ~ " * (" ~ before ~ ")", "(" ~ whole ~ ")") }}
        ) * 0.01 as decimal(18,2)
    )
{%- endmacro %}
