"""The project's SQL with one rule, join or boundary flipped: some check notices.

A mutant is a flip in a model or macro that changes compiled SQL. It is tried as the
project would be: the dbt unit tests of the models it changes, for a macro also the
hand-worked cases of the macros, then the data tests of all that follows from it, then
scripts/verify.py against the raw files. By default a few are tried; REPURCHASE_MUTANTS
says how many.
"""

import contextlib
import dataclasses
import functools
import json
import os
import random
import re
import shutil
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import engine_cases
import pytest
import raw_files
import verify
from compiled import compiled, connect, dbt, failed, make, project
from conftest import DEMO, ROOT
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_common.clients.jinja import template_cache
from dbt_common.exceptions import DbtBaseException
from recompute import recompute

pytestmark = pytest.mark.slow

LONG = "REPURCHASE_MUTANTS" in os.environ
MUTANTS = int(os.environ.get("REPURCHASE_MUTANTS", "3"))
REPORT = ROOT / "target/reliability/project_mutations.json"
SEED = 7
FITS = "int_model_fits"  # dbt searches while it builds this model

# -- what is flipped --

# No rule: comments, Jinja that is no text of SQL, types, and the `and` of `between`.
HIDDEN = re.compile(
    r"\{#.*?#\}|\{%(?!- set \w+ = ['\"]).*?%\}|--[^\n]*|decimal\([^)]*\)"
    r"|\bbetween .{,40}? and ",
    re.DOTALL,
)


@dataclass(frozen=True)
class Flip:
    """A kind of mistake and where in SQL it can be made."""

    name: str
    pattern: re.Pattern
    becomes: dict | str  # by the text, or a template of re


def flip(name: str, pattern: str, becomes) -> Flip:
    return Flip(name, re.compile(pattern), becomes)


FLIPS = [
    flip(
        "boundary",
        r"(?<![^ ])(<=|>=|<|>)(?= )",
        {"<": "<=", "<=": "<", ">": ">=", ">=": ">"},
    ),
    flip(
        "join",
        r"\b(left|inner) join\b",
        {"left join": "inner join", "inner join": "left join"},
    ),
    flip("and or", r"(?<= )(and|or)(?= )", {"and": "or", "or": "and"}),
    flip("order", r" desc\b", ""),
    flip("order", r"\border by (?:\w+\.)?\w+(?=[,\n)])", r"\g<0> desc"),
    flip(
        "nulls",
        r"nulls (first|last)",
        {"nulls first": "nulls last", "nulls last": "nulls first"},
    ),
    flip("constant", r"(?<![\w.'\-$\\{\[])\d+(?![\w.'\-\]}])", "plus one"),
    flip(
        "aggregate",
        r"\b(sum|max|min)(?=\()",
        {"sum": "max", "max": "min", "min": "max"},
    ),
    flip("condition", r"\b(where|having)(?=\s)", r"\1 true or"),
    flip(
        "null",
        r"\bis (not )?null\b",
        {"is null": "is not null", "is not null": "is null"},
    ),
    flip("default", r"\bcoalesce\(([\w.]+), (0|false|'')\)", r"\1"),
    flip("distinct", r"\bdistinct ", ""),
    flip("distinct", r"\bunion\n", "union all\n"),
    flip("day", r"\{\{ days_between\([^{}]*\) \}\}", r"(\g<0> + 1)"),
    flip("sign", r"(?<=\w )[-+](?= \w)", {"-": "+", "+": "-"}),
    flip(
        "pattern",
        r"(?<=[0-9]\{)\d(?=[,}])|(?<=\]\{)\d(?=[,}])|(?<=,)\d+(?=\}['\")])",
        "plus one",
    ),
    flip("not", r"\bnot (?!null|loop)", ""),
    flip("equality", r"(?<![=!])(=|<>)(?= ')", {"=": "<>", "<>": "="}),
]


@dataclass(frozen=True)
class Mutant:
    """One flip at one place of a model or macro."""

    id: str  # of the model or macro
    path: str
    flip: str
    place: int  # in its text
    before: str
    after: str
    line: str

    @property
    def subject(self) -> str:
        """The folder, such as marts/core: mutants are spread over these."""
        return "/".join(self.path.split("/")[:-1]).removeprefix("models/")


