{% macro fit_models(wanted, btyd_groups, spend_groups) -%}
    {#- One row per model, origin and parameter. Fitted only while the model is built: dbt
        renders it to parse, compile and test as well. -#}
    {%- set fits = {} -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- set query -%}
            select
                model,
                cast(origin_date as {{ dbt.type_string() }}) as origin,
                log_mean_spend
            from {{ wanted }}
            where fit_status = 'to_fit'
            order by origin_date, model
        {%- endset -%}
        {%- set buyers = {} -%}
        {%- set spenders = {} -%}
        {%- for model, origin, log_mean_spend in run_query(query).rows -%}
            {%- if model == 'gamma_gamma' -%}
                {%- do spenders.update({
                    (model, origin | string): [1, 1, log_mean_spend | float]
                }) -%}
            {%- else -%}
                {%- do buyers.update({(model, origin | string): [-1, 2, 0, 1]}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do fits.update(repurchase.maximum_likelihood(
            buyers, repurchase.btyd_scores, btyd_groups
        )) -%}
        {#- Where hardly anybody drops out the search may lose its way from a start at
            which many do; MBG/NBD then begins where BG/NBD ended. -#}
        {%- for second in ['bgnbd', 'mbgnbd'] -%}
            {%- set again = {} -%}
            {%- for fit in buyers
                if fit[0] == second and fits[fit].status != 'converged' -%}
                {%- set sibling = fits[('bgnbd', fit[1])] -%}
                {%- do again.update({
                    fit: sibling.point if sibling.status == 'converged'
                    else [0, 2, -5, 1]
                }) -%}
            {%- endfor -%}
            {%- for fit, found in repurchase.maximum_likelihood(
                again, repurchase.btyd_scores, btyd_groups
            ).items() -%}
                {%- do found.update({'rounds': found.rounds + fits[fit].rounds}) -%}
                {%- do fits.update({fit: found}) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- do fits.update(repurchase.maximum_likelihood(
            spenders, repurchase.gamma_gamma_scores, spend_groups
        )) -%}
    {%- endif -%}
    {%- set rows = [] -%}
    {%- for (model, origin), found in fits.items() -%}
        {%- for name in repurchase.model_parameter_names()
            | selectattr(0, 'equalto', model) | map('last') -%}
            {%- do rows.append((
                model, origin, name, found.point[loop.index0], found.log_likelihood,
                found.rounds, found.status
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
    select
        model,
        cast(origin as date) as origin_date,
        parameter,
        exp({{ repurchase.cast_as('log_value', 'double') }}) as value,
        {{ repurchase.cast_as('log_likelihood', 'double') }} as log_likelihood,
        cast(rounds as bigint) as iterations,
        status
    from (
        values
        {%- for row in rows or [('', '1970-01-01', '', 0, 0, 0, '')] %}
        ('{{ row | join("', '") }}'){{ "," if not loop.last }}
        {%- endfor %}
    ) as fits (
        model, origin, parameter, log_value, log_likelihood, rounds, status
    )
    {%- if not rows %}
    where false
    {%- endif %}
{%- endmacro %}
