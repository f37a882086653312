{% macro moved(point, by) %}
    {%- set coordinates = [] -%}
    {%- for coordinate in point -%}
        {%- do coordinates.append(coordinate + by.get(loop.index0, 0)) -%}
    {%- endfor -%}
    {{ return(coordinates) }}
{% endmacro %}