def mutants_of(id: str, path: str, sql: str) -> list[Mutant]:
    """Every flip that an SQL text allows."""
    seen = HIDDEN.sub(lambda found: "\0" * len(found[0]), sql)
    found = []
    for one in FLIPS:
        for match in one.pattern.finditer(seen):
            before = match[0]
            if "union" in before and "recursive" in sql:
                continue  # it would never end
            if one.becomes == "plus one":
                after = str(int(before) + 1)
            elif isinstance(one.becomes, dict):
                after = one.becomes[before]
            else:
                after = match.expand(one.becomes)
            start = sql.rfind("\n", 0, match.start()) + 1
            line = sql[start : sql.find("\n", match.start())].strip()
            found.append(Mutant(id, path, one.name, match.start(), before, after, line))
    return found


def macros_of(manifest, node) -> set[str]:
    """Macros of the project that a node calls, and those that they call."""
    found, left = set(), list(node.depends_on.macros)
    while left:
        id = left.pop()
        macro = manifest.macros[id]
        if id not in found and macro.package_name == "repurchase":
            found.add(id)
            left += macro.depends_on.macros
    return {id for id in found if not re.search(r"\.(spark|postgres)__", id)}


def chosen(manifest, count: int) -> list[Mutant]:
    """Mutants of all subjects in turn, of all kinds of flips alike, by seed."""
    models = [n for n in manifest.nodes.values() if n.resource_type == "model"]
    macros = sorted({id for model in models for id in macros_of(manifest, model)})
    texts = [(m.unique_id, m.original_file_path, m.raw_code) for m in models]
    for id in macros:
        macro = manifest.macros[id]
        texts.append((id, macro.original_file_path, macro.macro_sql))
    subjects = {}
    for text in sorted(texts):
        for mutant in mutants_of(*text):
            subjects.setdefault(mutant.subject, []).append(mutant)
    names = sorted(subjects)
    for name in names:
        random.Random(SEED).shuffle(subjects[name])
    random.Random(SEED).shuffle(names)
    found, flips, places = [], Counter(), Counter()
    while len(found) < count:
        for name in [name for name in names if subjects[name]]:
            mutant = min(subjects[name], key=lambda m: (places[m.id], flips[m.flip]))
            subjects[name].remove(mutant)
            flips[mutant.flip] += 1
            places[mutant.id] += 1
            found.append(mutant)
    return found[:count]


# -- how it is tried --


