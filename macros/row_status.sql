{% macro row_status() -%}
    case
        when reason_code is not null then 'rejected'
        when version_number > 1 then 'superseded'
        else 'accepted'
    end
{%- endmacro %}
