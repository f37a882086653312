{% macro stencil(point, step) %}
    {#- The point, one to three steps up and down each axis, and the corners of each pair
        of axes: what central differences of the slope (sixth order) and of the curvature
        (second) need. -#}
    {%- set points = [point] -%}
    {%- for axis in range(point | length) -%}
        {%- for steps in [1, -1, 2, -2, 3, -3] -%}
            {%- do points.append(repurchase.moved(point, {axis: steps * step})) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for axis in range(point | length) -%}
        {%- for other in range(axis) -%}
            {%- for sign, other_sign in [(1, 1), (1, -1), (-1, 1), (-1, -1)] -%}
                {%- do points.append(repurchase.moved(
                    point, {axis: sign * step, other: other_sign * step}
                )) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(points) }}
{% endmacro %}
