{% macro unreadable_column(columns) -%}
    case
        {%- for column in columns %}
        when {{ column }}_read is null
            and {{ repurchase.clean_text(column) }} is not null
            then '{{ column }}'
        {%- endfor %}
    end
{%- endmacro %}
