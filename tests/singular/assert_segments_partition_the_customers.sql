-- The rules cover the 25 cells once, and every scored customer is in one segment.
{{ config(tags=['rfm']) }}

with

checks as (
    select
        (select count(*) from {{ ref('rfm_segment_rules') }}) as rules,
        (
            select count(*) from (
                select distinct r_score, f_score from {{ ref('rfm_segment_rules') }}
                where r_score between 1 and 5 and f_score between 1 and 5
            ) as cells
        ) as cells,
        (select count(*) from {{ ref('int_rfm_values') }}) as customers,
        (select count(*) from {{ ref('rfm_scores') }}) as scored,
        (select coalesce(sum(customers), 0) from {{ ref('rfm_segments') }}) as in_segments,
        (
            select count(*) from (
                select dimension from {{ ref('rfm_thresholds') }}
                group by dimension
                having sum(customers) <> (select count(*) from {{ ref('rfm_scores') }})
            ) as dimensions
        ) as dimensions_that_miss_customers
)

select * from checks
where
    rules <> 25
    or cells <> 25
    or scored <> customers
    or in_segments <> customers
    or dimensions_that_miss_customers <> 0
