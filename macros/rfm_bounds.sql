{% macro rfm_bounds(quintiles, keys=[]) -%}
    {%- set best_first, best_last = [5, 4, 3, 2, 1], [1, 2, 3, 4, 5] -%}
    {%- set scores = [
        ('recency', best_first), ('frequency', best_last), ('monetary', best_last)
    ] -%}
    {%- for dimension, dimension_scores in scores -%}
        {%- set cuts = [
            dimension ~ '_1', dimension ~ '_2', dimension ~ '_3', dimension ~ '_4'
        ] -%}
        {%- if dimension == 'frequency' -%}
            {%- set cuts = var('rfm_frequency_thresholds') -%}
        {%- endif -%}
        {%- set bounds = ['null'] + cuts + ['null'] -%}
        {%- for score in dimension_scores %}
    select
        {% for key in keys -%} {{ key }}, {% endfor -%}
        '{{ dimension }}' as dimension,
        cast({{ score }} as bigint) as score,
        cast({{ bounds[loop.index0] }} as decimal(18, 2)) as lower_bound,
        cast({{ bounds[loop.index] }} as decimal(18, 2)) as upper_bound
    from {{ quintiles }}
            {%- if not loop.last %}
    union all
            {%- endif -%}
        {%- endfor -%}
        {%- if not loop.last %}
    union all
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
