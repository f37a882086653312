"""The core marts of a clean shop with pandas: core_marts_pandas.py SHOP OUT.

SHOP is a folder of Parquet files as the shop sends them, all text; OUT gets a Parquet
file per mart. Money is held in cents. What it counts on: see core_marts.sql.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

SEEDS = Path(__file__).resolve().parent.parent / "seeds" / "rules"
RATE_UNIT = 10**8
Z2 = 3.8414588206941285  # 95 % point of chi-square(1)
TYPES = ["week", "month", "quarter", "30_days"]
DAY = np.timedelta64(1, "D")
TEXT = "string[pyarrow]"


def read(shop: Path, entity: str, columns: list[str]) -> pd.DataFrame:
    files = sorted(shop.glob(f"{entity}-*.parquet"))
    parts = (
        pd.read_parquet(file, columns=columns, dtype_backend="pyarrow")
        for file in files
    )
    return pd.concat(parts, ignore_index=True).astype(TEXT)


def newest(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """One row per key, the newest."""
    ordered = frame.sort_values("updated_at", ascending=False)
    return ordered.drop_duplicates(key).drop(columns="updated_at")


def cents(text: pd.Series) -> np.ndarray:
    """Cents of amounts with two decimals; -1 where there is none."""
    plain = text.str.replace(".", "", regex=False).fillna("-1")
    return plain.astype("int64[pyarrow]").to_numpy(dtype=np.int64)


def local_time(text: pd.Series) -> np.ndarray:
    time = pd.to_datetime(text.str.slice(0, 19), format="%Y-%m-%dT%H:%M:%S").to_numpy()
    hours = np.where(text.str.endswith("Z"), 8, 0).astype("timedelta64[h]")
    return time.astype("datetime64[s]") + hours


def key(frame: pd.DataFrame, name: str) -> np.ndarray:
    shops = pd.util.hash_array(frame["shop_id"].to_numpy(dtype=object), categorize=True)
    ids = pd.util.hash_array(frame[name].to_numpy(dtype=object), categorize=False)
    return (shops ^ ids).view(np.int64)


def divided(numerator, denominator):
    """Half away from zero, of integers that are not negative; 0 by 0."""
    safe = np.maximum(denominator, 1)
    return np.where(denominator > 0, (2 * numerator + safe) // (2 * safe), 0)


def converted(amount, rate):
    return np.where(rate < 0, amount, divided(amount * np.maximum(rate, 0), RATE_UNIT))


def month_number(date) -> np.ndarray:
    """Months since 1970 of dates."""
    return date.astype("datetime64[M]").astype(np.int64)


def period(kind: str, date) -> np.ndarray:
    """The number of the week, month or quarter that holds a date."""
    if kind == "week":
        return (date.astype("datetime64[D]").astype(np.int64) - 4) // 7
    return month_number(date) // (1 if kind == "month" else 3)


def period_start(kind: str, date) -> np.ndarray:
    if kind == "week":
        days = period("week", date) * 7 + 4
        return days.astype("datetime64[D]").astype("datetime64[s]")
    months = period("quarter", date) * 3 if kind == "quarter" else month_number(date)
    return months.astype("datetime64[M]").astype("datetime64[s]")


def whole_days(interval) -> np.ndarray:
    return interval.astype("timedelta64[D]").astype(np.int64)


def wilson(successes, trials, side):
    p = successes / trials
    width = np.sqrt(Z2 * (p * (1 - p) / trials + Z2 / (4.0 * trials * trials)))
    return (p + Z2 / (2 * trials) + side * width) / (1 + Z2 / trials)


def positive(numbers: pd.Series) -> pd.Series:
    return numbers.where(numbers > 0)


def filled(opens: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Every value as it stood where its group, marked by its first row, opened."""
    first = np.flatnonzero(opens)
    return np.repeat(values[first], np.diff(np.r_[first, opens.size]))


def opening(keys: np.ndarray) -> np.ndarray:
    """True on the first row of each run of equal keys."""
    return np.r_[True, keys[1:] != keys[:-1]] if keys.size else np.zeros(0, bool)


