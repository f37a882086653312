-- The core marts of a clean shop as one hand-written script: what an engineer who knows
-- this shop and this engine would write. It reads the same raw text tables as the
-- project and leaves its tables in the schema `core`.
-- It counts on what a clean shop promises: every value can be read, every order has a
-- customer id and its lines, both shops are in UTC+8, and amounts have two decimals.

set preserve_insertion_order = false;
set TimeZone = 'UTC';
create schema core;

create macro local_time(text) as
    case
        when suffix(text, 'Z') then text::timestamp + interval 8 hours
        else text::timestamp
    end;
create macro converted(amount, rate) as
    case
        when rate is null then amount
        else round(amount::decimal(11, 2) * rate::decimal(18, 8), 2)::decimal(9, 2)
    end;
create macro key(shop, id) as (hash(shop, id) >> 1)::bigint;
-- Half away from zero, of integers that are not negative.
create macro divided(numerator, denominator) as
    (2 * numerator + denominator) // nullif(2 * denominator, 0);
create macro cents(amount) as (amount * 100)::bigint;
create macro month_number(day) as year(day) * 12 + month(day);
create macro week_number(day) as (day - date '1970-01-05') // 7;
create macro quarter_number(day) as (year(day) * 12 + month(day) - 1) // 3;
create macro wilson(successes, trials, side) as
    (
        successes / trials + 3.8414588206941285 / (2 * trials)
        + side * sqrt(
            3.8414588206941285 * (
                (successes / trials) * (1 - successes / trials) / trials
                + 3.8414588206941285 / (4.0 * trials * trials)
            )
        )
    ) / (1 + 3.8414588206941285 / trials);

-- One row: the day of the last order, whatever became of it.
create temp table last_day as
select max(local_time(ordered_at))::date as as_of_date
from (
    select max(ordered_at) as ordered_at
    from raw_standard.orders
    group by suffix(ordered_at, 'Z')
);

create temp table rates as
select
    currency,
    rate::decimal(18, 8) as rate,
    unnest(
        generate_series(
            rate_date,
            coalesce(
                lead(rate_date) over (partition by currency order by rate_date)
                - interval 1 day,
                as_of_date
            ),
            interval 1 day
        )
    )::date as rate_date
from read_csv('seeds/rules/exchange_rates.csv'), last_day;

create temp table statuses as
select status
from read_csv('seeds/rules/order_status_rules.csv')
where connector = 'standard' and is_valid and not is_refunded and not is_test;

create temp table refunds as
select order_key, list(refund_amount) as amounts, sum(refund_amount) as refund_amount
from (
    select
        key(shop_id, order_id) as order_key,
        refund_amount::decimal(9, 2) as refund_amount,
        row_number() over (
            partition by shop_id, refund_id order by updated_at desc
        ) as version
    from raw_standard.refunds
)
where version = 1
group by order_key;

-- Few orders come twice: only these are put in sequence, all others pass.
create temp table repeated as
select key(shop_id, order_id) as order_key, arg_max(rowid, updated_at) as newest
from raw_standard.orders
where key(shop_id, order_id) in (
    select key(shop_id, order_id)
    from raw_standard.orders
    group by key(shop_id, order_id)
    having count(*) > 1
)
group by order_key;

-- A purchase is a valid order that was not refunded in full. Money is converted by the
-- rate of the day, each refund for itself.
create table core.fct_orders as
with versions as (
    select
        key(shop_id, order_id) as order_key,
        shop_id,
        order_id,
        key(shop_id, customer_id) as customer_key,
        customer_id,
        local_time(ordered_at) as local_at,
        replace(lower(status), ' ', '_') as status,
        currency,
        channel,
        coupon_code,
        gross_amount::decimal(9, 2) as gross_amount,
        coalesce(discount_amount::decimal(9, 2), 0) as discount_amount
    from raw_standard.orders
    left join repeated on key(shop_id, order_id) = repeated.order_key
    where coalesce(orders.rowid = newest, true)
),

