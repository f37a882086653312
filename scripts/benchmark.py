"""Cost of fitting and scoring predictions in the warehouse and with lifetimes.

Both start from the purchase days of a built database and end with the same numbers for
every customer, in a process each, in turns.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
CHAPTER = ["path:models/intermediate/prediction", "path:models/marts/prediction"]
AHEAD = ["+customer_predictions,path:models/intermediate/prediction"]
AHEAD += ["customer_predictions", "model_parameters"]


def run_dbt(database: Path, selected: list[str]) -> None:
    """Build the models selected, in this database."""
    from dbt.cli.main import dbtRunner

    os.environ["REPURCHASE_BUILD_DATABASE"] = str(database)
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    done = dbtRunner().invoke(["--quiet", "run", *folders, "--select", *selected])
    if not done.success:
        sys.exit(f"dbt did not build {selected}: {done.exception or done.result}")


def run_lifetimes(database: Path) -> None:
    """The same with the library: three models, every customer scored."""
    import lifetimes
    import pandas as pd

    with duckdb.connect(str(database), read_only=True) as con:
        data = con.execute(
            """
            select
                customer_key,
                count(*) - 1 as x,
                (max(purchase_date) - min(purchase_date)) / 7.0 as t_x,
                (any_value(as_of_date) - min(purchase_date)) / 7.0 as age,
                coalesce(avg(net_amount) filter (where purchase_number > 1), 0) as spend
            from intermediate.int_purchases
            cross join intermediate.int_observation
            group by customer_key
            """
        ).df()
    history = data["x"], data["t_x"], data["age"]
    scores = pd.DataFrame({"customer_key": data["customer_key"]})
    for name in ("BetaGeoFitter", "ModifiedBetaGeoFitter"):
        model = getattr(lifetimes, name)().fit(*history)
    spend = lifetimes.GammaGammaFitter()
    repeats = data[(data["x"] > 0) & (data["spend"] > 0)]
    spend.fit(repeats["x"], repeats["spend"])
    scores["probability_alive"] = model.conditional_probability_alive(*history)
    for days in (30, 90, 365):
        expected = model.conditional_expected_number_of_purchases_up_to_time
        scores[f"expected_{days}d"] = expected(days / 7, *history)
    scores["value"] = spend.conditional_expected_average_profit(
        data["x"], data["spend"].clip(lower=0)
    )
    scores["clv"] = spend.customer_lifetime_value(
        model, *history, data["spend"].clip(lower=0), time=12, freq="W"
    )
    file = database.with_suffix(".lifetimes.parquet")
    duckdb.sql(f"copy (from scores) to '{file}'")


def measure(arguments: list[str]) -> dict:
    """CPU seconds, wall seconds and peak memory in MB of a process."""
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, __file__, *arguments])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{' '.join(arguments)} failed")
    return {
        "CPU s": usage.ru_utime + usage.ru_stime,
        "wall s": time.perf_counter() - start,
        "peak MB": usage.ru_maxrss / 1024,
    }


def difference(database: Path) -> float:
    """The largest one of expected purchases in 90 days, as a share of their mean."""
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(
            """
            select max(abs(ours.expected_purchases_90d - theirs.expected_90d))
                / avg(theirs.expected_90d)
            from marts.customer_predictions as ours
            join read_parquet($file) as theirs using (customer_key)
            """,
            {"file": str(database.with_suffix(".lifetimes.parquet"))},
        ).fetchone()[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("database", type=Path, help="DuckDB file that scripts/build.py has built")
    add("--rounds", type=int, default=5)
    add("--one", choices=["chapter", "ahead", "lifetimes"], help="run one, unmeasured")
    given = parser.parse_args()
    if given.one == "lifetimes":
        return run_lifetimes(given.database)
    if given.one:
        return run_dbt(given.database, CHAPTER if given.one == "chapter" else AHEAD)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "shop.duckdb"
        shutil.copyfile(given.database, copy)
        found = {name: [] for name in ("ahead", "chapter", "lifetimes")}
        for turn in range(given.rounds):
            for name in found:
                found[name].append(measure([str(copy), "--one", name]))
                print(turn + 1, name, found[name][-1], file=sys.stderr, flush=True)
        print("| | CPU s | wall s | peak MB | CPU, of lifetimes |")
        print("| --- | --- | --- | --- | --- |")
        for name, turns in found.items():
            medians = [statistics.median(t[key] for t in turns) for key in turns[0]]
            ratios = [
                one["CPU s"] / other["CPU s"]
                for one, other in zip(turns, found["lifetimes"], strict=True)
            ]
            cells = [f"{value:,.1f}" for value in medians]
            spread = f"{statistics.median(ratios):.2f}"
            spread += f" ({min(ratios):.2f} to {max(ratios):.2f})"
            print(f"| {name} | {' | '.join(cells)} | {spread} |")
        print(f"\nlargest difference of expected purchases: {difference(copy):.1e}")


if __name__ == "__main__":
    main()
