"""The shops that are measured: made once, kept in a folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarking.measuring import BenchmarkError, remove, say, script, task

MONTHS = 36
ORDERS_PER_CUSTOMER = 3.65  # of what the generator draws in these months
ENTITIES = ["orders", "order_items", "refunds", "customers", "products"]
SHARES = {"0.1 %": 0.001, "1 %": 0.01, "10 %": 0.1}  # of new orders


def shop(folder: Path, orders: int, is_clean: bool = True) -> Path:
    """A shop of about so many orders as Parquet files."""
    made = folder / f"{'clean' if is_clean else 'shop'}_{orders}"
    if not made.is_dir():
        say(f"making a shop of {orders:,} orders in {made}")
        unfinished = made.with_name(made.name + ".unfinished")
        folder.mkdir(parents=True, exist_ok=True)
        remove(unfinished)
        customers = max(round(orders / ORDERS_PER_CUSTOMER), 1)
        arguments = ["--customers", customers, "--months", MONTHS, "--seed", 1]
        arguments += ["--format", "parquet", "--no-truth", "--out", unfinished]
        run(script("generate.py", *arguments, *["--clean"] * is_clean))
        unfinished.rename(made)
    return made


def loaded(folder: Path, made: Path) -> Path:
    """A build database with the raw tables of a shop."""
    database = folder / f"{made.name}.duckdb"
    if not database.is_file():
        unfinished = database.with_name("unfinished.duckdb")
        remove(unfinished)
        run(
            script("load.py", "--connector", "standard", "--data", made),
            REPURCHASE_BUILD_DATABASE=str(unfinished),
        )
        unfinished.rename(database)
    return database


def run(command: list, **environment) -> str:
    """Run a command that is not measured; what it printed."""
    done = subprocess.run(
        [str(part) for part in command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stderr.strip() or "nothing said").splitlines()[-1]
        raise BenchmarkError(f"{Path(str(command[1])).name} failed: {said}")
    return done.stdout


def orders_in(made: Path) -> int:
    """Rows of a shop's orders."""
    command = f"import polars; print(polars.scan_parquet({str(made / 'orders-*')!r})"
    command += ".select(polars.len()).collect().item())"
    return int(run([sys.executable, "-c", command]))


def increments(folder: Path, made: Path) -> dict[str, Path]:
    """A shop up to some day, and with 0.1, 1 and 10 % more orders in a file beside.

    Orders come in the sequence of their times, with their lines and refunds and the
    customers who had none before. The files of the first shop are in every folder, the
    same bytes. By name, `base` first.
    """
    places = {name: folder / f"{made.name}_{name}" for name in ("base", *SHARES)}
    if not all(place.is_dir() for place in places.values()):
        run(task("split", folder, made))
    return places


def split(folder: Path, made: Path) -> None:
    """Write what `increments` says."""
    import polars as pl

    frames = {name: pl.scan_parquet(made / f"{name}-*.parquet") for name in ENTITIES}
    times = frames["orders"].select("order_id", at="ordered_at").sort("at").collect()
    whole = int(times.height / (1 + max(SHARES.values())))
    firsts = (
        frames["orders"]
        .group_by("customer_id")
        .agg(first=pl.col("ordered_at").min())
        .filter(pl.col("customer_id").is_not_null())
    )
    for name, share in {"base": 0.0, **SHARES}.items():
        begin = "" if name == "base" else times["at"][whole]
        end = times["at"][min(whole + int(whole * share), times.height - 1)]
        target = folder / f"{made.name}_{name}"
        remove(target)
        target.mkdir()
        if name != "base":
            for file in (folder / f"{made.name}_base").iterdir():
                (target / file.name).hardlink_to(file)

        def between(column, begin=begin, end=end):
            return (pl.col(column) >= begin) & (pl.col(column) < end)

        orders = frames["orders"].filter(between("ordered_at"))
        keys = orders.select("shop_id", "order_id").unique()
        people = firsts.filter(between("first")).select("customer_id")
        parts = {
            "orders": orders,
            "order_items": frames["order_items"].join(
                keys, on=["shop_id", "order_id"], how="semi"
            ),
            "refunds": frames["refunds"].join(
                keys, on=["shop_id", "order_id"], how="semi"
            ),
            "customers": frames["customers"].join(people, on="customer_id", how="semi"),
        }
        for entity, frame in parts.items():
            frame.sink_parquet(
                target / f"{entity}-{'a' if name == 'base' else 'b'}.parquet"
            )
        if name == "base":
            for file in made.glob("products-*.parquet"):
                shutil.copy(file, target / file.name)
