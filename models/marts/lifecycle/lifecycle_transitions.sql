with

months as (
    select
        periods.period_start as month_start,
        observation.as_of_date
    from {{ ref('int_periods') }} as periods
    cross join {{ ref('int_observation') }} as observation
    where periods.period_type = 'month'
),

spells as (
    select
        customer_key,
        first_month,
        until_month,
        state
    from {{ ref('int_lifecycle_spells') }}
    where first_month < until_month
),

-- A state begins where the one before ends, but for the first.
entered as (
    select
        spells.first_month as month_start,
        coalesce(previous.state, 'none') as from_state,
        spells.state as to_state,
        count(*) as customers
    from spells
    left join spells as previous
        on
            spells.customer_key = previous.customer_key
            and spells.first_month = previous.until_month
    group by spells.first_month, previous.state, spells.state
),

changes as (
    select
        month_start,
        to_state as state,
        customers,
        customers as entering_customers
    from entered
    union all
    select
        until_month as month_start,
        state,
        -count(*) as customers,
        0 as entering_customers
    from spells
    group by until_month, state
),

states as (
    select distinct to_state as state from entered
),

changed as (
    select
        month_start,
        state,
        sum(customers) as customers,
        sum(entering_customers) as entering_customers
    from changes
    group by month_start, state
),

-- Who is in a state at the end of a month and did not enter it in the month has stayed;
-- no spell holds at the end of a month that is not over.
stayed as (
    select
        months.month_start,
        states.state,
        sum(changed.customers) over (
            partition by states.state order by months.month_start
        ) - coalesce(changed.entering_customers, 0) as customers
    from months
    cross join states
    left join changed
        on
            months.month_start = changed.month_start
            and states.state = changed.state
),

moves as (
    select * from entered
    union all
    select month_start, state as from_state, state as to_state, customers from stayed
),

transitions as (
    select
        months.month_start,
        moves.from_state,
        moves.to_state,
        months.as_of_date,
        cast(sum(moves.customers) as bigint) as customers
    from moves
    inner join months on moves.month_start = months.month_start
    group by months.month_start, moves.from_state, moves.to_state, months.as_of_date
    having sum(moves.customers) > 0
)

select * from transitions
