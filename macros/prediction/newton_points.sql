{% macro newton_points(point, values, step, dampings) %}
    {#- From the values on a stencil about the point, the gradient and the Newton steps of
        each damping (Levenberg-Marquardt on the diagonal), none of them longer than 2. -#}
    {%- set size = point | length -%}
    {%- set gradient = [] -%}
    {%- for axis in range(size) -%}
        {%- do gradient.append(
            (
                45 * (values[1 + 6 * axis] - values[2 + 6 * axis])
                - 9 * (values[3 + 6 * axis] - values[4 + 6 * axis])
                + (values[5 + 6 * axis] - values[6 + 6 * axis])
            ) / (60 * step)
        ) -%}
    {%- endfor -%}
    {%- set crossed = {} -%}
    {%- for axis in range(size) -%}
        {%- for other in range(axis) -%}
            {%- set first = 1 + 6 * size + 4 * (crossed | length) -%}
            {%- do crossed.update({(axis, other): (
                values[first] - values[first + 1] - values[first + 2]
                + values[first + 3]
            ) / (4 * step * step)}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set curved = [] -%}
    {%- for axis in range(size) -%}
        {%- do curved.append(
            (values[1 + 6 * axis] - 2 * values[0] + values[2 + 6 * axis])
            / (step * step)
        ) -%}
    {%- endfor -%}
    {%- set steps = [] -%}
    {%- for damping in dampings -%}
        {%- set matrix = [] -%}
        {%- for axis in range(size) -%}
            {%- set row = [] -%}
            {%- for other in range(size) -%}
                {%- if axis == other -%}
                    {%- do row.append(
                        damping * (curved[axis] | abs + 1) - curved[axis]
                    ) -%}
                {%- else -%}
                    {%- do row.append(-crossed[([axis, other] | max, [axis, other] | min)]) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- do matrix.append(row) -%}
        {%- endfor -%}
        {#- A curvature this small is of rounding, or leaves the parameter open. -#}
        {%- set least = [0.001, 1e-14 * (values[0] | abs) / (step * step)] | max -%}
        {%- set solution = repurchase.solve_definite(
            matrix, gradient, 0 if damping else least
        ) -%}
        {%- if solution is not none -%}
            {%- set longest = solution | map('abs') | max -%}
            {%- set scale = 2 / longest if longest > 2 else 1 -%}
            {%- set by = {} -%}
            {%- for coordinate in solution -%}
                {%- do by.update({loop.index0: coordinate * scale}) -%}
            {%- endfor -%}
            {%- do steps.append({'damping': damping, 'length': longest,
                'point': repurchase.moved(point, by)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(steps) }}
{% endmacro %}
