"""The parts of the benchmark: what each compares, and what it notes."""

import json
from functools import partial
from pathlib import Path

from benchmarking import shops
from benchmarking.measuring import (
    PROJECT,
    Step,
    copied,
    interleaved,
    measure,
    median,
    remove,
    say,
    script,
    task,
)

OURS = "this project"
OURS_IN_2GB = "this project in 2 GB"
SIZES_LIMIT = "8GB"
LEAN = ["--selector", "lean"]
DEAREST = 12  # models that a profile names
RIVALS = PROJECT / "benchmarks"


def core(folder: Path, loaded: Path, name: str, memory_limit: str) -> Step:
    """The core marts by dbt, in a copy of the loaded database, with what DuckDB may use
    of memory."""
    database = folder / "core.duckdb"
    return Step(
        name,
        task("models", database, *LEAN),
        before=copied(loaded, database),
        leaves=[database],
        given=loaded,
        environment={"REPURCHASE_MEMORY_LIMIT": memory_limit},
    )


def rivals(folder: Path, orders: int, rounds: int) -> dict:
    """The core marts by this project and by its rivals, checked to be equal."""
    made = shops.shop(folder, orders)
    loaded = shops.loaded(folder, made)
    reloaded, hand = folder / "reloaded.duckdb", folder / "hand.duckdb"
    load = script("load.py", "--connector", "standard", "--data", made)
    steps = [
        Step(
            "load",
            load,
            before=partial(remove, reloaded),
            leaves=[reloaded],
            environment={"REPURCHASE_BUILD_DATABASE": str(reloaded)},
        ),
        core(folder, loaded, OURS, "16GB"),
        core(folder, loaded, OURS_IN_2GB, "2GB"),
        Step(
            "hand-written SQL",
            task("hand_sql", hand),
            before=copied(loaded, hand),
            after=Once(folder / "core.duckdb", hand),
            leaves=[hand],
            given=loaded,
        ),
    ]
    for name in ("polars", "pandas"):
        out = folder / name
        steps.append(
            Step(
                name,
                script(RIVALS / f"core_marts_{name}.py", made, out),
                before=partial(remove, out),
                after=Once(folder / "core.duckdb", out),
                leaves=[out],
            )
        )
    steps.append(Step("floor", task("floor", loaded)))
    runs = interleaved(steps, rounds, f"{orders:,} orders")
    remove(
        reloaded,
        hand,
        folder / "core.duckdb",
        *(folder / n for n in ("polars", "pandas")),
    )
    return {"orders": shops.orders_in(made), "runs": runs}


class Once:
    """Compare a rival with the marts after its first run; BenchmarkError if unequal."""

    def __init__(self, marts: Path, rival: Path):
        self.paths, self.is_done = (marts, rival), False

    def __call__(self) -> None:
        if not self.is_done:
            shops.run(task("compare", *self.paths))
            self.is_done = True


def profile(
    folder: Path,
    orders: int,
    rounds: int,
    *selected: str,
    name="models, one after the other",
    **environment,
) -> dict:
    """CPU, rows, bytes and spill of each model, in one thread of dbt; of all, or of
    those selected by dbt's arguments."""
    made = shops.shop(folder, orders)
    loaded = shops.loaded(folder, made)
    database, notes = folder / "profile.duckdb", folder / "profile.json"
    step = Step(
        name,
        task("profile", database, notes, *selected),
        before=copied(loaded, database),
        environment=environment,
    )
    found = by_model(step, notes, rounds, f"{orders:,} orders")
    remove(database)
    return {"orders": shops.orders_in(made)} | found


def by_model(step: Step, notes: Path, rounds: int, title: str) -> dict:
    """What a step costs by model, as it notes it itself."""
    turns = []

    def note() -> None:
        turns.append(json.loads(notes.read_text("utf-8")))

    step.after = note
    runs = interleaved([step], rounds, title)
    remove(notes)
    total = median(runs[step.name], "cpu_s")
    models = [
        {
            "model": name,
            "cpu_s": median([turn[name] for turn in turns], "cpu_s"),
            "rows": model["rows"],
            "mb": model["mb"],
            "spill_mb": max(turn[name]["spill_mb"] for turn in turns),
        }
        for name, model in turns[0].items()
    ]
    models.sort(key=lambda model: -model["cpu_s"])
    folders: dict[str, float] = {}
    for model in models:
        folder_of = turns[0][model["model"]]["folder"]
        folders[folder_of] = round(folders.get(folder_of, 0) + model["cpu_s"], 3)
    return {
        "runs": runs,
        "models": len(models),
        "between_models_cpu_s": round(total - sum(m["cpu_s"] for m in models), 3),
        "dearest": models[:DEAREST],
        "folders": folders,
    }


def core_profile(folder: Path, orders: int, rounds: int) -> dict:
    """The same of the core marts and what they need."""
    return profile(folder, orders, rounds, *LEAN)


def sizes(folder: Path, orders: int, rounds: int) -> dict:
    """The same with a memory limit, at sizes where rivals do not fit."""
    limit = {"REPURCHASE_MEMORY_LIMIT": SIZES_LIMIT}
    return profile(folder, orders, rounds, *LEAN, name=OURS, **limit)