def daily_rates(end) -> pd.DataFrame:
    """The rate of every currency and day."""
    rates = pd.read_csv(SEEDS / "exchange_rates.csv", parse_dates=["rate_date"])
    rates = rates.sort_values(["currency", "rate_date"])
    after = rates.groupby("currency")["rate_date"].shift(-1).fillna(end + DAY)
    spans = [
        pd.date_range(begin, stop, inclusive="left")
        for begin, stop in zip(rates["rate_date"], after, strict=True)
    ]
    rates["rate"] = (rates["rate"] * RATE_UNIT).round().astype(np.int64)
    rates["order_date"] = spans
    found = rates.explode("order_date")[["currency", "order_date", "rate"]]
    return found.dropna().astype({"order_date": "datetime64[s]"})


def orders_and_end(shop: Path):
    """fct_orders sorted by customer and time, and the day of the last order."""
    rules = pd.read_csv(SEEDS / "order_status_rules.csv")
    is_good = (rules["connector"] == "standard") & rules["is_valid"]
    is_good &= ~rules["is_refunded"] & ~rules["is_test"]
    columns = ["shop_id", "order_id", "customer_id", "currency", "channel"]
    columns += ["coupon_code", "status", "ordered_at", "gross_amount"]
    columns += ["discount_amount", "updated_at"]
    orders = newest(read(shop, "orders", columns), ["shop_id", "order_id"])
    local_at = local_time(orders["ordered_at"])
    orders["order_date"] = local_at.astype("datetime64[D]").astype("datetime64[s]")
    orders["ordered_at"] = local_at - np.timedelta64(8, "h")
    orders["gross"] = cents(orders.pop("gross_amount"))
    orders["discount"] = np.maximum(cents(orders.pop("discount_amount")), 0)
    orders["status"] = orders["status"].str.lower().str.replace(" ", "_", regex=False)
    orders["order_key"] = key(orders, "order_id")
    end = orders["order_date"].max()
    orders = orders.merge(daily_rates(end), on=["currency", "order_date"], how="left")
    rate = orders.pop("rate").fillna(-1).to_numpy(dtype=np.int64)
    orders["rate"] = rate

    columns = ["shop_id", "refund_id", "order_id", "refund_amount", "updated_at"]
    refunds = newest(read(shop, "refunds", columns), ["shop_id", "refund_id"])
    refunds["order_key"] = key(refunds, "order_id")
    refunds["refund"] = cents(refunds["refund_amount"])
    refunds = refunds[["order_key", "refund"]].merge(orders[["order_key", "rate"]])
    refunds["refund_amount"] = converted(refunds["refund"], refunds["rate"])
    refunds = refunds.groupby("order_key", as_index=False)[
        ["refund", "refund_amount"]
    ].sum()

    orders = orders[orders["status"].isin(rules.loc[is_good, "status"])]
    orders = orders.merge(refunds, on="order_key", how="left")
    back = orders.pop("refund").fillna(-1)
    is_purchase = (back < 0) | (back < orders["gross"] - orders["discount"])
    orders = orders[is_purchase].copy()
    rate = orders.pop("rate").to_numpy()
    orders["gross_amount"] = converted(orders.pop("gross").to_numpy(), rate)
    orders["discount_amount"] = converted(orders.pop("discount").to_numpy(), rate)
    orders["refund_amount"] = orders["refund_amount"].fillna(0).astype(np.int64)
    orders["customer_key"] = key(orders, "customer_id")
    sorted_by = np.lexsort((orders["ordered_at"], orders["customer_key"]))
    orders = orders.iloc[sorted_by].reset_index(drop=True)

    # Sorted by customer and time, what windows would give are differences of rows.
    number = np.arange(len(orders))
    date = orders["order_date"].to_numpy()
    is_first = opening(orders["customer_key"].to_numpy())
    is_day = is_first | np.r_[True, date[1:] != date[:-1]]
    day_number = np.cumsum(is_day)
    before = np.r_[date[:1], date[:-1]]
    orders["connector"] = "standard"
    orders["is_guest"] = False
    orders["is_day"] = is_day
    orders["order_number"] = number - filled(is_first, number) + 1
    orders["purchase_number"] = day_number - filled(is_first, day_number) + 1
    orders["is_first_order"] = is_first
    orders["is_repeat_order"] = ~is_first
    orders["is_discounted"] = orders["discount_amount"] > 0
    gap = whole_days(date - filled(is_day, before)).astype(float)
    gap[orders["purchase_number"] == 1] = np.nan
    orders["days_since_previous_purchase"] = gap
    orders["days_since_first_purchase"] = whole_days(date - filled(is_first, date))
    orders["net_amount"] = (
        orders["gross_amount"] - orders["discount_amount"] - orders["refund_amount"]
    )
    return orders, end


