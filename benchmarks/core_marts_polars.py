"""The core marts of a clean shop with polars: core_marts_polars.py SHOP OUT.

SHOP is a folder of Parquet files as the shop sends them, all text; OUT gets a Parquet
file per mart. Money is held in cents. What it counts on: see core_marts.sql.
"""

import sys
from math import ceil
from pathlib import Path

import polars as pl
from polars import col, lit, when

SEEDS = Path(__file__).resolve().parent.parent / "seeds" / "rules"
RATE_UNIT = 10**8
Z2 = 3.8414588206941285  # 95 % point of chi-square(1)
TYPES = ["week", "month", "quarter", "30_days"]


def cents(name: str) -> pl.Expr:
    return col(name).str.replace(".", "", literal=True).cast(pl.Int64)


def local_time(name: str) -> pl.Expr:
    time = col(name).str.slice(0, 19).str.to_datetime("%Y-%m-%dT%H:%M:%S")
    is_utc = col(name).str.ends_with("Z")
    return when(is_utc).then(time + pl.duration(hours=8)).otherwise(time)


def key(name: str) -> pl.Expr:
    return (col("shop_id").hash() ^ col(name).hash()).reinterpret(signed=True)


def divided(numerator: pl.Expr, denominator) -> pl.Expr:
    """Half away from zero, of integers that are not negative; NULL by 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def converted(amount: pl.Expr) -> pl.Expr:
    rate = col("rate")
    return (
        when(rate.is_null()).then(amount).otherwise(divided(amount * rate, RATE_UNIT))
    )


def days(interval: pl.Expr) -> pl.Expr:
    return interval.dt.total_days().cast(pl.Int32)


def period(kind: str, date: pl.Expr) -> pl.Expr:
    """The number of the week, month or quarter that holds a date."""
    if kind == "week":
        return (date.cast(pl.Int32) - 4) // 7
    months = date.dt.year() * 12 + date.dt.month()
    return months if kind == "month" else (months - 1) // 3


def month_of(number: pl.Expr) -> pl.Expr:
    return pl.date((number - 1) // 12, (number - 1) % 12 + 1, 1)


def wilson(successes: pl.Expr, trials: pl.Expr, side: int) -> pl.Expr:
    p = successes / trials
    width = (Z2 * (p * (1 - p) / trials + Z2 / (4.0 * trials * trials))).sqrt()
    return (p + Z2 / (2 * trials) + side * width) / (1 + Z2 / trials)


def positive(number: pl.Expr) -> pl.Expr:
    return when(number > 0).then(number)


def read_refunds(shop: Path) -> pl.LazyFrame:
    """One row per refund, the newest."""
    return (
        pl.scan_parquet(shop / "refunds-*.parquet")
        .sort("updated_at", descending=True)
        .unique(["shop_id", "refund_id"], keep="first")
        .select(order_key=key("order_id"), refund=cents("refund_amount"))
    )


def daily_rates(last: pl.Expr) -> pl.LazyFrame:
    """The rate of every currency and day; none for the currency of reports."""
    rates = pl.read_csv(SEEDS / "exchange_rates.csv", try_parse_dates=True)
    rates = rates.sort("currency", "rate_date").with_columns(
        until=col("rate_date").shift(-1).over("currency").fill_null(last)
        - pl.duration(days=1)
    )
    spans = rates.with_columns(order_date=pl.date_ranges("rate_date", "until"))
    rate = (col("rate") * RATE_UNIT).round().cast(pl.Int64)
    return (
        spans.explode("order_date").select("currency", "order_date", rate=rate).lazy()
    )


def orders_and_end(shop: Path):
    """fct_orders sorted by customer and time, and the day of the last order."""
    statuses = pl.read_csv(SEEDS / "order_status_rules.csv").filter(
        col("connector") == "standard", "is_valid", ~col("is_refunded"), ~col("is_test")
    )
    orders = (
        pl.scan_parquet(shop / "orders-*.parquet")
        .select(
            "shop_id",
            "order_id",
            "customer_id",
            "currency",
            "channel",
            "coupon_code",
            "updated_at",
            order_key=key("order_id"),
            customer_key=key("customer_id"),
            local_at=local_time("ordered_at"),
            status=col("status").str.to_lowercase().str.replace(" ", "_", literal=True),
            gross=cents("gross_amount"),
            discount=cents("discount_amount").fill_null(0),
        )
        .sort("updated_at", descending=True)
        .unique("order_key", keep="first")
        .with_columns(order_date=col("local_at").dt.date())
    )
    orders = orders.drop("updated_at").collect()
    end = orders["order_date"].max()
    rates = daily_rates(lit(end) + pl.duration(days=1))
    refunds = (
        read_refunds(shop)
        .join(
            orders.lazy().select("order_key", "currency", "order_date"), on="order_key"
        )
        .join(rates, on=["currency", "order_date"], how="left")
        .group_by("order_key")
        .agg(refund_amount=converted(col("refund")).sum(), refund=col("refund").sum())
    )
    purchases = (
        orders.lazy()
        .filter(col("status").is_in(statuses["status"].implode()))
        .join(refunds, on="order_key", how="left")
        .filter(
            col("refund").is_null() | (col("refund") < col("gross") - col("discount"))
        )
        .join(rates, on=["currency", "order_date"], how="left")
        .with_columns(
            gross_amount=converted(col("gross")),
            discount_amount=converted(col("discount")),
            refund_amount=col("refund_amount").fill_null(0),
            ordered_at=col("local_at") - pl.duration(hours=8),
        )
        .drop("local_at", "gross", "discount", "refund", "rate")
        .sort("customer_key", "ordered_at")
    )
    # Sorted by customer and time, what windows would give are differences of rows.
    is_first = (col("customer_key") != col("customer_key").shift(1)).fill_null(True)
    number = pl.int_range(pl.len(), dtype=pl.Int32)
    sequenced = (
        purchases.with_columns(is_first_order=is_first)
        .with_columns(
            is_day=col("is_first_order")
            | (col("order_date") != col("order_date").shift(1)),
        )
        .with_columns(day_number=col("is_day").cast(pl.Int32).cum_sum())
        .with_columns(
            order_number=number
            - when("is_first_order").then(number).forward_fill()
            + 1,
            purchase_number=col("day_number")
            - when("is_first_order").then("day_number").forward_fill()
            + 1,
            first=when("is_first_order").then("order_date").forward_fill(),
            # Never NULL, so that filling forward stops at each new day.
            previous=when("is_first_order")
            .then("order_date")
            .when("is_day")
            .then(col("order_date").shift(1))
            .forward_fill(),
        )
        .with_columns(
            connector=lit("standard"),
            is_guest=lit(False),
            is_repeat_order=col("order_number") > 1,
            is_discounted=col("discount_amount") > 0,
            net_amount=col("gross_amount")
            - col("discount_amount")
            - col("refund_amount"),
            days_since_previous_purchase=when(col("purchase_number") > 1).then(
                days(col("order_date") - col("previous"))
            ),
            days_since_first_purchase=days(col("order_date") - col("first")),
        )
        .drop("day_number", "first", "previous")
    )
    return sequenced.collect(), end


def order_items(shop: Path, orders: pl.DataFrame) -> pl.DataFrame:
    """fct_order_items: amounts of orders shared out, differences of running shares."""
    lines = (
        pl.scan_parquet(shop / "order_items-*.parquet")
        .select(
            "product_id",
            order_key=key("order_id"),
            line_number=col("line_number").cast(pl.Int16),
            quantity=col("quantity").cast(pl.Int32),
            unit_price=cents("unit_price"),
            off=cents("discount_amount"),
        )
        .join(
            orders.lazy().select(
                "order_key",
                "currency",
                order_gross="gross_amount",
                order_discount="discount_amount",
                order_refund="refund_amount",
            ),
            on="order_key",
        )
        .with_columns(gross=col("quantity") * col("unit_price"))
    )
    is_plain = (
        (col("order_discount") == 0)
        & (col("order_refund") == 0)
        & (col("currency") == "CNY")
    )
    columns = ["order_key", "line_number", "product_id", "quantity", "unit_price"]
    amounts = ["gross_amount", "discount_amount", "refund_amount", "net_amount"]
    lines = lines.collect()
    zero = lit(0, pl.Int64)
    plain = (
        lines.lazy()
        .filter(is_plain)
        .select(
            *columns,
            gross_amount="gross",
            discount_amount=zero,
            refund_amount=zero,
            net_amount="gross",
        )
    )
    opens = (col("order_key") != col("order_key").shift(1)).fill_null(True)

    def running(name: str) -> pl.Expr:
        """The sum of an order's lines up to this one."""
        total = col(name).cum_sum()
        return total - when("opens").then(total - col(name)).forward_fill()

    def whole(name: str) -> pl.Expr:
        """The running sum at an order's last line."""
        closes = col("opens").shift(-1).fill_null(True)
        return when(closes).then(name).backward_fill()

    def refunded(side: str) -> pl.Expr:
        paid = col("order_gross") - col("order_discount")
        share = col(f"gross_{side}") - col(f"discount_{side}")
        return divided(col("order_refund") * share, paid).fill_null(0)

    odd = (
        lines.lazy()
        .filter(~is_plain)
        .sort("order_key", "line_number")
        .with_columns(opens=opens, weight=col("off").fill_null(col("gross")))
        .with_columns(gross_so_far=running("gross"), weight_so_far=running("weight"))
        .with_columns(
            whole_gross=whole("gross_so_far"), whole_weight=whole("weight_so_far")
        )
        .with_columns(
            gross_to=divided(
                col("order_gross") * col("gross_so_far"), col("whole_gross")
            ),
            gross_before=divided(
                col("order_gross") * (col("gross_so_far") - col("gross")),
                col("whole_gross"),
            ),
            discount_to=divided(
                col("order_discount") * col("weight_so_far"), col("whole_weight")
            ).fill_null(0),
            discount_before=divided(
                col("order_discount") * (col("weight_so_far") - col("weight")),
                col("whole_weight"),
            ).fill_null(0),
        )
        .with_columns(
            gross_amount=col("gross_to") - col("gross_before"),
            discount_amount=col("discount_to") - col("discount_before"),
            refund_amount=refunded("to") - refunded("before"),
        )
        .with_columns(
            net_amount=col("gross_amount")
            - col("discount_amount")
            - col("refund_amount")
        )
        .select(*columns, *amounts)
    )
    return pl.concat([plain, odd]).collect()


