-- Without a look-back, the net amount of all segments is that of all customers.
{{ config(tags=['rfm'], enabled=not var('rfm_lookback_days')) }}

with

totals as (
    select
        (select sum(net_amount) from {{ ref('rfm_segments') }}) as in_segments,
        (select sum(net_amount) from {{ ref('fct_customers') }}) as of_customers
)

select * from totals
where in_segments <> of_customers
