"""What became of the raw rows."""

import polars as pl


def account_rows(decided: dict, orders: pl.DataFrame, entities: dict, rules: dict):
    """Rejected rows by reason, and the reconciliation per connector and entity."""
    names = ["orders", "order_lines", "order_items", "refunds", "products", "customers"]
    keys = ["connector", "entity"]
    ledger = pl.concat(
        decided[name]
        .with_columns(pl.lit(name).alias("entity"))
        .select(*keys, "fate", "reason_code", pl.col("amount").fill_null(0))
        for name in names
    )
    reasons = rules["reason_codes"].select("reason_code", "reason", "reason_zh")
    rejected = (
        ledger.filter(pl.col("fate") == "rejected")
        .group_by(*keys, "reason_code")
        .agg(rows=pl.len())
        .join(reasons, on="reason_code", how="left")
    )

    amount = pl.col("amount")
    fates = {
        fate: pl.col("fate") == fate for fate in ("accepted", "superseded", "rejected")
    }
    excluded = (
        orders.filter(~pl.col("is_purchase"))
        .group_by("connector", entity=pl.lit("orders"))
        .agg(excluded_rows=pl.len(), excluded_amount=pl.col("raw_gross").sum())
    )
    counted = (
        ledger.group_by(keys)
        .agg(
            pl.len().alias("raw_rows"),
            amount.sum().alias("raw_amount"),
            *(holds.sum().alias(f"{fate}_rows") for fate, holds in fates.items()),
            *(
                amount.filter(holds).sum().alias(f"{fate}_amount")
                for fate, holds in fates.items()
            ),
        )
        .join(excluded, on=keys, how="left")
    )
    expected = [
        (connector, entity)
        for connector, has in entities.items()
        for entity in names
        if entity in has
        or entity == "refunds"
        or ("order_lines" in has and entity in ("orders", "order_items"))
    ]
    spine = pl.DataFrame(
        expected, schema={"connector": pl.String, "entity": pl.String}, orient="row"
    )
    reconciliation = spine.join(
        counted, on=keys, how="full", coalesce=True
    ).with_columns(
        pl.exclude(keys).fill_null(0).cast(pl.Int64),
        difference_rows=pl.lit(0, pl.Int64),
        difference_amount=pl.lit(0, pl.Int64),
        as_of_date=pl.lit(decided["as_of"], pl.Date),
    )
    return rejected, reconciliation