def customers(
    shop: Path, orders: pl.DataFrame, items: pl.DataFrame, end
) -> pl.DataFrame:
    """fct_customers."""
    products = (
        pl.scan_parquet(shop / "products-*.parquet")
        .sort("updated_at", descending=True)
        .unique(["shop_id", "product_id"], keep="first")
        .select("shop_id", "category", first_product_id="product_id")
    )
    first_orders = (
        orders.lazy()
        .filter("is_first_order")
        .select(
            "customer_key",
            "order_key",
            "customer_id",
            "shop_id",
            first_channel="channel",
            first_order_was_discounted="is_discounted",
        )
    )
    # The dearest line, the first one of equals.
    dearest = (col("net_amount") * 1000 - col("line_number")).arg_max()
    leading = (
        items.lazy()
        .join(first_orders, on="order_key", how="semi")
        .group_by("order_key")
        .agg(first_product_id=col("product_id").get(dearest))
    )
    first, last = col("first_purchase_date"), col("last_purchase_date")
    second = when(col("purchase_number") == 2).then("order_date")
    return (
        orders.lazy()
        .group_by("customer_key")
        .agg(
            first_purchase_date=col("order_date").min(),
            last_purchase_date=col("order_date").max(),
            second_purchase_date=second.min(),
            order_count=pl.len().cast(pl.Int64),
            purchase_count=col("purchase_number").max(),
            gross_amount=col("gross_amount").sum(),
            refund_amount=col("refund_amount").sum(),
            net_amount=col("net_amount").sum(),
        )
        .join(first_orders, on="customer_key")
        .join(leading, on="order_key", how="left")
        .join(products, on=["shop_id", "first_product_id"], how="left")
        .rename({"category": "first_category"})
        .with_columns(
            cohort_month=first.dt.truncate("1mo"),
            average_order_value=divided(col("net_amount"), col("order_count")),
            tenure_days=days(lit(end) - first),
            recency_days=days(lit(end) - last),
            is_left_censored=first < first.min() + pl.duration(days=180),
        )
        .drop("order_key", "shop_id")
        .collect()
    )