purchases as (
    select
        versions.* exclude (local_at, gross_amount, discount_amount),
        local_at - interval 8 hours as ordered_at,
        local_at::date as order_date,
        converted(gross_amount, rate) as gross_amount,
        converted(discount_amount, rate) as discount_amount,
        case
            when amounts is null then 0
            when rate is null then refunds.refund_amount
            else list_sum([converted(amount, rate) for amount in amounts])
        end::decimal(9, 2) as refund_amount
    from versions
    inner join statuses using (status)
    left join rates
        on versions.currency = rates.currency and local_at::date = rate_date
    left join refunds using (order_key)
    where coalesce(refunds.refund_amount < gross_amount - discount_amount, true)
),

sequenced as (
    select
        *,
        row_number() over in_order as order_number,
        dense_rank() over (partition by customer_key order by order_date)
            as purchase_number,
        max(order_date) over (
            partition by customer_key
            order by order_date
            rows between unbounded preceding and current row exclude group
        ) as previous_date,
        first_value(order_date) over in_order as first_date
    from purchases
    window in_order as (partition by customer_key order by order_date, ordered_at)
)

select
    order_key,
    'standard' as connector,
    shop_id,
    order_id,
    customer_key,
    customer_id,
    false as is_guest,
    order_date,
    ordered_at,
    order_number::integer as order_number,
    purchase_number::integer as purchase_number,
    order_number = 1 as is_first_order,
    order_number > 1 as is_repeat_order,
    (order_date - previous_date)::integer as days_since_previous_purchase,
    (order_date - first_date)::integer as days_since_first_purchase,
    channel,
    coupon_code,
    discount_amount > 0 as is_discounted,
    currency,
    gross_amount,
    discount_amount,
    refund_amount,
    (gross_amount - discount_amount - refund_amount)::decimal(9, 2) as net_amount,
    status
from sequenced;

-- Lines of a plain order are worth what they say; the others share its discount, refund
-- and conversion to the cent, as differences of running shares.
create table core.fct_order_items as
select
    order_key,
    line_number::smallint as line_number,
    product_id,
    quantity::smallint as quantity,
    unit_price::decimal(9, 2) as unit_price,
    (quantity::integer * unit_price::decimal(9, 2))::decimal(9, 2) as gross_amount,
    0::decimal(9, 2) as discount_amount,
    0::decimal(9, 2) as refund_amount,
    (quantity::integer * unit_price::decimal(9, 2))::decimal(9, 2) as net_amount
from raw_standard.order_items as lines
inner join core.fct_orders as orders
    on key(lines.shop_id, lines.order_id) = orders.order_key
where
    orders.discount_amount = 0
    and orders.refund_amount = 0
    and orders.currency = 'CNY';

insert into core.fct_order_items
with lines as (
    select
        order_key,
        line_number::smallint as line_number,
        product_id,
        quantity::smallint as quantity,
        unit_price::decimal(9, 2) as unit_price,
        quantity::integer * cents(unit_price::decimal(9, 2)) as gross,
        cents(lines.discount_amount::decimal(9, 2)) as discount,
        cents(orders.gross_amount) as order_gross,
        cents(orders.discount_amount) as order_discount,
        cents(orders.refund_amount) as order_refund
    from raw_standard.order_items as lines
    inner join core.fct_orders as orders
        on key(lines.shop_id, lines.order_id) = orders.order_key
    where not (
        orders.discount_amount = 0
        and orders.refund_amount = 0
        and orders.currency = 'CNY'
    )
),

running as (
    select
        *,
        coalesce(discount, gross) as weight,
        sum(gross) over so_far as gross_to,
        sum(gross) over whole_order as whole_gross,
        sum(coalesce(discount, gross)) over so_far as weight_to,
        sum(coalesce(discount, gross)) over whole_order as whole_weight
    from lines
    window
        whole_order as (partition by order_key),
        so_far as (partition by order_key order by line_number)
),

shared as (
    select
        *,
        divided(order_gross * gross_to::bigint, whole_gross::bigint) as gross_share_to,
        divided(order_gross * (gross_to - gross)::bigint, whole_gross::bigint)
            as gross_share_before,
        coalesce(
            divided(order_discount * weight_to::bigint, whole_weight::bigint), 0
        ) as discount_share_to,
        coalesce(
            divided(
                order_discount * (weight_to - weight)::bigint, whole_weight::bigint
            ),
            0
        ) as discount_share_before,
        order_gross - order_discount as paid
    from running
),