def order_items(shop: Path, orders: pd.DataFrame) -> pd.DataFrame:
    """fct_order_items: amounts of orders shared out, differences of running shares."""
    columns = ["shop_id", "order_id", "line_number", "product_id", "quantity"]
    columns += ["unit_price", "discount_amount"]
    lines = read(shop, "order_items", columns)
    lines["order_key"] = key(lines, "order_id")
    lines["line_number"] = (
        lines["line_number"].astype("int64[pyarrow]").astype(np.int64)
    )
    lines["quantity"] = lines["quantity"].astype("int64[pyarrow]").astype(np.int64)
    lines["unit_price"] = cents(lines["unit_price"])
    lines["off"] = cents(lines.pop("discount_amount"))
    lines["gross"] = lines["quantity"] * lines["unit_price"]
    lines = lines.drop(columns=["shop_id", "order_id"])
    amounts = ["gross_amount", "discount_amount", "refund_amount"]
    of_order = orders[["order_key", "currency", *amounts]]
    lines = lines.merge(of_order, on="order_key")
    is_plain = (lines["discount_amount"] == 0) & (lines["refund_amount"] == 0)
    is_plain &= (lines.pop("currency") == "CNY").to_numpy(dtype=bool)
    plain = lines[is_plain].drop(columns=["off", "gross_amount"])
    plain = plain.rename(columns={"gross": "gross_amount"})

    odd = lines[~is_plain].sort_values(["order_key", "line_number"])
    opens = opening(odd["order_key"].to_numpy())
    closes = np.r_[opens[1:], True][: opens.size]
    gross, off = odd.pop("gross").to_numpy(), odd.pop("off").to_numpy()

    def running(values):
        """The sums of an order's lines up to each, and of them all."""
        total = np.cumsum(values)
        so_far = total - filled(opens, total - values)
        sizes = np.diff(np.r_[np.flatnonzero(opens), opens.size])
        return so_far, np.repeat(so_far[closes], sizes)

    weight = np.where(off < 0, gross, off)
    gross_to, whole_gross = running(gross)
    weight_to, whole_weight = running(weight)
    total, discount, refund = (odd[name].to_numpy() for name in amounts)

    def shares(gross_now, weight_now):
        gross_share = divided(total * gross_now, whole_gross)
        discount_share = divided(discount * weight_now, whole_weight)
        paid = divided(refund * (gross_share - discount_share), total - discount)
        return gross_share, discount_share, paid

    now, before = (
        shares(gross_to, weight_to),
        shares(gross_to - gross, weight_to - weight),
    )
    for name, upto, until in zip(amounts, now, before, strict=True):
        odd[name] = upto - until
    items = pd.concat([plain, odd], ignore_index=True)
    items["net_amount"] = (
        items["gross_amount"] - items["discount_amount"] - items["refund_amount"]
    )
    return items


def customers(shop, orders: pd.DataFrame, items: pd.DataFrame, end) -> pd.DataFrame:
    """fct_customers."""
    products = read(
        shop, "products", ["shop_id", "product_id", "category", "updated_at"]
    )
    products = newest(products, ["shop_id", "product_id"])
    is_first = orders["is_first_order"].to_numpy()
    starts = np.flatnonzero(is_first)
    ends = np.r_[starts[1:], len(orders)] - 1
    firsts = orders.iloc[starts]
    dates = orders["order_date"].to_numpy()
    seconds = orders[(orders["purchase_number"] == 2) & orders["is_day"]]
    found = pd.DataFrame(
        {
            "customer_key": firsts["customer_key"].to_numpy(),
            "customer_id": firsts["customer_id"].array,
            "shop_id": firsts["shop_id"].array,
            "order_key": firsts["order_key"].to_numpy(),
            "first_purchase_date": dates[starts],
            "last_purchase_date": dates[ends],
            "order_count": ends - starts + 1,
            "purchase_count": orders["purchase_number"].to_numpy()[ends],
            "first_channel": firsts["channel"].array,
            "first_order_was_discounted": firsts["is_discounted"].to_numpy(),
        }
    )
    for name in ("gross_amount", "refund_amount", "net_amount"):
        found[name] = np.add.reduceat(orders[name].to_numpy(), starts)
    second = seconds.set_index("customer_key")["order_date"]
    found["second_purchase_date"] = found["customer_key"].map(second)
    # The dearest line, the first one of equals.
    leading = items[items["order_key"].isin(found["order_key"])]
    leading = leading.sort_values(
        ["net_amount", "line_number"], ascending=[False, True]
    )
    leading = leading.drop_duplicates("order_key")[["order_key", "product_id"]]
    found = found.merge(leading, on="order_key", how="left")
    found = found.merge(products, on=["shop_id", "product_id"], how="left")
    found = found.rename(
        columns={"product_id": "first_product_id", "category": "first_category"}
    )
    first = found["first_purchase_date"].to_numpy()
    found["cohort_month"] = period_start("month", first)
    found["average_order_value"] = divided(found["net_amount"], found["order_count"])
    end = end.to_numpy()
    found["tenure_days"] = whole_days(end - first)
    found["recency_days"] = whole_days(end - found["last_purchase_date"].to_numpy())
    found["is_left_censored"] = first < first.min() + 180 * DAY
    return found.drop(columns=["order_key", "shop_id"])