def fifths(values: pl.Series) -> list:
    """The smallest value with a fifth, two, three and four fifths at or below it."""
    ordered = values.sort()
    return [ordered[ceil(values.len() * k / 5) - 1] for k in (1, 2, 3, 4)]


def rfm(customers: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """rfm_scores, rfm_segments and rfm_thresholds."""
    cuts = {
        "recency": fifths(customers["recency_days"]),
        "frequency": [1, 2, 3, 5],
        "monetary": fifths(customers["net_amount"]),
    }

    def above(name: str, dimension: str) -> pl.Expr:
        return pl.sum_horizontal(
            (col(name) > cut).cast(pl.Int64) for cut in cuts[dimension]
        )

    rules = pl.read_csv(SEEDS / "rfm_segment_rules.csv").lazy()
    names = pl.read_csv(SEEDS / "rfm_segment_names.csv").lazy()
    names = names.select("rfm_segment", "segment_rank")
    scores = (
        customers.lazy()
        .select(
            "customer_key",
            "order_count",
            "recency_days",
            frequency="purchase_count",
            monetary="net_amount",
            r_score=5 - above("recency_days", "recency"),
            f_score=1 + above("purchase_count", "frequency"),
            m_score=1 + above("net_amount", "monetary"),
        )
        .with_columns(
            rfm_cell=(col("r_score") * 100 + col("f_score") * 10 + col("m_score")).cast(
                pl.String
            )
        )
        .join(rules, on=["r_score", "f_score"])
        .join(names, on="rfm_segment")
        .collect()
    )
    by_segment = (
        scores.lazy()
        .group_by("rfm_segment")
        .agg(
            customers=pl.len().cast(pl.Int64),
            orders=col("order_count").sum(),
            net_amount=col("monetary").sum(),
            average_recency_days=col("recency_days").mean(),
            average_frequency=col("frequency").mean(),
        )
    )
    segments = (
        names.join(by_segment, on="rfm_segment", how="left")
        .with_columns(col("customers", "net_amount").fill_null(0))
        .with_columns(
            customer_share=col("customers") / col("customers").sum(),
            revenue_share=col("net_amount") / col("net_amount").sum(),
            average_order_value=divided(col("net_amount"), col("orders")),
        )
        .collect()
    )
    thresholds = []
    for dimension, limits in cuts.items():
        counted = dict(scores[f"{dimension[0]}_score"].value_counts().iter_rows())
        unit = 100 if dimension == "monetary" else 1
        bounds = [None, *(limit / unit for limit in limits), None]
        for band in range(5):
            score = 5 - band if dimension == "recency" else band + 1
            row = (dimension, score, bounds[band], bounds[band + 1])
            thresholds.append((*row, counted.get(score, 0)))
    schema = ["dimension", "score", "lower_bound", "upper_bound", "customers"]
    money = col("lower_bound", "upper_bound").cast(pl.Decimal(18, 2))
    return {
        "rfm_scores": scores.drop("order_count"),
        "rfm_segments": segments,
        "rfm_thresholds": pl.DataFrame(thresholds, schema, orient="row").with_columns(
            money
        ),
    }


def cohort_days(orders: pl.DataFrame) -> pl.LazyFrame:
    """Counts by day of the first and day of a purchase."""
    day = col("order_date")
    age = col("days_since_first_purchase")
    gap = col("days_since_previous_purchase")
    previous = day - pl.duration(days=gap)

    def active(kind: str) -> pl.Expr:
        starts = period(kind, col("previous")) < period(kind, day)
        return (col("is_day") & starts.fill_null(True)).sum().cast(pl.Int64)

    starts_age = ((age - gap) // 30 < age // 30).fill_null(True)
    return (
        orders.lazy()
        .with_columns(first_day=day - pl.duration(days=age), previous=previous)
        .group_by("first_day", "order_date")
        .agg(
            orders=pl.len().cast(pl.Int64),
            net_amount=col("net_amount").sum(),
            customers=(col("is_day") & (col("purchase_number") == 1))
            .sum()
            .cast(pl.Int64),
            repurchasers=(col("is_day") & (col("purchase_number") == 2))
            .sum()
            .cast(pl.Int64),
            week=active("week"),
            month=active("month"),
            quarter=active("quarter"),
            **{"30_days": (col("is_day") & starts_age).sum().cast(pl.Int64)},
        )
        .collect()
        .lazy()
    )


def cohort_retention(orders: pl.DataFrame, end) -> pl.DataFrame:
    """cohort_retention, of all four types of periods."""
    counted = cohort_days(orders)
    first, day = col("first_day"), col("order_date")
    end_day = lit(end)

    def number(kind: str, later: pl.Expr) -> pl.Expr:
        if kind == "30_days":
            return days(later - first) // 30
        return (period(kind, later) - period(kind, first)).cast(pl.Int32)

    starts = {"week": "1w", "month": "1mo", "quarter": "1q", "30_days": "1mo"}
    parts = []
    for kind in TYPES:
        events = (
            counted.with_columns(period_number=number(kind, day))
            .group_by("first_day", "period_number")
            .agg(
                active=col(kind).sum(),
                orders=col("orders").sum(),
                net_amount=col("net_amount").sum(),
                repurchasers=col("repurchasers").sum(),
            )
        )
        spine = (
            counted.filter(first == day)
            .select(
                "first_day",
                "customers",
                cohort_start=first.dt.truncate(starts[kind]),
                periods_over=number(kind, end_day + pl.duration(days=1)),
                period_number=pl.int_ranges(
                    0, number(kind, end_day) + 1, dtype=pl.Int32
                ),
            )
            .explode("period_number")
        )
        values = ["active", "orders", "net_amount", "repurchasers"]
        is_over = col("is_over")
        parts.append(
            spine.join(events, on=["first_day", "period_number"], how="left")
            .with_columns(col(values).fill_null(0))
            .with_columns(is_over=col("period_number") < col("periods_over"))
            .sort("first_day", "period_number")
            .with_columns(to_date=col("repurchasers").cum_sum().over("first_day"))
            .group_by("cohort_start", "period_number")
            .agg(
                seen=col("customers").sum(),
                eligible_customers=col("customers").filter(is_over).sum(),
                active_customers=col("active").sum(),
                eligible_active=col("active").filter(is_over).sum(),
                orders=col("orders").sum(),
                net_amount=col("net_amount").sum(),
                repurchasers=col("repurchasers").sum(),
                eligible_repurchasers=col("to_date").filter(is_over).sum(),
            )
            .sort("cohort_start", "period_number")
            .with_columns(period_type=lit(kind))
        )
    cohort = ["period_type", "cohort_start"]
    eligible = positive(col("eligible_customers"))
    ltv = divided(col("cumulative_net_amount"), col("cohort_size"))
    return (
        pl.concat(parts)
        .with_columns(
            cohort_size=col("seen").first().over(cohort),
            repurchasers_to_date=col("repurchasers").cum_sum().over(cohort),
            cumulative_net_amount=col("net_amount").cum_sum().over(cohort),
        )
        .with_columns(
            retention_rate=col("eligible_active") / eligible,
            cumulative_repurchase_rate=col("eligible_repurchasers") / eligible,
            is_mature=col("eligible_customers") == col("cohort_size"),
        )
        .with_columns(cumulative_ltv=when("is_mature").then(ltv))
        .drop("seen", "eligible_active", "repurchasers", "eligible_repurchasers")
        .collect()
    )


def repurchase_rates(customers: pl.DataFrame, end) -> pl.DataFrame:
    """repurchase_rates, by month of the first purchase and of all."""
    first, second = col("first_purchase_date"), col("second_purchase_date")
    counted = customers.group_by(first, gap=days(second - first)).agg(
        customers=pl.len().cast(pl.Int64)
    )
    parts = []
    for window in (30, 60, 90, 180, 365):
        is_over = first + pl.duration(days=window) <= lit(end)
        bought = is_over & (col("gap") <= window)
        month = counted.group_by(cohort_start=first.dt.truncate("1mo")).agg(
            customers=col("customers").sum(),
            eligible_customers=col("customers").filter(is_over).sum(),
            repurchasers=col("customers").filter(bought).sum(),
        )
        everyone = month.select(
            lit(None, pl.Date).alias("cohort_start"), pl.exclude("cohort_start").sum()
        )
        both = pl.concat([month, everyone])
        parts.append(both.with_columns(window_days=lit(window)))
    eligible, bought = positive(col("eligible_customers")), col("repurchasers")
    return pl.concat(parts).with_columns(
        repurchase_rate=bought / eligible,
        ci_low=wilson(bought, eligible, -1),
        ci_high=wilson(bought, eligible, 1),
        is_mature=col("eligible_customers") == col("customers"),
    )


def purchase_cycles(orders: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """purchase_cycles: own medians drawn towards those of the first category."""
    category = (
        when(col("first_category").is_null())
        .then(lit("(none)"))
        .when(pl.len().over("first_category") < 20)
        .then(lit("(other)"))
        .otherwise("first_category")
    )
    people = customers.lazy().select(
        "customer_key",
        "recency_days",
        "last_purchase_date",
        "purchase_count",
        category=category,
    )
    regular = people.filter(col("purchase_count") > 2).select(
        "customer_key", "category"
    )
    gaps = (
        orders.lazy()
        .filter("is_day", col("purchase_number") > 1)
        .select("customer_key", gap="days_since_previous_purchase")
        .join(regular, on="customer_key")
        .collect()
        .lazy()
    )
    gap = col("gap").cast(pl.Int64)
    middle = col("gap").sort().get((pl.len() + 1) // 2 - 1)
    own = gaps.group_by("customer_key").agg(
        n=pl.len().cast(pl.Int64),
        median_gap_days=gap.median(),
        total=gap.sum(),
        squares=(gap * gap).sum(),
    )
    usual = gaps.group_by("category").agg(usual=middle, seen=pl.len())
    usual = usual.filter(col("seen") >= 30).select("category", "usual")
    shop = gaps.select(shop=middle)
    n, total = col("n"), col("total")
    spread = (n * col("squares") - total * total) / (n - 1) * n
    cycle = (n * col("median_gap_days") + 3 * col("usual")) / (n + 3)
    rounded = (col("cycle_days") + 0.5).floor().cast(pl.Int64)
    return (
        people.join(own, on="customer_key", how="left")
        .join(usual, on="category", how="left")
        .join(shop, how="cross")
        .with_columns(usual=col("usual").fill_null(col("shop")))
        .with_columns(cycle_days=cycle)
        .select(
            "customer_key",
            "median_gap_days",
            "cycle_days",
            gaps=col("purchase_count") - 1,
            mean_gap_days=total / n,
            gap_cv=spread.sqrt() / total,
            expected_next_purchase_date=col("last_purchase_date")
            + pl.duration(days=rounded),
            overdue_ratio=col("recency_days") / col("cycle_days"),
        )
        .collect()
    )


def kind_of(gap: pl.Expr) -> pl.Expr:
    return (
        when(gap.is_null())
        .then(lit("new"))
        .when(gap > 180)
        .then(lit("reactivated"))
        .otherwise(lit("active"))
    )


def state(silence: pl.Expr, kind: pl.Expr) -> pl.Expr:
    return (
        when(silence <= 90)
        .then(kind)
        .when(silence <= 180)
        .then(lit("at_risk"))
        .when(silence <= 365)
        .then(lit("lapsed"))
        .otherwise(lit("lost"))
    )


def life_cycle(orders, customers, cycles, end) -> dict[str, pl.DataFrame]:
    """customer_lifecycle and lifecycle_transitions."""
    gap, silence = col("days_since_previous_purchase"), col("recency_days")
    closes = (col("customer_key") != col("customer_key").shift(-1)).fill_null(True)
    now = (
        orders.lazy()
        .filter(closes)
        .select("customer_key", previous_gap_days=gap)
        .join(
            customers.lazy().select("customer_key", "recency_days"), on="customer_key"
        )
        .join(cycles.lazy().select("customer_key", "cycle_days"), on="customer_key")
        .with_columns(
            lifecycle_state=state(silence, kind_of(col("previous_gap_days"))),
            is_churned_fixed=silence > 180,
            is_churned_cycle=silence > 3 * col("cycle_days"),
        )
        .drop("cycle_days")
        .collect()
    )
    month = period("month", col("order_date"))
    same = col("customer_key") == col("customer_key").shift(-1)
    came = col("customer_key") != col("customer_key").shift(1)
    after_end = end.year * 12 + end.month + ((end.day + 1) > days_in(end))
    runs = (
        orders.lazy()
        .select("customer_key", month=month, day="order_date", kind=kind_of(gap))
        .filter((~same).fill_null(True) | (col("month") != col("month").shift(-1)))
        .with_columns(
            next_month=when(same).then(col("month").shift(-1)),
            next_kind=when(same).then(col("kind").shift(-1)),
            is_first=came.fill_null(True),
        )
        .group_by("month", "day", "kind", "next_month", "next_kind", "is_first")
        .agg(customers=pl.len().cast(pl.Int64))
    )
    at = col("at")
    last_day = month_of(at + 1) - pl.duration(days=1)
    last_before = month_of(at) - pl.duration(days=1)
    states = (
        runs.with_columns(
            at=pl.int_ranges(
                "month", col("next_month").fill_null(after_end), dtype=pl.Int32
            )
        )
        .filter(col("at").list.len() > 0)
        .explode("at")
        .with_columns(
            state=state(days(last_day - col("day")), col("kind")),
            before=state(days(last_before - col("day")), col("kind")),
        )
        .collect()
        .lazy()
    )
    moves = pl.concat(
        [
            states.filter("is_first", at == col("month")).select(
                "at", "customers", from_state=lit("none"), to_state="state"
            ),
            states.filter(at > col("month")).select(
                "at", "customers", from_state="before", to_state="state"
            ),
            states.filter(at + 1 == col("next_month"))
            .select("customers", at=at + 1, from_state="state", to_state="next_kind")
            .select("at", "customers", "from_state", "to_state"),
        ]
    )
    transitions = (
        moves.filter(at < after_end)
        .group_by(
            month_start=month_of(at), from_state="from_state", to_state="to_state"
        )
        .agg(col("customers").sum())
        .collect()
    )
    return {"customer_lifecycle": now, "lifecycle_transitions": transitions}


def days_in(day) -> int:
    """Days of the month that holds a day."""
    return pl.select(pl.lit(day).dt.month_end().dt.day()).item()


def main(shop: Path, out: Path) -> None:
    out.mkdir(parents=True)
    orders, end = orders_and_end(shop)
    orders.drop("is_day").write_parquet(out / "fct_orders.parquet")
    items = order_items(shop, orders)
    items.write_parquet(out / "fct_order_items.parquet")
    people = customers(shop, orders, items, end)
    del items
    people.write_parquet(out / "fct_customers.parquet")
    cycles = purchase_cycles(orders, people)
    marts = {
        **rfm(people),
        "cohort_retention": cohort_retention(orders, end),
        "repurchase_rates": repurchase_rates(people, end),
        "purchase_cycles": cycles,
        **life_cycle(orders, people, cycles, end),
    }
    for name, frame in marts.items():
        frame.write_parquet(out / f"{name}.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
