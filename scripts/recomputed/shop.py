"""What all chapters start from: the facts, purchase days, first attributes."""

import datetime
from dataclasses import dataclass
from functools import cached_property

import polars as pl
from recomputed.parts import convert, days, period
from recomputed.rows import accepted


@dataclass
class Shop:
    """The facts of one shop as of a day, with the vars and rule seeds."""

    facts: pl.DataFrame
    items: pl.DataFrame
    products: pl.DataFrame
    refunds: pl.DataFrame
    customers: pl.DataFrame
    as_of: datetime.date | None
    observed: datetime.date | None
    first_day: datetime.date | None
    v: dict
    rules: dict
    decided: dict

    @cached_property
    def booked(self) -> pl.DataFrame:
        """Refunds without an order that count on a customer."""
        return self.refunds.filter(pl.col("refund_of") == "customer")

    @cached_property
    def known(self) -> pl.DataFrame:
        """Orders of customers."""
        return self.facts.filter(~pl.col("is_guest"))

    @cached_property
    def visits(self) -> pl.DataFrame:
        """Purchase days, with the days to the next one or, as yet, to the end."""
        here = "customer_key"
        day = pl.col("day")
        last = pl.lit(self.as_of, pl.Date)
        return (
            self.known.group_by(here, day="order_date")
            .agg(orders=pl.len(), net=pl.col("net_amount").sum())
            .sort(here, "day")
            .with_columns(
                number=pl.int_range(1, pl.len() + 1).over(here),
                previous=day.shift(1).over(here),
                next=day.shift(-1).over(here),
                first=day.min().over(here),
            )
            .with_columns(
                before=days(day, pl.col("previous")),
                wait=days(pl.coalesce("next", last), day),
                closed=pl.col("next").is_not_null(),
            )
        )

    @cached_property
    def claims(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Orders before any refund, `paid` and, converted, `net`; and their refunds."""
        orders = (
            self.decided["taken"]
            .filter(pl.col("is_valid") & ~pl.col("is_refunded") & ~pl.col("is_test"))
            .select(
                *("order_key", "person_key", "order_date"),
                paid=pl.col("gross_amount") - pl.col("discount_amount").fill_null(0),
                net=convert("gross_amount") - convert("discount_amount").fill_null(0),
            )
        )
        refunds = (
            accepted(self.decided["refunds"])
            .drop_nulls("order_key")
            .select(
                "order_key",
                refund_day=pl.coalesce("refund_date", "order_day"),
                own="refund_amount",
                back=convert("refund_amount"),
            )
        )
        return orders, refunds

    @cached_property
    def leading(self) -> pl.DataFrame:
        """Each order's most valuable line: product and category."""
        return leading_items(self.items, self.products)

    @cached_property
    def attributes(self) -> dict[str, pl.DataFrame]:
        """Attribute of the first order to its `value` by customer (decision 13)."""
        first = self.known.filter(pl.col("order_number") == 1).join(
            self.leading, on="order_key", how="left"
        )
        given = {
            "channel": pl.col("channel"),
            "category": pl.col("category"),
            "product": pl.col("product_id"),
            "discount": pl.when("is_discounted").then(pl.lit("discounted")),
            "coupon": pl.col("coupon_code"),
            "country": pl.col("country"),
        }
        few, value = self.v["minimum_group_customers"], pl.col("value")
        labels = {}
        for name, values in given.items():
            own = first.select("customer_key", value=values)
            nothing = "full_price" if name == "discount" else "(none)"
            labels[name] = own.with_columns(
                value=pl.when(value.is_null())
                .then(pl.lit(nothing))
                .when(pl.len().over("value") >= few)
                .then(value)
                .otherwise(pl.lit("(other)"))
            )
            if own["value"].null_count() == len(own):
                labels[name] = own.clear()
        return labels

    @cached_property
    def whole_months(self) -> list[tuple[datetime.date, datetime.date]]:
        """First and last days of the months that are over, from the first purchase."""
        if self.visits.is_empty():
            return []
        start = self.visits["day"].min().replace(day=1)
        months = []
        while True:
            following = (start + datetime.timedelta(days=31)).replace(day=1)
            end = following - datetime.timedelta(days=1)
            if end > self.as_of:
                return months
            months.append((start, end))
            start = following

    def stamp(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(as_of_date=pl.lit(self.as_of, pl.Date))

    def rows(self, names: str, rows, **types) -> pl.DataFrame:
        """Rows (tuples) as a frame; whole numbers where no other type is given."""
        schema = {name: types.get(name, pl.Int64) for name in names.split()}
        return self.stamp(pl.DataFrame(rows, schema=schema, orient="row"))

    def number(self, day: datetime.date, kind: str) -> int:
        """Number of the calendar period that holds a day."""
        return pl.select(period(pl.lit(day), kind)).item()


def leading_items(items: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """The line with the highest net amount of each order, then the lowest number."""
    return (
        items.sort("net_amount", "position", descending=[True, False])
        .unique("order_key", keep="first", maintain_order=True)
        .select("order_key", "product_key", "product_id")
        .join(products.select("product_key", "category"), on="product_key", how="left")
    )


def share_at_most(values: pl.Expr, percent: int) -> pl.Expr:
    """The smallest value with at least that share of the values at or below it."""
    place = (percent * values.len().cast(pl.Int64) + 99) // 100 - 1
    return values.sort().slice(place, 1).first()
