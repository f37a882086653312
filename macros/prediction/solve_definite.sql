{% macro solve_definite(matrix, vector, least=0) %}
    {#- Gauss-Jordan without pivots, which a positive definite matrix does not need; none
        where a pivot shows that it is not, or hardly. -#}
    {%- set state = namespace(rows=[], definite=true) -%}
    {%- for row in matrix -%}
        {%- set state.rows = state.rows + [row + [vector[loop.index0]]] -%}
    {%- endfor -%}
    {%- for column in range(vector | length) if state.definite -%}
        {%- set pivot = state.rows[column] -%}
        {%- set state.definite = pivot[column] > least -%}
        {%- set reduced = [] -%}
        {%- for row in state.rows if state.definite -%}
            {%- set is_pivot = loop.index0 == column -%}
            {%- set factor = (row[column] - (1 if is_pivot else 0)) / pivot[column] -%}
            {%- set cells = [] -%}
            {%- for cell in row -%}
                {%- do cells.append(cell - factor * pivot[loop.index0]) -%}
            {%- endfor -%}
            {%- do reduced.append(cells) -%}
        {%- endfor -%}
        {%- set state.rows = reduced -%}
    {%- endfor -%}
    {{ return(state.rows | map('last') | list if state.definite else none) }}
{% endmacro %}
