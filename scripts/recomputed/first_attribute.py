"""Cohorts pooled by an attribute of the first order (decision 13)."""

import numpy as np
import polars as pl
from recomputed.parts import period, rate
from recomputed.shop import Shop, round_half_away

ALL = (None, None)


class Members:
    """Customers as arrays: whole months so far, month of the second purchase."""

    def __init__(self, shop: Shop):
        def number(day):
            return period(day, "month") - period(pl.col("first_purchase_date"), "month")

        as_of = pl.lit(shop.as_of, pl.Date)
        people = shop.customers.select(
            "customer_key",
            "first_purchase_date",
            over=number(as_of + pl.duration(days=1)),
            last=number(as_of),
            again=number(pl.col("second_purchase_date")).fill_null(10**6),
        )
        self.place = {key: i for i, key in enumerate(people["customer_key"])}
        self.over, self.last, self.again = (
            people[name].to_numpy() for name in ("over", "last", "again")
        )
        bought = shop.known.join(people, on="customer_key").select(
            "customer_key",
            at=number(pl.col("order_date")),
            orders=pl.lit(1, pl.Int64),
            net="net_amount",
        )
        returned = shop.booked.join(people, on="customer_key").select(
            "customer_key",
            at=number(pl.col("booked_date")),
            orders=pl.lit(0, pl.Int64),
            net=-pl.col("refund_amount"),
        )
        events = pl.concat([bought, returned], how="vertical_relaxed")
        self.who = np.array([self.place[k] for k in events["customer_key"]], dtype=int)
        self.at, self.orders, self.net = (
            events[name].to_numpy() for name in ("at", "orders", "net")
        )

    def cells(self, customers) -> list[tuple]:
        """One row of counts for each month since the first purchase."""
        inside = np.zeros(len(self.over), dtype=bool)
        inside[[self.place[customer] for customer in customers]] = True
        own = inside[self.who]
        who, at = self.who[own], self.at[own]
        orders, net = self.orders[own], self.net[own]
        rows = []
        for number in range(int(self.last[inside].max()) + 1):
            over = inside & (self.over > number)
            back = inside & (self.again <= number)
            here = at == number
            active = np.unique(who[here & (orders > 0)])
            earned = net[(at <= number) & over[who]].sum()
            eligible = int(over.sum())
            rows.append(
                (
                    number,
                    int(inside.sum()),
                    eligible,
                    len(active),
                    int(over[active].sum()),
                    int(orders[here].sum()),
                    int(net[here].sum()),
                    int(back.sum()),
                    int((back & over).sum()),
                    int(net[at <= number].sum()),
                    int(earned),
                    round_half_away(int(earned), eligible),
                    eligible == int(inside.sum()),
                )
            )
        return rows


def by_first_attribute(shop: Shop) -> pl.DataFrame:
    names = (
        "attribute value period_number cohort_size eligible_customers active_customers "
        "eligible_active_customers orders net_amount repurchasers_to_date "
        "eligible_repurchasers cumulative_net_amount eligible_cumulative_net_amount "
        "cumulative_ltv is_mature"
    )
    rows = []
    if len(shop.customers):
        members = Members(shop)
        rows = [(*ALL, *row) for row in members.cells(members.place)]
        for attribute, labels in shop.attributes.items():
            groups: dict[str, list[int]] = {}
            for customer, value in labels.items():
                groups.setdefault(value, []).append(customer)
            for value, customers in groups.items():
                rows.extend((attribute, value, *r) for r in members.cells(customers))
    texts = {"attribute": pl.String, "value": pl.String, "is_mature": pl.Boolean}
    counted = shop.rows(names, rows, **texts).with_columns(
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
