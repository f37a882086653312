"""What docs/scale-out.md says of windows is what the models do."""

import re

import pytest
from conftest import ROOT

MODELS = sorted((ROOT / "models").rglob("*.sql"))
# `over (...)` and `window name as (...)`; `over name` refers to the latter.
WINDOW = re.compile(r"(?:\bover|\bwindow \w+ as) \(\s*(partition by)?", re.DOTALL)
SHARED = {"share_out": "order_key"}  # macros with windows, and their keys


def keys_of(sql: str) -> set[str]:
    """First keys of the partitions of a model's windows."""
    found = re.findall(r"partition by\s+([\w.]+)", sql)
    found += [key for macro, key in SHARED.items() if f"{macro}(" in sql]
    return {key.split(".")[-1] for key in found}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_window_has_a_partition(path):
    for partition in WINDOW.findall(path.read_text("utf-8")):
        assert partition, f"{path.stem} has a window over all rows"


def test_the_table_of_partitions_is_complete():
    page = (ROOT / "docs" / "scale-out.md").read_text("utf-8")
    table = page.split("| model | windows partitioned by |", 1)[1].split("\n\n", 1)[0]
    said = {
        model: key
        for model, key in re.findall(r"^\| `(\w+)` \| `(\w+)`", table, re.MULTILINE)
    }
    has = {path.stem: keys_of(path.read_text("utf-8")) for path in MODELS}
    assert said.keys() == {model for model, keys in has.items() if keys}
    for model, key in said.items():
        assert has[model] == {key}, model
