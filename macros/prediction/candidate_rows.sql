{% macro candidate_rows(about, tried) -%}
    {%- set rows = [] -%}
    {%- for fit, points in about.items() -%}
        {%- for point in points -%}
            {%- do rows.append([fit[0], fit[1], loop.index0, 0] + point) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for fit, points in tried.items() -%}
        {%- for point in points -%}
            {%- do rows.append([fit[0], fit[1], loop.index0, loop.index0] + point) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for row in rows -%}
('{{ row | join("', '") }}'){{ "," if not loop.last }}
        {% endfor -%}
{%- endmacro %}
