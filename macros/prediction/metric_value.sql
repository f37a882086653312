{% macro metric_value(numerator, denominator) -%}
    {%- set ratio = repurchase.rate(numerator, denominator) -%}
    case when metric = 'rmse' then sqrt({{ ratio }}) else {{ ratio }} end
{%- endmacro %}