amounts as (
    select
        *,
        gross_share_to - gross_share_before as gross_share,
        discount_share_to - discount_share_before as discount_share,
        coalesce(
            divided(order_refund * (gross_share_to - discount_share_to), paid)
            - divided(
                order_refund * (gross_share_before - discount_share_before), paid
            ),
            0
        ) as refund_share
    from shared
)

select
    order_key,
    line_number,
    product_id,
    quantity,
    unit_price,
    (gross_share * 0.01)::decimal(9, 2),
    (discount_share * 0.01)::decimal(9, 2),
    (refund_share * 0.01)::decimal(9, 2),
    ((gross_share - discount_share - refund_share) * 0.01)::decimal(9, 2)
from amounts;

-- A customer's first product is that of the dearest line of the first order.
create table core.fct_customers as
with customers as (
    select
        customer_key,
        min(order_date) as first_purchase_date,
        max(order_date) as last_purchase_date,
        min(case when purchase_number = 2 then order_date end) as second_purchase_date,
        count(*) as order_count,
        max(purchase_number) as purchase_count,
        sum(gross_amount)::decimal(18, 2) as gross_amount,
        sum(refund_amount)::decimal(18, 2) as refund_amount,
        sum(net_amount)::decimal(18, 2) as net_amount
    from core.fct_orders
    group by customer_key
),

first_orders as (
    select customer_key, order_key, customer_id, shop_id, channel, is_discounted
    from core.fct_orders
    where is_first_order
),

leading_items as (
    select
        order_key,
        arg_max(product_id, cents(net_amount) * 1000 - line_number) as product_id
    from core.fct_order_items
    where order_key in (select order_key from first_orders)
    group by order_key
),

products as (
    select shop_id, product_id, category
    from raw_standard.products
    qualify row_number() over (
        partition by shop_id, product_id order by updated_at desc
    ) = 1
)

select
    customers.customer_key,
    customer_id,
    first_purchase_date,
    last_purchase_date,
    second_purchase_date,
    date_trunc('month', first_purchase_date) as cohort_month,
    order_count,
    purchase_count,
    gross_amount,
    refund_amount,
    net_amount,
    (divided(cents(net_amount), order_count) * 0.01)::decimal(18, 2)
        as average_order_value,
    as_of_date - first_purchase_date as tenure_days,
    as_of_date - last_purchase_date as recency_days,
    channel as first_channel,
    leading_items.product_id as first_product_id,
    category as first_category,
    is_discounted as first_order_was_discounted,
    first_purchase_date < min(first_purchase_date) over () + 180 as is_left_censored
from customers
inner join first_orders using (customer_key)
left join leading_items using (order_key)
left join products
    on
        first_orders.shop_id = products.shop_id
        and leading_items.product_id = products.product_id
cross join last_day;

-- RFM: cut points at the fifths of the sorted values, equal values get equal scores.
create temp table cuts as
select
    quantile_disc(recency_days, [0.2, 0.4, 0.6, 0.8]) as recency,
    [1, 2, 3, 5] as frequency,
    quantile_disc(net_amount, [0.2, 0.4, 0.6, 0.8]) as monetary
from core.fct_customers;

create table core.rfm_scores as
with scored as (
    select
        customer_key,
        recency_days,
        purchase_count as frequency,
        net_amount as monetary,
        5 - (
            (recency_days > recency[1])::int + (recency_days > recency[2])::int
            + (recency_days > recency[3])::int + (recency_days > recency[4])::int
        ) as r_score,
        1 + (purchase_count > cuts.frequency[1])::int
        + (purchase_count > cuts.frequency[2])::int
        + (purchase_count > cuts.frequency[3])::int
        + (purchase_count > cuts.frequency[4])::int as f_score,
        1 + (net_amount > cuts.monetary[1])::int + (net_amount > cuts.monetary[2])::int
        + (net_amount > cuts.monetary[3])::int
        + (net_amount > cuts.monetary[4])::int as m_score
    from core.fct_customers
    cross join cuts
)

select
    scored.*,
    (r_score * 100 + f_score * 10 + m_score)::varchar as rfm_cell,
    rfm_segment,
    segment_rank
from scored
inner join read_csv('seeds/rules/rfm_segment_rules.csv') as rules
    using (r_score, f_score)
inner join read_csv('seeds/rules/rfm_segment_names.csv') as names using (rfm_segment);

