"""What all chapters start from: the facts, purchase days, first attributes."""

import datetime
from dataclasses import dataclass
from functools import cached_property

import polars as pl
from recomputed.parts import days, period


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
    def leading(self) -> pl.DataFrame:
        """Each order's most valuable line: product and category."""
        return leading_items(self.items, self.products)

    @cached_property
    def attributes(self) -> dict[str, dict[int, str]]:
        """Attribute of the first order to its label, by customer (decision 13)."""
        first = self.known.filter(pl.col("order_number") == 1).join(
            self.leading, on="order_key", how="left"
        )
        yes = pl.when("is_discounted").then(pl.lit("discounted"))
        given = {
            "channel": pl.col("channel"),
            "category": pl.col("category"),
            "product": pl.col("product_id"),
            "discount": yes,
            "coupon": pl.col("coupon_code"),
            "country": pl.col("country"),
        }
        labels = {}
        for name, values in given.items():
            pairs = dict(first.select("customer_key", values).iter_rows())
            counts: dict[str, int] = {}
            for value in pairs.values():
                counts[value] = counts.get(value, 0) + 1
            nothing = "full_price" if name == "discount" else "(none)"
            few = self.v["minimum_group_customers"]
            labels[name] = {
                customer: nothing
                if value is None
                else value
                if counts[value] >= few
                else "(other)"
                for customer, value in pairs.items()
            }
            if set(counts) <= {None}:
                labels[name] = {}
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


def share_at_most(values: list[int], percent: int) -> int | None:
    """The smallest value with at least that share of the values at or below it."""
    ordered = sorted(values)
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else None


def round_half_away(number: int, divisor: int) -> int | None:
    """number / divisor (positive), rounded half away from zero."""
    if divisor == 0:
        return None
    size = (2 * abs(number) + divisor) // (2 * divisor)
    return size if number >= 0 else -size
