{% macro gamma_gamma_scores(groups, about, tried) %}
    {#- Log-likelihoods of the Gamma-Gamma model of spend (Fader, Hardie and Lee 2005) at
        points, logarithms of p, q and v. The customers are seen once for all points about
        the first of a fit: the logarithm of their spend and v is expanded there. -#}
    {%- set total = '(anchors.v + groups.repeat_purchases * groups.repeat_spend)' -%}
    {%- set query -%}
with

candidates as (
    {{ repurchase.candidates(['p', 'q', 'v'], about, tried) }}
),

anchors as (
    select * from candidates
    where candidate = anchor
),

sums as (
    select
        anchors.model,
        anchors.origin_date,
        anchors.anchor,
        anchors.v,
        groups.repeat_purchases as x,
        sum(groups.customers) as customers,
        {{ repurchase.sum_of_doubles(
            'groups.customers * ln(groups.repeat_spend)'
        ) }} as log_spend,
        {{ repurchase.sum_of_doubles(
            'groups.customers * ln' ~ total
        ) }} as log_total,
        {{ repurchase.sum_in_order(
            'groups.customers * anchors.v / ' ~ total
        ) }} as by_v,
        {{ repurchase.sum_in_order(
            '-groups.customers * anchors.v / ' ~ total ~ ' * anchors.v / ' ~ total
        ) }} as by_v_v
    from {{ groups }} as groups
    inner join anchors on groups.origin_date = anchors.origin_date
    group by
        anchors.model, anchors.origin_date, anchors.anchor, anchors.v,
        groups.repeat_purchases
),

moves as (
    select
        sums.*,
        candidates.candidate,
        candidates.p,
        candidates.q,
        ln(candidates.v) as log_v,
        candidates.v / sums.v - 1 as dv
    from candidates
    inner join sums
        on
            candidates.model = sums.model
            and candidates.origin_date = sums.origin_date
            and candidates.anchor = sums.anchor
)

select
    model,
    cast(origin_date as {{ dbt.type_string() }}) as origin,
    candidate,
    {{ repurchase.sum_of_doubles(
        'customers * ('
        ~ repurchase.log_gamma('(p * x + q)') ~ ' - ' ~ repurchase.log_gamma('(p * x)')
        ~ ' - ' ~ repurchase.log_gamma('q') ~ ' + q * log_v + p * x * ln(x))'
        ~ ' + (p * x - 1) * log_spend'
        ~ ' - (p * x + q) * (log_total + dv * by_v + dv * dv * by_v_v / 2)'
    ) }} as log_likelihood
from moves
group by model, origin_date, candidate
order by model, origin_date, candidate
    {%- endset -%}
    {{ return(repurchase.likelihoods(query)) }}
{% endmacro %}