def increments(folder: Path, orders: int, rounds: int) -> dict:
    """Whole builds that take in new files, each from the same kept state, and a full
    one: `scripts/build.py` of all marts."""
    work = folder / "work"
    files = ["--build-database", work / "b.duckdb", "--published", work / "p.duckdb"]

    def build(place: Path) -> list:
        data = ["--connector", "standard", "--data", place, "--currency", "CNY"]
        return script("build.py", *files, *data)

    made = shops.shop(folder, orders, is_clean=False)
    return grown(folder, made, rounds, work, build)


def core_increments(folder: Path, orders: int, rounds: int) -> dict:
    """The same of loading and the core marts alone, without tests, by dbt."""
    work = folder / "work"

    def build(place: Path) -> list:
        return task("grow", work / "core.duckdb", place, *LEAN)

    return grown(folder, shops.shop(folder, orders), rounds, work, build)


def increment_profile(folder: Path, orders: int, rounds: int) -> dict:
    """Loading and the core marts with 0.1 % new orders, by model."""
    places = shops.increments(folder, shops.shop(folder, orders))
    state, database = folder / "state.duckdb", folder / "profile.duckdb"
    notes = folder / "profile.json"
    say(f"building what is there before, {orders:,} orders")
    remove(state)
    shops.run(task("grow", state, places["base"], *LEAN))
    step = Step(
        "0.1 %",
        task("increment_profile", database, notes, places["0.1 %"], *LEAN),
        before=copied(state, database),
    )
    found = by_model(step, notes, rounds, f"{orders:,} orders")
    remove(state, database)
    return {"orders": shops.orders_in(places["base"])} | found


def grown(folder: Path, made: Path, rounds: int, work: Path, build) -> dict:
    """What `build`, a command by the folder it reads, costs in an empty folder `work`
    and in one that holds what it left of the shop before."""
    places = shops.increments(folder, made)
    state = folder / "state"

    def fresh() -> None:
        remove(work)
        work.mkdir(parents=True)

    full = Step("full", build(places["base"]), before=fresh)
    measure(full)
    copied(work, state)()
    steps = [full] + [
        Step(name, build(places[name]), before=copied(state, work))
        for name in shops.SHARES
    ]
    counts = {name: shops.orders_in(place) for name, place in places.items()}
    runs = interleaved(steps, rounds, f"{counts['base']:,} orders")
    remove(state, work)
    return {
        "orders": counts["base"],
        "new_orders": {name: counts[name] - counts["base"] for name in shops.SHARES},
        "runs": runs,
    }


def release(folder: Path, orders: int, rounds: int) -> dict:
    """All models, then all their tests, then publishing what they made."""
    made = shops.shop(folder, orders, is_clean=False)
    loaded = shops.loaded(folder, made)
    database, published = folder / "release.duckdb", folder / "published"

    def fresh() -> None:
        remove(published)
        published.mkdir()

    steps = [
        Step(
            "models",
            task("models", database),
            before=copied(loaded, database),
            leaves=[database],
            given=loaded,
        ),
        Step("tests", task("tests", database)),
        Step(
            "publish",
            task("publish", database, published / "p.duckdb"),
            before=fresh,
            leaves=[published / "p.duckdb"],
        ),
    ]
    runs = interleaved(steps, rounds, f"{orders:,} orders")
    remove(database, published)
    return {"orders": shops.orders_in(made), "runs": runs}


def demo(folder: Path, orders: int | None, rounds: int) -> dict:
    """What `make build` does once everything is installed, by phase."""
    work = folder / "demo"
    counted: dict = {}

    def fresh() -> None:
        remove(work, folder / "dbt")
        work.mkdir(parents=True)

    def count() -> None:
        counted.update(json.loads((work / "counted.json").read_text("utf-8")))

    steps = [
        Step("first", task("demo", work), before=fresh),
        Step("again", task("demo", work), after=count),
    ]
    runs = interleaved(steps, rounds, "demo")
    remove(work)
    return counted | {"runs": runs}


def fit(folder: Path, orders: int, rounds: int) -> dict:
    """Predictions in the warehouse and with lifetimes: the same for every customer."""
    made = shops.shop(folder, orders)
    loaded = shops.loaded(folder, made)
    database = folder / "fit.duckdb"
    copied(loaded, database)()
    say(f"building what predictions stand on, {orders:,} orders")
    shops.run(task("models", database))
    steps = [
        Step("predictions", task("fit_ahead", database)),
        Step("with their evaluation", task("fit", database)),
        Step("lifetimes", task("lifetimes", database)),
    ]
    runs = interleaved(steps, rounds, f"{orders:,} orders")
    difference = float(shops.run(task("largest_difference", database)))
    remove(database, database.with_name("fit.duckdb.lifetimes.parquet"))
    return {
        "orders": shops.orders_in(made),
        "runs": runs,
        "largest_difference": difference,
    }


PARTS = {
    part.__name__: part
    for part in (
        *(rivals, sizes, core_profile, profile),
        *(increments, core_increments, increment_profile, release, demo, fit),
    )
}
