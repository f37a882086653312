"""What docs/scale-out.md says of windows is what the models do."""

import re

from conftest import ROOT

MODELS = {path.stem: path for path in sorted((ROOT / "models").rglob("*.sql"))}
PAGE = (ROOT / "docs" / "scale-out.md").read_text("utf-8")
# `over (...)` and `name as (...)` of a window clause; `over name` refers to the latter.
WINDOW = re.compile(
    r"\b(?:over|\w+ as) \(\s*"
    r"(?:partition by\s+(?P<keys>.*?)\s*(?:\border by\b|\))|order by\b|\))",
    re.DOTALL,
)
SURVIVAL = re.compile(r"\bsurvival\(\[(.*?)\]\)")  # the one macro with a window


def keys_of(sql: str) -> set[tuple[str, ...]]:
    """Columns that the windows of a model are partitioned by; () of a window over all
    rows. Keys that are no columns are left out."""
    found = [window["keys"] or "" for window in WINDOW.finditer(sql)]
    found += [keys.replace("'", "") for keys in SURVIVAL.findall(sql)]
    return {
        tuple(re.findall(r"(?:^|, )(?:\w+\.)?(\w+)(?=,|$)", " ".join(keys.split())))
        for keys in found
    }


def said(heading: str) -> dict[str, str]:
    """A table of the page: what it says by model."""
    table = PAGE.split(f"| model | {heading} |", 1)[1].split("\n\n", 1)[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE))


PARTITIONED = {
    model: {tuple(re.findall(r"`(\w+)`", keys)) for keys in text.split(";")}
    for model, text in said("windows partitioned by").items()
}
OVER_ALL_ROWS = set(said("rows of its windows without a key"))


def test_one_macro_has_a_window():
    macros = (ROOT / "macros").rglob("*.sql")
    have = {
        path.stem for path in macros if re.search(r"\bover\b", path.read_text("utf-8"))
    }
    assert have == {"survival"}


def test_the_tables_of_windows_are_complete():
    """Every window of every model, by all of its keys."""
    has = {model: keys_of(path.read_text("utf-8")) for model, path in MODELS.items()}
    assert {model for model, keys in has.items() if () in keys} == OVER_ALL_ROWS
    keyed = {model: keys - {()} for model, keys in has.items()}
    assert {model: keys for model, keys in keyed.items() if keys} == PARTITIONED