def fifths(values: pd.Series) -> list:
    """The smallest value with a fifth, two, three and four fifths at or below it."""
    ordered = np.sort(values.to_numpy())
    return [ordered[-(-ordered.size * k // 5) - 1] for k in (1, 2, 3, 4)]


def rfm(customers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """rfm_scores, rfm_segments and rfm_thresholds."""
    cuts = {
        "recency": fifths(customers["recency_days"]),
        "frequency": [1, 2, 3, 5],
        "monetary": fifths(customers["net_amount"]),
    }
    scores = pd.DataFrame(
        {
            "customer_key": customers["customer_key"],
            "recency_days": customers["recency_days"],
            "frequency": customers["purchase_count"],
            "monetary": customers["net_amount"],
        }
    )
    measured = {
        "recency": "recency_days",
        "frequency": "frequency",
        "monetary": "monetary",
    }
    for dimension, column in measured.items():
        above = np.searchsorted(cuts[dimension], scores[column], side="left")
        score = 5 - above if dimension == "recency" else 1 + above
        scores[f"{dimension[0]}_score"] = score
    r, f, m = (scores[f"{one}_score"] for one in "rfm")
    scores["rfm_cell"] = (r * 100 + f * 10 + m).astype(str)
    rules = pd.read_csv(SEEDS / "rfm_segment_rules.csv")
    names = pd.read_csv(SEEDS / "rfm_segment_names.csv")[
        ["rfm_segment", "segment_rank"]
    ]
    scores = scores.merge(rules, on=["r_score", "f_score"]).merge(
        names, on="rfm_segment"
    )
    scores = scores.astype({"rfm_segment": "category"})
    orders = customers.set_index("customer_key")["order_count"]
    by_segment = (
        scores.assign(orders=scores["customer_key"].map(orders))
        .groupby("rfm_segment", observed=True)
        .agg(
            customers=("customer_key", "size"),
            orders=("orders", "sum"),
            net_amount=("monetary", "sum"),
            average_recency_days=("recency_days", "mean"),
            average_frequency=("frequency", "mean"),
        )
    )
    segments = names.merge(
        by_segment, left_on="rfm_segment", right_index=True, how="left"
    )
    whole = ["customers", "net_amount", "orders"]
    segments[whole] = segments[whole].fillna(0).astype(np.int64)
    segments["customer_share"] = segments["customers"] / segments["customers"].sum()
    segments["revenue_share"] = segments["net_amount"] / segments["net_amount"].sum()
    value = pd.Series(
        divided(segments["net_amount"], segments["orders"]), dtype="Int64"
    )
    segments["average_order_value"] = value.where(segments["orders"] > 0)
    thresholds = []
    for dimension, limits in cuts.items():
        counted = scores[f"{dimension[0]}_score"].value_counts()
        unit = 100 if dimension == "monetary" else 1
        bounds = [None, *(limit / unit for limit in limits), None]
        for band in range(5):
            score = 5 - band if dimension == "recency" else band + 1
            row = (dimension, score, bounds[band], bounds[band + 1])
            thresholds.append((*row, counted.get(score, 0)))
    columns = ["dimension", "score", "lower_bound", "upper_bound", "customers"]
    return {
        "rfm_scores": scores,
        "rfm_segments": segments,
        "rfm_thresholds": pd.DataFrame(thresholds, columns=columns),
    }


def cohort_days(orders: pd.DataFrame) -> pd.DataFrame:
    """Counts by day of the first and day of a purchase."""
    day = orders["order_date"].to_numpy()
    age = orders["days_since_first_purchase"].to_numpy()
    gap = orders["days_since_previous_purchase"].fillna(0).to_numpy(dtype=np.int64)
    is_day = orders["is_day"].to_numpy()
    number = orders["purchase_number"].to_numpy()
    is_new = is_day & (number == 1)
    previous = day - gap * DAY
    columns = {
        "first_day": day - age * DAY,
        "day": day,
        "orders": 1,
        "net_amount": orders["net_amount"].to_numpy(),
        "customers": is_new,
        "repurchasers": is_day & (number == 2),
        "30_days": is_new | (is_day & ((age - gap) // 30 < age // 30)),
    }
    for kind in ("week", "month", "quarter"):
        starts = period(kind, previous) < period(kind, day)
        columns[kind] = is_new | (is_day & starts)
    frame = pd.DataFrame(columns)
    return frame.groupby(["first_day", "day"], as_index=False).sum()


def cohort_retention(orders: pd.DataFrame, end) -> pd.DataFrame:
    """cohort_retention, of all four types of periods."""
    counted = cohort_days(orders)
    end = np.array([end.to_numpy()])
    parts = []

    def number(kind, first, later):
        if kind == "30_days":
            return whole_days(later - first) // 30
        return period(kind, later) - period(kind, first)

    for kind in TYPES:
        first, day = counted["first_day"].to_numpy(), counted["day"].to_numpy()
        values = ["active", "orders", "net_amount", "repurchasers"]
        events = (
            counted.assign(period_number=number(kind, first, day), active=counted[kind])
            .groupby(["first_day", "period_number"], as_index=False)[values]
            .sum()
        )
        born = counted.loc[first == day, ["first_day", "customers"]].copy()
        first = born["first_day"].to_numpy()
        born["cohort_start"] = period_start(
            "month" if kind == "30_days" else kind, first
        )
        born["periods_over"] = number(kind, first, end + DAY)
        sizes = number(kind, first, end) + 1
        spine = born.loc[born.index.repeat(sizes)].copy()
        opens = np.repeat(np.cumsum(sizes) - sizes, sizes)
        spine["period_number"] = np.arange(len(spine)) - opens
        cells = spine.merge(events, on=["first_day", "period_number"], how="left")
        cells[values] = cells[values].fillna(0).astype(np.int64)
        cells["to_date"] = cells.groupby("first_day")["repurchasers"].cumsum()
        is_over = cells["period_number"] < cells["periods_over"]
        cells["eligible_customers"] = cells["customers"] * is_over
        cells["eligible_active"] = cells["active"] * is_over
        cells["eligible_repurchasers"] = cells["to_date"] * is_over
        cells["period_type"] = kind
        parts.append(
            cells.groupby(
                ["period_type", "cohort_start", "period_number"], as_index=False
            )[
                ["customers", "eligible_customers", "eligible_active"]
                + ["eligible_repurchasers", *values]
            ].sum()
        )
    found = pd.concat(parts, ignore_index=True)
    found = found.rename(columns={"active": "active_customers"})
    cohorts = found.groupby(["period_type", "cohort_start"])
    found["cohort_size"] = cohorts["customers"].transform("first")
    found["repurchasers_to_date"] = cohorts["repurchasers"].cumsum()
    found["cumulative_net_amount"] = cohorts["net_amount"].cumsum()
    eligible = positive(found["eligible_customers"])
    found["retention_rate"] = found["eligible_active"] / eligible
    found["cumulative_repurchase_rate"] = found["eligible_repurchasers"] / eligible
    found["is_mature"] = found["eligible_customers"] == found["cohort_size"]
    ltv = divided(found["cumulative_net_amount"], found["cohort_size"])
    found["cumulative_ltv"] = pd.Series(ltv, dtype="Int64").where(found["is_mature"])
    return found


def repurchase_rates(customers: pd.DataFrame, end) -> pd.DataFrame:
    """repurchase_rates, by month of the first purchase and of all."""
    first = customers["first_purchase_date"].to_numpy()
    gap = (customers["second_purchase_date"] - customers["first_purchase_date"]).dt.days
    month = period_start("month", first)
    parts = []
    for window in (30, 60, 90, 180, 365):
        is_over = first + window * DAY <= end.to_numpy()
        frame = pd.DataFrame(
            {
                "cohort_start": month,
                "customers": 1,
                "eligible_customers": is_over.astype(np.int64),
                "repurchasers": (is_over & (gap <= window)).astype(np.int64),
            }
        )
        by_month = frame.groupby("cohort_start", as_index=False).sum()
        everyone = by_month.drop(columns="cohort_start").sum().to_frame().T
        parts.append(pd.concat([by_month, everyone]).assign(window_days=window))
    found = pd.concat(parts, ignore_index=True)
    eligible = positive(found["eligible_customers"])
    found["repurchase_rate"] = found["repurchasers"] / eligible
    found["ci_low"] = wilson(found["repurchasers"], eligible, -1)
    found["ci_high"] = wilson(found["repurchasers"], eligible, 1)
    found["is_mature"] = found["eligible_customers"] == found["customers"]
    return found


def purchase_cycles(orders: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """purchase_cycles: own medians drawn towards those of the first category."""
    category = customers["first_category"].fillna("(none)").astype("category")
    sizes = category.map(category.value_counts()).astype(np.int64)
    is_rare = (sizes < 20) & customers["first_category"].notna()
    people = customers[
        ["customer_key", "recency_days", "last_purchase_date", "purchase_count"]
    ].assign(category=category.astype(object).mask(is_rare, "(other)"))
    people["category"] = people["category"].astype("category")
    count = people["purchase_count"].to_numpy()
    # Orders and customers are in the sequence of their keys.
    is_gap = orders["is_day"].to_numpy() & (orders["purchase_number"].to_numpy() > 1)
    is_gap &= np.repeat(count, customers["order_count"]) > 2
    gap = orders["days_since_previous_purchase"].to_numpy()[is_gap].astype(np.int64)
    is_regular = count > 2
    sizes = count[is_regular] - 1
    regular = np.flatnonzero(is_regular)
    owner = np.repeat(np.arange(sizes.size), sizes)
    starts = np.cumsum(sizes) - sizes
    ordered = gap[np.lexsort((gap, owner))]
    own_median = (ordered[starts + (sizes - 1) // 2] + ordered[starts + sizes // 2]) / 2
    total = np.add.reduceat(gap, starts) if sizes.size else gap
    squares = np.add.reduceat(gap * gap, starts) if sizes.size else gap
    labels = people["category"].to_numpy()[regular][owner]

    def middle(values):
        return np.sort(values)[(len(values) + 1) // 2 - 1]

    by_category = pd.Series(gap).groupby(labels)
    usual = by_category.agg(lambda values: middle(values.to_numpy()))
    usual = usual[by_category.size() >= 30]
    expected = people["category"].iloc[regular].astype(object).map(usual)
    expected = expected.fillna(middle(gap) if gap.size else 0).to_numpy()
    cycle = (sizes * own_median + 3 * expected) / (sizes + 3)
    spread = np.sqrt((sizes * squares - total * total) / (sizes - 1) * sizes)
    found = pd.DataFrame(
        {
            "median_gap_days": own_median,
            "mean_gap_days": total / sizes,
            "gap_cv": spread / total,
            "cycle_days": cycle,
        },
        index=people.index[regular],
    ).reindex(people.index)
    found.insert(0, "customer_key", people["customer_key"])
    found["gaps"] = people["purchase_count"] - 1
    ahead = pd.to_timedelta(np.floor(found["cycle_days"] + 0.5), unit="D")
    found["expected_next_purchase_date"] = people["last_purchase_date"] + ahead
    found["overdue_ratio"] = people["recency_days"] / found["cycle_days"]
    return found


def kind_of(gap: np.ndarray) -> np.ndarray:
    return np.select([np.isnan(gap), gap > 180], ["new", "reactivated"], "active")


def state(silence: np.ndarray, kind: np.ndarray) -> np.ndarray:
    limits = [silence <= 90, silence <= 180, silence <= 365]
    return np.select(limits, [kind, "at_risk", "lapsed"], "lost")


def life_cycle(orders, customers, cycles, end) -> dict[str, pd.DataFrame]:
    """customer_lifecycle and lifecycle_transitions."""
    keys = orders["customer_key"].to_numpy()
    gap = orders["days_since_previous_purchase"].to_numpy()
    closes = np.r_[opening(keys)[1:], True]
    silence = customers["recency_days"].to_numpy()
    last_gap = gap[closes]
    is_overdue = pd.Series(silence > 3 * cycles["cycle_days"], dtype="boolean")
    now = pd.DataFrame(
        {
            "customer_key": customers["customer_key"],
            "lifecycle_state": state(silence, kind_of(last_gap)),
            "previous_gap_days": last_gap,
            "recency_days": silence,
            "is_churned_fixed": silence > 180,
            "is_churned_cycle": is_overdue.where(cycles["cycle_days"].notna()),
        }
    ).astype({"lifecycle_state": "category"})

    day = orders["order_date"].to_numpy()
    month = month_number(day)
    is_last = closes | np.r_[month[1:] != month[:-1], True]
    keys, day, month = keys[is_last], day[is_last], month[is_last]
    kinds = ["new", "reactivated", "active", ""]
    code = np.select([np.isnan(gap), gap > 180], [0, 1], 2)[is_last]
    starts, stops = opening(keys), np.r_[opening(keys)[1:], True]
    after_end = int(month_number(np.array([end.to_numpy() + DAY]))[0])
    runs = pd.DataFrame(
        {
            "month": month,
            "day": day,
            "kind": code,
            "next_month": np.where(stops, -1, np.r_[month[1:], -1]),
            "next_kind": np.where(stops, 3, np.r_[code[1:], 3]),
            "is_first": starts,
        }
    )
    runs = runs.value_counts().rename("customers").reset_index()
    until = np.where(runs["next_month"] < 0, after_end, runs["next_month"])
    sizes = np.maximum(until - runs["month"], 0)
    ends = runs.loc[runs.index.repeat(sizes)].reset_index(drop=True)
    opens = np.repeat(np.cumsum(sizes) - sizes, sizes).to_numpy()
    ends["at"] = ends["month"].to_numpy() + np.arange(len(ends)) - opens
    kind = np.array(kinds)[ends["kind"]]
    at = ends["at"].to_numpy()
    day = ends["day"].to_numpy()

    def state_at_end_of(months):
        last = (months + 1).astype("datetime64[M]").astype("datetime64[D]") - DAY
        return state(whole_days(last - day.astype("datetime64[D]")), kind)

    ends["state"], ends["before"] = state_at_end_of(at), state_at_end_of(at - 1)
    ends["next"] = np.array(kinds)[ends["next_kind"]]
    entered = ends[ends["is_first"] & (ends["at"] == ends["month"])]
    stayed = ends[ends["at"] > ends["month"]]
    bought = ends[ends["at"] + 1 == ends["next_month"]]
    moves = pd.concat(
        pd.DataFrame(
            {
                "at": at,
                "from_state": from_state,
                "to_state": to_state,
                "customers": count,
            }
        )
        for at, from_state, to_state, count in (
            (entered["at"], "none", entered["state"], entered["customers"]),
            (stayed["at"], stayed["before"], stayed["state"], stayed["customers"]),
            (bought["at"] + 1, bought["state"], bought["next"], bought["customers"]),
        )
    )
    moves = moves[moves["at"] < after_end]
    moves["month_start"] = (
        moves.pop("at").to_numpy().astype("datetime64[M]").astype("datetime64[s]")
    )
    by = ["month_start", "from_state", "to_state"]
    transitions = moves.groupby(by, as_index=False)["customers"].sum()
    return {"customer_lifecycle": now, "lifecycle_transitions": transitions}


def main(shop: Path, out: Path) -> None:
    out.mkdir(parents=True)
    orders, end = orders_and_end(shop)
    orders.drop(columns="is_day").to_parquet(out / "fct_orders.parquet")
    items = order_items(shop, orders)
    items.to_parquet(out / "fct_order_items.parquet")
    people = customers(shop, orders, items, end)
    del items
    people.to_parquet(out / "fct_customers.parquet")
    cycles = purchase_cycles(orders, people)
    marts = {
        **rfm(people),
        "cohort_retention": cohort_retention(orders, end),
        "repurchase_rates": repurchase_rates(people, end),
        "purchase_cycles": cycles,
        **life_cycle(orders, people, cycles, end),
    }
    for name, frame in marts.items():
        frame.to_parquet(out / f"{name}.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