create table core.rfm_segments as
with segments as (
    select
        rfm_segment,
        count(*) as customers,
        sum(order_count) as orders,
        sum(monetary)::decimal(18, 2) as net_amount,
        avg(scores.recency_days) as average_recency_days,
        avg(frequency) as average_frequency
    from core.rfm_scores as scores
    inner join core.fct_customers using (customer_key)
    group by rfm_segment
)

select
    rfm_segment,
    segment_rank,
    coalesce(customers, 0) as customers,
    coalesce(customers, 0) / sum(customers) over () as customer_share,
    coalesce(net_amount, 0)::decimal(18, 2) as net_amount,
    coalesce(net_amount, 0)::double / (sum(net_amount) over ())::double
        as revenue_share,
    average_recency_days,
    average_frequency,
    (divided(cents(net_amount), orders) * 0.01)::decimal(18, 2) as average_order_value
from read_csv('seeds/rules/rfm_segment_names.csv')
left join segments using (rfm_segment);

create table core.rfm_thresholds as
with bounds as (
    select
        unnest(['recency', 'frequency', 'monetary']) as dimension,
        unnest([recency, frequency, monetary]::decimal(18, 2)[][]) as cut
    from cuts
),

bands as (
    select
        dimension,
        band,
        case when dimension = 'recency' then 6 - band else band end as score,
        cut
    from bounds
    cross join (select unnest(range(1, 6)) as band)
),

counted as (
    select dimension, score, count(*) as customers
    from (
        unpivot (select r_score as recency, f_score as frequency, m_score as monetary
            from core.rfm_scores)
        on recency, frequency, monetary
        into name dimension value score
    )
    group by dimension, score
)

select
    dimension,
    score,
    cut[band - 1] as lower_bound,
    cut[band] as upper_bound,
    coalesce(customers, 0) as customers
from bands
left join counted using (dimension, score);

-- Cohorts: everything of a period type follows from the days of the first and of any
-- purchase, some hundred thousand pairs however many customers there are.
create temp table cohort_days as
with purchases as (
    select
        order_date - days_since_first_purchase as first_day,
        order_date as day,
        order_date - days_since_previous_purchase as previous,
        days_since_first_purchase as age,
        net_amount,
        purchase_number,
        is_day
    from (
        select
            *,
            row_number() over (
                partition by customer_key, order_date order by ordered_at
            ) = 1 as is_day
        from core.fct_orders
    )
)

