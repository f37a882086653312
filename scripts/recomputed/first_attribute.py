"""Cohorts pooled by an attribute of the first order (decision 13)."""

import polars as pl
from recomputed.parts import period, rate, round_div
from recomputed.shop import Shop

CELL = ["value", "period_number"]


def members(shop: Shop) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Customers and their months with orders or refunds, by months since the first.

    `over`: how many whole months are; `again`: the month of the second purchase.
    """
    here = "customer_key"

    def number(day):
        return period(day, "month") - period(pl.col("first_purchase_date"), "month")

    as_of = pl.lit(shop.as_of, pl.Date)
    people = shop.customers.select(
        here,
        "first_purchase_date",
        over=number(as_of + pl.duration(days=1)),
        last=number(as_of),
        again=number(pl.col("second_purchase_date")),
    )
    bought = shop.known.select(here, day="order_date", orders=1, net="net_amount")
    returned = shop.booked.select(
        here, day="booked_date", orders=0, net=-pl.col("refund_amount")
    )
    months = (
        pl.concat([bought, returned], how="vertical_relaxed")
        .join(people, on=here)
        .group_by(here, "over", at=number(pl.col("day")))
        .agg(pl.col("orders", "net").sum())
    )
    return people, months


def cells(people: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """A row of counts for each `value` of people and month since the first purchase."""
    at, customers, net = pl.col("period_number"), pl.col("customers"), pl.col("net")
    over, back = pl.col("over") > at, pl.col("again") <= at
    spine = (
        people.group_by("value")
        .agg(pl.col("last").max())
        .select("value", period_number=pl.int_ranges(0, pl.col("last") + 1))
        .explode("period_number")
    )
    alike = people.group_by("value", "over", "again").agg(customers=pl.len())
    counted = (
        spine.join(alike, on="value")
        .group_by(CELL)
        .agg(
            cohort_size=customers.sum(),
            eligible_customers=customers.filter(over).sum(),
            repurchasers_to_date=customers.filter(back).sum(),
            eligible_repurchasers=customers.filter(back & over).sum(),
        )
    )
    months = months.join(people.select("customer_key", "value"), on="customer_key")
    buys = pl.col("orders") > 0
    active = months.group_by("value", period_number="at").agg(
        active_customers=buys.sum(),
        eligible_active_customers=(buys & (pl.col("over") > pl.col("at"))).sum(),
        orders=pl.col("orders").sum(),
        net_amount=net.sum(),
    )
    earned = (
        spine.join(months.group_by("value", "over", "at").agg(net.sum()), on="value")
        .filter(pl.col("at") <= at)
        .group_by(CELL)
        .agg(
            cumulative_net_amount=net.sum(),
            eligible_cumulative_net_amount=net.filter(over).sum(),
        )
    )
    return (
        counted.join(active, on=CELL, how="left")
        .join(earned, on=CELL, how="left")
        .with_columns(pl.exclude(CELL).fill_null(0).cast(pl.Int64))
    )


def by_first_attribute(shop: Shop) -> pl.DataFrame:
    people, months = members(shop)
    # everybody first, under no attribute
    everybody = people.select("customer_key", value=pl.lit("all"))
    counted = pl.concat(
        cells(people.join(labels, on="customer_key"), months).with_columns(
            attribute=pl.lit(attribute, pl.String)
        )
        for attribute, labels in {None: everybody, **shop.attributes}.items()
    )
    eligible = pl.col("eligible_customers")
    counted = shop.stamp(counted).with_columns(
        cumulative_ltv=pl.when(eligible > 0).then(
            round_div(pl.col("eligible_cumulative_net_amount"), eligible)
        ),
        is_mature=eligible == pl.col("cohort_size"),
    )
    counted = counted.with_columns(
        *rate(
            "eligible_active_customers",
            "eligible_customers",
            "retention_rate",
            "retention_ci",
        ),
        *rate(
            "eligible_repurchasers",
            "eligible_customers",
            "cumulative_repurchase_rate",
            "cumulative_repurchase_ci",
        ),
    )
    everybody = counted.filter(pl.col("attribute").is_null()).select(
        "period_number",
        all_retention="retention_rate",
        all_repurchase="cumulative_repurchase_rate",
        all_ltv="cumulative_ltv",
    )
    return (
        counted.filter(pl.col("attribute").is_not_null())
        .join(everybody, on="period_number")
        .with_columns(
            retention_difference=pl.col("retention_rate") - pl.col("all_retention"),
            cumulative_repurchase_difference=pl.col("cumulative_repurchase_rate")
            - pl.col("all_repurchase"),
            cumulative_ltv_difference=pl.col("cumulative_ltv") - pl.col("all_ltv"),
        )
    )
