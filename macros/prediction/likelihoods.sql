{% macro likelihoods(query) %}
    {#- {(model, origin): [log-likelihood of each candidate]} from rows in that order. -#}
    {%- set found = {} -%}
    {%- for model, origin, candidate, log_likelihood in run_query(query).rows -%}
        {%- set values = found.setdefault((model, origin), []) -%}
        {%- do values.append(
            -1e300 if log_likelihood is none else log_likelihood | float
        ) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
