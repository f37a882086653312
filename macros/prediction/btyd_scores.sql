{% macro btyd_scores(groups, about, tried) %}
    {#- Log-likelihoods of BG/NBD (Fader, Hardie and Lee 2005) and MBG/NBD (Batislam,
        Denizel and Filiztekin 2007) at points, logarithms of r, alpha, a and b. The
        customers are seen once for all points about the first of a fit: their part in the
        likelihood is a function of r, alpha and the chance to drop out, and its sums by
        repeats are expanded to the second order there, by what these move in proportion:
        slopes of that kind are never too large to be summed. -#}
    {%- set week = repurchase.double('7') -%}
    {%- set slopes = {
        'by_r': 'customers * r * (stay * log_quiet - log_last)',
        'by_alpha': 'customers * shape * (stay * by_quiet - by_last)',
        'by_dropout': 'customers * gone',
        'by_r_r': 'customers * stay * gone * r * log_quiet * r * log_quiet',
        'by_r_alpha':
            'customers * r * (stay * gone * log_quiet * shape * by_quiet'
            ~ ' + stay * by_quiet - by_last)',
        'by_r_dropout': '-customers * stay * gone * r * log_quiet',
        'by_alpha_alpha':
            'customers * shape * (by_last * by_last'
            ~ ' + stay * (by_now * by_now - by_last * by_last)'
            ~ ' + stay * gone * shape * by_quiet * by_quiet)',
        'by_alpha_dropout': '-customers * stay * gone * shape * by_quiet',
        'by_dropout_dropout': '-customers * gone * gone',
    } -%}
    {%- set query -%}
with

candidates as (
    {{ repurchase.candidates(['r', 'alpha', 'a', 'b'], about, tried) }}
),

by_candidate as (
    select
        *,
        r * ln(alpha) - {{ repurchase.log_gamma('r') }}
        + {{ repurchase.log_gamma('a + b') }} - {{ repurchase.log_gamma('b') }}
            as part_of_all
    from candidates
),

repeats as (
    select distinct
        origin_date,
        repeat_purchases as x
    from {{ groups }}
),

{#- BG/NBD: nobody drops out before the first repeat, so b counts the repeats. -#}
shaped as (
    select
        by_candidate.*,
        repeats.x,
        case when model = 'bgnbd' then b + x else b + x + 1 end as b_after
    from by_candidate
    inner join repeats on by_candidate.origin_date = repeats.origin_date
),

by_repeats as (
    select
        *,
        part_of_all
        + {{ repurchase.log_gamma('r + x') }}
        + {{ repurchase.log_gamma('b_after') }}
        - {{ repurchase.log_gamma('a + b_after') }} as constant_part,
        case
            when model = 'bgnbd' and x = 0 then 0
            else a / (b_after - 1)
        end as dropout
    from shaped
),

anchors as (
    select * from by_repeats
    where candidate = anchor
),

weeks as (
    select
        anchors.*,
        groups.customers,
        r + x as shape,
        ln(alpha + groups.recency_days / {{ week }}) as log_last,
        ln(alpha + groups.recency_days / {{ week }})
        - ln(alpha + groups.age_days / {{ week }}) as log_quiet,
        alpha / (alpha + groups.recency_days / {{ week }}) as by_last,
        alpha / (alpha + groups.age_days / {{ week }}) as by_now
    from {{ groups }} as groups
    inner join anchors
        on
            groups.origin_date = anchors.origin_date
            and groups.repeat_purchases = anchors.x
),

stayed as (
    select
        *,
        by_last - by_now as by_quiet,
        greatest(dropout + exp(greatest(shape * log_quiet, -600)), 1e-100) as whole
    from weeks
),

chances as (
    select
        *,
        exp(greatest(shape * log_quiet, -600)) / whole as stay,
        dropout / whole as gone
    from stayed
),

sums as (
    select
        model,
        origin_date,
        anchor,
        x,
        sum(customers) as customers,
        {{ repurchase.sum_of_doubles(
            'customers * (ln(whole) - shape * log_last)'
        ) }} as value,
        {% for slope, value in slopes.items() -%}
            {{ repurchase.sum_in_order(value) }} as {{ slope }}{{ "," if not loop.last }}
        {% endfor -%}
    from chances
    group by model, origin_date, anchor, x
),

moves as (
    select
        sums.*,
        by_repeats.candidate,
        by_repeats.constant_part,
        by_repeats.r / anchors.r - 1 as dr,
        by_repeats.alpha / anchors.alpha - 1 as da,
        coalesce(by_repeats.dropout / nullif(anchors.dropout, 0) - 1, 0) as dd
    from by_repeats
    inner join anchors
        on
            by_repeats.model = anchors.model
            and by_repeats.origin_date = anchors.origin_date
            and by_repeats.anchor = anchors.anchor
            and by_repeats.x = anchors.x
    inner join sums
        on
            by_repeats.model = sums.model
            and by_repeats.origin_date = sums.origin_date
            and by_repeats.anchor = sums.anchor
            and by_repeats.x = sums.x
)

select
    model,
    cast(origin_date as {{ dbt.type_string() }}) as origin,
    candidate,
    {{ repurchase.sum_of_doubles(
        'customers * constant_part + value'
        ~ ' + dr * by_r + da * by_alpha + dd * by_dropout'
        ~ ' + dr * da * by_r_alpha + dr * dd * by_r_dropout'
        ~ ' + da * dd * by_alpha_dropout + (dr * dr * by_r_r'
        ~ ' + da * da * by_alpha_alpha + dd * dd * by_dropout_dropout) / 2'
    ) }} as log_likelihood
from moves
group by model, origin_date, candidate
order by model, origin_date, candidate
    {%- endset -%}
    {{ return(repurchase.likelihoods(query)) }}
{% endmacro %}
