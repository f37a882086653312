{% macro seed_json(agate_table) -%}
    {%- set texts = [] -%}
    {%- for chunk in agate_table.rows | batch(20000) -%}
        {%- set rows = [] -%}
        {%- for row in chunk -%}
            {%- set cells = [] -%}
            {%- for cell in row -%}
                {%- do cells.append(none if cell is none else cell | string) -%}
            {%- endfor -%}
            {%- do rows.append(cells) -%}
        {%- endfor -%}
        {%- do texts.append(tojson(rows)) -%}
    {%- endfor -%}
    {{ return(texts) }}
{%- endmacro %}