class Trial:
    """A built demo in which mutants are tried, each in a copy."""

    def __init__(self, demo: Path, folder: Path, connectors: list[str]):
        """Connectors besides `standard` have no rows; none: the demo as it is."""
        self.built = folder / "built" / "build.duckdb"
        self.copy = folder / "build.duckdb"
        self.built.parent.mkdir()
        shutil.copy(demo, self.built)
        entities = {c: list(raw_files.expected_columns(c)) for c in connectors}
        given = {c: {"entities": names} for c, names in entities.items()}
        self.variables = {"connectors": given} if given else {}
        with connect(self.built) as con:
            for connector in connectors[1:]:
                con.execute(f"create schema raw_{connector}")
                for entity, columns in raw_files.expected_columns(connector).items():
                    names = ", ".join(f"{column.name} text" for column in columns)
                    con.execute(f"create table raw_{connector}.{entity} ({names})")
        self.manifest = project(self.variables)
        self.steps = compiled(self.built, self.variables, "*")
        if given:
            with connect(self.built) as con:
                make(con, (step for step in self.steps if step.name != FITS))
        self.v = verify.load_vars(self.variables, None)
        inputs = [("standard", str(DEMO))]
        rows, found = verify.read_inputs(inputs, self.v, "demo-secret")
        self.raw = rows, found | entities
        self.contents = {}  # of relations as built
        self.expected = None

    def models_with(self, mutant: Mutant) -> list[str]:
        """Names of the models that are, or call, what is flipped."""
        models = [n for n in self.manifest.nodes.values() if n.resource_type == "model"]
        return [
            model.name
            for model in models
            if mutant.id == model.unique_id
            or mutant.id in macros_of(self.manifest, model)
        ]

    @contextlib.contextmanager
    def flipped(self, mutant: Mutant):
        """dbt has the mutant in the place of the original."""
        if mutant.id.startswith("macro."):
            node, name = self.manifest.macros[mutant.id], "macro_sql"
        else:
            node, name = self.manifest.nodes[mutant.id], "raw_code"
        sql = getattr(node, name)
        after = mutant.place + len(mutant.before)
        setattr(node, name, sql[: mutant.place] + mutant.after + sql[after:])
        template_cache.clear()
        try:
            yield
        finally:
            setattr(node, name, sql)
            template_cache.clear()

    def run(self, mutant: Mutant) -> tuple[str, str]:
        """What caught the mutant, and the name of the test, mart or error."""
        shutil.copy(self.built, self.copy)
        with self.flipped(mutant):
            try:
                return self.caught(
                    self.models_with(mutant), mutant.id.startswith("macro.")
                )
            except (DbtBaseException, RuntimeError, duckdb.Error) as error:
                return "no SQL", str(error).strip().splitlines()[0][:200]

    def caught(self, names: list[str], is_macro: bool) -> tuple[str, str]:
        before = {step.id: step.sql for step in self.steps}
        flipped = {
            step.id: step.sql
            for step in compiled(self.copy, self.variables, *names)
            if step.kind == "model" and step.sql != before[step.id]
        }
        if not flipped:
            return "not compiled", ""
        if found := self.unit_test(flipped):
            return "unit test", found
        if is_macro and (found := self.cases()):
            return "case", found
        changed = self.rebuild(flipped)
        with connect(self.copy) as con:
            tests = [s for s in self.steps if changed.intersection(s.parents)]
            if found := next(failed(con, tests), None):
                return "data test", found
            if found := self.verify(con, changed):
                return "verify", found
        return "survived", f"{len(changed)} relations changed" if changed else ""

    def unit_test(self, flipped: dict[str, str]) -> str | None:
        names = [id.split(".")[-1] for id in flipped]
        select = [f"{name},test_type:unit" for name in names]
        done = dbt(self.copy, self.variables, "test", "--select", *select)
        if done.exception:
            raise done.exception
        statuses = {str(result.status): result.node.name for result in done.result}
        if "error" in statuses:
            raise RuntimeError(f"unit test {statuses['error']}")
        return statuses.get("fail")

    def cases(self) -> str | None:
        """The first hand-worked case that DuckDB now answers otherwise."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REPURCHASE_BUILD_DATABASE", str(self.copy))
            runner = functools.partial(dbtRunner, self.manifest)
            patch.setattr(engine_cases, "dbtRunner", runner)
            try:
                return next(iter(engine_cases.differences("duckdb")), None)
            finally:
                DuckDBConnectionManager.close_all_connections()

    def rebuild(self, flipped: dict[str, str]) -> set[str]:
        """Build mutants and what follows; ids of the models that are not as built."""
        changed = set()
        for step in self.steps:
            if step.kind != "model":
                continue
            if step.id not in flipped and not changed.intersection(step.parents):
                continue
            if step.name == FITS:
                done = dbt(self.copy, self.variables, "run", "--select", FITS)
                if not done.success:
                    raise RuntimeError(f"dbt could not build {FITS}")
            with connect(self.copy) as con:
                late = threading.Timer(60, con.interrupt)
                late.start()
                if step.name != FITS:
                    sql = flipped.get(step.id, step.sql)
                    make(con, [dataclasses.replace(step, sql=sql)])
                if step.materialized == "view" or self.differs(con, step.relation):
                    changed.add(step.id)
                late.cancel()
        return changed

    def differs(self, con, relation: str) -> bool:
        """Whether a table has other rows than as built."""
        query = f"select count(*), sum(hash(it)::hugeint) from {relation} as it"
        if relation not in self.contents:
            with duckdb.connect(str(self.built)) as built:
                self.contents[relation] = built.execute(query).fetchall()
        return con.execute(query).fetchall() != self.contents[relation]

    def verify(self, con, changed: set[str]) -> str | None:
        """The first mart that scripts/verify.py would find to differ."""
        names = {id.split(".")[-1] for id in changed}
        expected = self.expected
        if expected is None or names.intersection(verify.OF_FITS):
            fits = {name: verify.read_mart(con, name, 1) for name in verify.OF_FITS}
            expected = recompute(*self.raw, self.v, verify.load_rules(), 1, fits)
            if not names.intersection(verify.OF_FITS):
                self.expected = expected
        for name in sorted(names.intersection(expected)):
            found = verify.read_mart(con, name, 1)
            near = functools.partial(verify.tolerance, name)
            count, _ = verify.compare(expected[name], found, verify.GRAINS[name], near)
            if count:
                return name
        return None


# -- survivors that are no defect: why no input shows the difference --

EQUIVALENT = {  # file, flip, line
    (
        "macros/engines/linked_identifiers.sql",
        "condition",
        "having min(linked_key) > identifier_key",
    ): "the search may begin anywhere: the smallest key reached is taken",
    (
        "macros/engines/linked_identifiers.sql",
        "boundary",
        "having min(linked_key) > identifier_key",
    ): "no identifier is linked with itself",
    (
        "macros/engines/trimmed.sql",
        "boundary",
        "{{ text }} >= '!'",
    ): "a text that begins with '!' is trimmed the longer way, to the same",
    (
        "macros/engines/trimmed.sql",
        "boundary",
        "and substr({{ text }}, -1) >= '!'",
    ): "a text that ends with '!' is trimmed the longer way, to the same",
    (
        "macros/identifier_neighbours.sql",
        "distinct",
        "union",
    ): "a pair seen twice reaches what it reaches once",
    (
        "macros/prediction/fit_models.sql",
        "condition",
        "where false",
    ): (
        "without a fit the row that would be left has no status, and only "
        "converged ones are read; the other rows differ by the order in which "
        "doubles are added"
    ),
    (
        "models/intermediate/customers/int_customer_ids.sql",
        "join",
        "inner join identities on customers.customer_id_key = "
        "identities.identifier_key",
    ): "identities are made of the same accepted rows, which all have an id",
    (
        "models/intermediate/customers/int_customers_checked.sql",
        "null",
        "case when reason_code is null then 1 else 0 end",
    ): "it keeps rejected rows apart, whichever number they have",
    (
        "models/intermediate/lifecycle/int_cycle_limits.sql",
        "join",
        "inner join {{ ref('int_usual_cycles') }} as usual_cycles",
    ): "without a usual cycle there is no limit, and no silence is above it",
    (
        "models/intermediate/lines/int_orders_from_lines.sql",
        "aggregate",
        "min(connector) as connector,",
    ): "the key of an order is made of its connector, so its lines have one",
    (
        "models/intermediate/products/int_changed_baskets.sql",
        "distinct",
        "union",
    ): "a key that is listed twice is looked up like one that is listed once",
    (
        "models/intermediate/profile/int_customer_habits.sql",
        "aggregate",
        "max(choice) filter (where habit = 'hour_band') as preferred_hour_band",
    ): (
        "one row per customer and habit is left, so it is the greatest and the smallest"
    ),
    (
        "models/intermediate/profile/int_customer_habits.sql",
        "aggregate",
        "max(choice) filter (where habit = 'country') as country,",
    ): (
        "one row per customer and habit is left, so it is the greatest and the smallest"
    ),
    (
        "models/intermediate/rfm/int_rfm_cut_bands.sql",
        "default",
        "sum(coalesce(changes.customers, 0)) over (",
    ): "a band begins with a change, and a sum leaves out what is NULL after it",
    (
        "models/intermediate/timing/int_survival.sql",
        "aggregate",
        "cast(sum(censored) as bigint) as censored",
    ): "a day has one row, and on day 0 another one of 0",
    (
        "models/intermediate/value/int_observed_days.sql",
        "join",
        "inner join {{ ref('int_dates') }} as dates on revenue.date_day = "
        "dates.date_day",
    ): "calendar_revenue is made of these dates",
    (
        "models/marts/core/dim_products.sql",
        "aggregate",
        "min(connector) as connector,",
    ): "the key of a product is made of its connector",
    (
        "models/marts/core/fct_customers.sql",
        "join",
        "inner join {{ ref('int_first_orders') }} as first_orders",
    ): "every customer has a purchase, so every customer has a first order",
    (
        "models/marts/core/fct_order_items.sql",
        "condition",
        "where {{ is_touched() }}",
    ): "a full build makes every row; test_increments tries the others",
    (
        "models/marts/products/product_affinity.sql",
        "join",
        "inner join totals on pairs.basis = totals.basis",
    ): "pairs and totals are made of the same baskets",
    (
        "models/marts/profile/customer_profiles.sql",
        "join",
        "inner join {{ ref('int_customer_habits') }} as habits",
    ): "every customer has an order, so every customer has habits",
    (
        "models/marts/profile/customer_profiles.sql",
        "join",
        "inner join value_deciles on customers.historic_clv = value_deciles.net_amount",
    ): "the deciles are made of every customer's value",
    (
        "models/marts/rfm/rfm_scores.sql",
        "join",
        "inner join {{ ref('rfm_segment_rules') }} as segment_rules",
    ): "a test of the seeds says that every cell of scores has a segment",
    (
        "models/marts/rfm/rfm_scores.sql",
        "join",
        "inner join {{ ref('int_rfm_bounds') }} as recency",
    ): "every value lies between two bounds",
    (
        "models/marts/rfm/rfm_scores.sql",
        "join",
        "inner join {{ ref('rfm_segment_names') }} as segment_names",
    ): "a test of the seeds says that every segment has a name",
    (
        "models/marts/timing/purchase_cycles.sql",
        "condition",
        "where closed_gaps.gaps >= 2",
    ): "the usual cycles that are joined are only of customers with two gaps",
    (
        "models/marts/timing/repurchase_curves.sql",
        "default",
        "case when survival > 0 then sqrt(coalesce(greenwood_sum, 0)) end",
    ): "where survival is above 0 somebody was left, and Greenwood's sum has a term",
    (
        "models/marts/value/revenue_layer_cake.sql",
        "boundary",
        "on coalesce(first_months.first_month <= months.month_start, true)",
    ): "zeros are added to the first month, which has its purchases",
    (
        "models/marts/value/revenue_layer_cake.sql",
        "distinct",
        "select distinct month_start",
    ): "zeros are added to a month, once or as often as it has days",
}


@pytest.fixture(scope="module")
def trial(demo, tmp_path_factory) -> Trial:
    connectors = ["standard", "cdnow", "online_retail", "shopify"] if LONG else []
    return Trial(demo.database, tmp_path_factory.mktemp("mutants"), connectors)


def test_mutants_are_caught(trial):
    """Every mutant is noticed by a test or by verify, or is the same by a reason."""
    found = []
    for mutant in chosen(trial.manifest, MUTANTS):
        start = time.process_time()
        by, name = trial.run(mutant)
        reason = EQUIVALENT.get((mutant.path, mutant.flip, mutant.line))
        found.append(
            asdict(mutant)
            | {"by": by, "name": name, "seconds": time.process_time() - start}
            | {"reason": reason if by == "survived" else None}
        )
        if LONG:
            write(found)
    survivors = [m for m in found if m["by"] == "survived" and not m["reason"]]
    assert not survivors, json.dumps(survivors, indent=2)
    assert any(m["by"] not in ("survived", "no SQL", "not compiled") for m in found)


def write(found: list[dict]) -> None:
    """The report: mutants, how many were caught by what, and who survived and why."""
    by = Counter(mutant["by"] for mutant in found)
    left_out = by["no SQL"] + by["not compiled"]
    report = {
        "mutants": len(found) - left_out,
        "caught": len(found) - left_out - by["survived"],
        "by": {name: by[name] for name in ("unit test", "case", "data test", "verify")},
        "left_out": {name: by[name] for name in ("no SQL", "not compiled")},
        "survivors": [m for m in found if m["by"] == "survived"],
        "all": found,
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