select
    first_day,
    day,
    count(*) as orders,
    sum(net_amount) as net_amount,
    count(*) filter (where is_day and purchase_number = 1) as customers,
    count(*) filter (where is_day and purchase_number = 2) as repurchasers,
    count(*) filter (
        where is_day
        and coalesce(week_number(previous) < week_number(day), true)
    ) as active_in_week,
    count(*) filter (
        where is_day
        and coalesce(month_number(previous) < month_number(day), true)
    ) as active_in_month,
    count(*) filter (
        where is_day
        and coalesce(quarter_number(previous) < quarter_number(day), true)
    ) as active_in_quarter,
    count(*) filter (
        where is_day and coalesce((previous - first_day) // 30 < age // 30, true)
    ) as active_in_age
from purchases
group by first_day, day;

create table core.cohort_retention as
with types as (
    select unnest(['week', 'month', 'quarter', '30_days']) as period_type
),

numbered as (
    select
        period_type,
        first_day,
        case period_type
            when 'week' then week_number(day) - week_number(first_day)
            when 'month' then month_number(day) - month_number(first_day)
            when 'quarter' then quarter_number(day) - quarter_number(first_day)
            else (day - first_day) // 30
        end as period_number,
        case period_type
            when 'week' then active_in_week
            when 'month' then active_in_month
            when 'quarter' then active_in_quarter
            else active_in_age
        end as active,
        orders,
        net_amount,
        repurchasers
    from cohort_days
    cross join types
),

events as (
    select
        period_type,
        first_day,
        period_number,
        sum(active) as active,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        sum(repurchasers) as repurchasers
    from numbered
    group by period_type, first_day, period_number
),

first_days as (
    select
        period_type,
        first_day,
        customers,
        date_trunc(
            case period_type when '30_days' then 'month' else period_type end, first_day
        ) as cohort_start,
        case period_type
            when 'week' then week_number(as_of_date + 1) - week_number(first_day)
            when 'month' then month_number(as_of_date + 1) - month_number(first_day)
            when 'quarter'
                then quarter_number(as_of_date + 1) - quarter_number(first_day)
            else (as_of_date + 1 - first_day) // 30
        end as periods_over,
        case period_type
            when 'week' then week_number(as_of_date) - week_number(first_day)
            when 'month' then month_number(as_of_date) - month_number(first_day)
            when 'quarter' then quarter_number(as_of_date) - quarter_number(first_day)
            else (as_of_date - first_day) // 30
        end as last_period
    from cohort_days
    cross join types
    cross join last_day
    where day = first_day
),

spine as (
    select *, unnest(range(0, last_period + 1)) as period_number
    from first_days
),

cells as (
    select
        period_type,
        cohort_start,
        period_number,
        customers,
        period_number < periods_over as is_over,
        coalesce(active, 0) as active,
        coalesce(orders, 0) as orders,
        coalesce(net_amount, 0) as net_amount,
        coalesce(repurchasers, 0) as repurchasers,
        sum(repurchasers) over (
            partition by period_type, first_day order by period_number
        ) as repurchasers_to_date
    from spine
    left join events using (period_type, first_day, period_number)
),

counted as (
    select
        period_type,
        cohort_start,
        period_number,
        sum(customers) as seen,
        coalesce(sum(customers) filter (where is_over), 0) as eligible_customers,
        sum(active) as active_customers,
        coalesce(sum(active) filter (where is_over), 0) as eligible_active,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        sum(repurchasers) as repurchasers,
        coalesce(sum(repurchasers_to_date) filter (where is_over), 0)
            as eligible_repurchasers
    from cells
    group by period_type, cohort_start, period_number
),

dated as (
    select
        *,
        first_value(seen) over to_date as cohort_size,
        sum(repurchasers) over to_date as repurchasers_to_date,
        sum(net_amount) over to_date as cumulative_net_amount
    from counted
    window to_date as (partition by period_type, cohort_start order by period_number)
)

select
    period_type,
    cohort_start,
    period_number,
    cohort_size,
    eligible_customers,
    active_customers,
    orders,
    net_amount::decimal(18, 2) as net_amount,
    eligible_active / nullif(eligible_customers, 0) as retention_rate,
    repurchasers_to_date,
    eligible_repurchasers / nullif(eligible_customers, 0)
        as cumulative_repurchase_rate,
    cumulative_net_amount::decimal(18, 2) as cumulative_net_amount,
    case
        when eligible_customers = cohort_size
            then (
                divided(cents(cumulative_net_amount), cohort_size) * 0.01
            )::decimal(18, 2)
    end as cumulative_ltv,
    eligible_customers = cohort_size as is_mature
from dated;

create table core.repurchase_rates as
with seconds as (
    select
        first_purchase_date as first_day,
        second_purchase_date - first_purchase_date as days_to_second,
        count(*) as customers
    from core.fct_customers
    group by first_day, days_to_second
),

counted as (
    select
        date_trunc('month', first_day) as cohort_start,
        window_days,
        sum(customers) as customers,
        coalesce(
            sum(customers) filter (where first_day + window_days <= as_of_date), 0
        ) as eligible_customers,
        coalesce(sum(customers) filter (
            where
                first_day + window_days <= as_of_date
                and days_to_second <= window_days
        ), 0) as repurchasers
    from seconds
    cross join (select unnest([30, 60, 90, 180, 365]::integer[]) as window_days)
    cross join last_day
    group by grouping sets ((cohort_start, window_days), (window_days))
)

select
    cohort_start,
    window_days,
    customers,
    eligible_customers,
    repurchasers,
    repurchasers / nullif(eligible_customers, 0) as repurchase_rate,
    wilson(repurchasers, nullif(eligible_customers, 0), -1) as ci_low,
    wilson(repurchasers, nullif(eligible_customers, 0), 1) as ci_high,
    eligible_customers = customers as is_mature
from counted;

-- Cycles: a customer with two gaps has a rhythm, drawn towards that of the category of
-- the first order.
create table core.purchase_cycles as
with gaps as (
    select customer_key, first_category, days_since_previous_purchase as gap
    from core.fct_orders
    inner join core.fct_customers using (customer_key)
    where
        purchase_count > 2
        and purchase_number > 1
    qualify row_number() over (partition by customer_key, purchase_number) = 1
),

regulars as (
    select
        customer_key,
        count(*) as gaps,
        median(gap) as median_gap,
        sum(gap) as total,
        sum(gap * gap) as squares
    from gaps
    group by customer_key
),

categories as (
    select
        first_category,
        case
            when first_category is null then '(none)'
            when count(*) < 20 then '(other)'
            else first_category
        end as category
    from core.fct_customers
    group by first_category
),

usual as (
    select
        category,
        quantile_disc(gap, 0.5) as usual_gap,
        count(*) as gaps
    from gaps
    inner join categories
        on gaps.first_category is not distinct from categories.first_category
    group by grouping sets ((category), ())
),

cycles as (
    select
        customer_key,
        last_purchase_date,
        recency_days,
        purchase_count - 1 as gaps,
        median_gap,
        total / regulars.gaps as mean_gap,
        sqrt(
            (regulars.gaps * squares - total * total) / (regulars.gaps - 1)
            * regulars.gaps
        ) / total as gap_cv,
        (regulars.gaps * median_gap + 3 * coalesce(own.usual_gap, shop.usual_gap))
        / (regulars.gaps + 3) as cycle
    from core.fct_customers
    left join regulars using (customer_key)
    left join categories
        on fct_customers.first_category is not distinct from categories.first_category
    left join usual as own on categories.category = own.category and own.gaps >= 30
    left join usual as shop on shop.category is null
)

select
    customer_key,
    gaps,
    median_gap as median_gap_days,
    mean_gap as mean_gap_days,
    gap_cv,
    cycle as cycle_days,
    last_purchase_date + floor(cycle + 0.5)::integer as expected_next_purchase_date,
    recency_days / cycle as overdue_ratio
from cycles;

-- Life cycle: the state at the end of a month follows from the last purchase of the
-- last month with one, its gap, and the silence since.
create macro state(silence, kind) as
    case
        when silence <= 90 then kind
        when silence <= 180 then 'at_risk'
        when silence <= 365 then 'lapsed'
        else 'lost'
    end;
create macro kind(gap) as
    case
        when gap is null then 'new'
        when gap > 180 then 'reactivated'
        else 'active'
    end;

create table core.customer_lifecycle as
select
    customer_key,
    state(recency_days, kind(days_since_previous_purchase)) as lifecycle_state,
    days_since_previous_purchase as previous_gap_days,
    recency_days,
    recency_days > 180 as is_churned_fixed,
    recency_days > 3 * cycle_days as is_churned_cycle
from core.fct_orders
inner join core.fct_customers using (customer_key)
inner join core.purchase_cycles using (customer_key)
where purchase_number = purchase_count
qualify row_number() over (partition by customer_key) = 1;

create table core.lifecycle_transitions as
with months as (
    select
        customer_key,
        date_trunc('month', order_date) as month,
        max(order_date) as day,
        arg_max(kind(days_since_previous_purchase), order_date) as kind
    from core.fct_orders
    group by customer_key, month
),

in_order as (
    select
        *,
        lead(month) over by_month as next_month,
        lead(kind) over by_month as next_kind,
        lag(month) over by_month is null as is_first
    from months
    window by_month as (partition by customer_key order by month)
),

runs as (
    select month, day, kind, next_month, next_kind, is_first, count(*) as customers
    from in_order
    group by all
),

-- The ends of months from the one of the purchase to the one before the next.
ends as (
    select
        *,
        unnest(
            generate_series(
                month,
                coalesce(next_month, date_trunc('month', as_of_date + 1)::date)
                - interval 1 month,
                interval 1 month
            )
        )::date as month_start
    from runs
    cross join last_day
),

states as (
    select
        *,
        state(last_day(month_start) - day, kind) as state,
        state(last_day((month_start - interval 1 month)::date) - day, kind)
            as state_before
    from ends
),

moves as (
    select month_start, 'none' as from_state, state as to_state, customers
    from states
    where month_start = month and is_first
    union all
    select month_start, state_before, state, customers
    from states
    where month_start > month
    union all
    select next_month, state, next_kind, customers
    from states
    where month_start + interval 1 month = next_month
)

select month_start, from_state, to_state, sum(customers) as customers
from moves
where month_start < date_trunc('month', (select as_of_date from last_day) + 1)
group by month_start, from_state, to_state;
