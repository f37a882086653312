"""Raw files, damaged in ways that files are: each is refused in one line or explained.

A file that loads has to be accounted for to the last row and cent, by the marts of the
audit and by readers that share no code with them. REPURCHASE_MUTATIONS says how many
damaged files are tried.
"""

import contextlib
import gzip
import io
import json
import os
import random
import re
import shutil
import traceback
from collections import Counter
from pathlib import Path

import build as build_script
import pytest
import raw_files
import verify
from compiled import compiled, connect, dbt, failed, make
from conftest import DEMO, FIXTURES, ROOT
from recomputed import audit, columns, facts, rows

pytestmark = pytest.mark.slow

MUTATIONS = int(os.environ.get("REPURCHASE_MUTATIONS", "40"))
AUDIT = ["source_reconciliation", "rejected_rows"]
REPORT = ROOT / "target/reliability/input_mutations.json"
# -- what is done to a file --


def place(content: bytes, chance: random.Random) -> int:
    return chance.randrange(len(content)) if content else 0


def lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def bits_flipped(content: bytes, chance) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 3, 20])):
        changed[place(content, chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def lines_dropped(content: bytes, chance) -> bytes:
    kept = lines(content)
    for _ in range(min(chance.choice([1, 3, 50]), len(kept) - 1)):
        kept.pop(chance.randrange(len(kept)))
    return b"".join(kept)


def lines_doubled(content: bytes, chance) -> bytes:
    kept = lines(content)
    for _ in range(chance.choice([1, 3, 50])):
        kept.insert(chance.randrange(len(kept)), chance.choice(kept))
    return b"".join(kept)


def columns_swapped(content: bytes, chance) -> bytes:
    """Two columns of the header, of one line, or of all lines but the header."""
    kept = lines(content)
    mark = max([b",", b";", b"\t", b" "], key=kept[0].count)
    chosen = chance.choice(["header", "line", "lines"])
    width = kept[0].count(mark) + 1
    one, other = chance.randrange(width), chance.randrange(width)
    line = chance.randrange(len(kept))
    for number, text in enumerate(kept):
        if {"header": number == 0, "line": number == line, "lines": number}[chosen]:
            cells = text.rstrip(b"\r\n").split(mark)
            if max(one, other) < len(cells):
                cells[one], cells[other] = cells[other], cells[one]
            kept[number] = mark.join(cells) + b"\n"
    return b"".join(kept)


def cut_off(content: bytes, chance) -> bytes:
    return content[: place(content, chance)]


def inserted(*texts: bytes):
    """Puts some of the texts somewhere."""

    def mutate(content: bytes, chance) -> bytes:
        for _ in range(chance.choice([1, 1, 2, 10])):
            at = place(content, chance)
            content = content[:at] + chance.choice(texts) + content[at:]
        return content

    return mutate


def delimiters_changed(content: bytes, chance) -> bytes:
    kept = lines(content)
    mark = max([b",", b";", b"\t", b" "], key=kept[0].count)
    other = chance.choice([b",", b";", b"\t", b"|", b":"])
    if chance.random() < 0.5:
        return content.replace(mark, other)
    line = chance.randrange(len(kept))
    kept[line] = kept[line].replace(mark, other)
    return b"".join(kept)


def characters_cut(content: bytes, chance) -> bytes:
    """A character of several bytes loses one, or comes in as another encoding."""
    character = chance.choice(["é", "店", "🍵"])
    encoding = chance.choice(["utf-8", "utf-8", "gb18030", "utf-16-le"])
    broken = bytearray(character.encode(encoding))
    broken.pop(chance.randrange(len(broken)))
    at = place(content, chance)
    return content[:at] + bytes(broken) + content[at:]


def gzip_damaged(content: bytes, chance) -> bytes:
    packed = gzip.compress(content, mtime=0)
    damage = chance.choice([bits_flipped, cut_off, lambda packed, _: packed * 2])
    return damage(packed, chance)


def numbers_changed(content: bytes, chance) -> bytes:
    """Some numbers become such as no shop has."""
    odd = [b"9" * 12, b"9" * 13, b"9" * 40, b"-1", b"0", b"1e308", b"NaN", b"-0.005"]
    odd += [b"999999999999.99", b"0.0000001", b"1,000,000", b"1.000,00", b"inf", b""]
    for _ in range(chance.choice([1, 5, 200])):
        numbers = list(re.finditer(rb"\d+(\.\d+)?", content))
        if numbers:
            found = chance.choice(numbers)
            value = chance.choice(odd)
            content = content[: found.start()] + value + content[found.end() :]
    return content


def cells_dressed(content: bytes, chance) -> bytes:
    """Some cells look as people and spreadsheets make them look."""
    odd = [
        "\u00a0{}",
        "{}\u3000",
        "\v{}\f",
        "\t{} ",
        "={}",
        "'{}",
        "{}.0",
        "ß{}",
        "İ{}",
    ]
    odd += [
        "1２",
        "\u200b{}",
        "{} Z",
        "{}+08:00",
        "-{}",
        "¥{}",
        "{}\u2028",
        "%",
        "NULL",
    ]
    kept = lines(content)
    for _ in range(chance.choice([1, 5, 50])):
        line = chance.randrange(1, len(kept))
        mark = max([b",", b";", b"\t", b" "], key=kept[line].count)
        cells = kept[line].rstrip(b"\r\n").split(mark)
        cell = chance.randrange(len(cells))
        before, after = chance.choice(odd).encode().rpartition(b"{}")[::2]
        cells[cell] = before + cells[cell] + after
        kept[line] = mark.join(cells) + b"\n"
    return b"".join(kept)


def emptied(content: bytes, chance) -> bytes:
    header = lines(content)[0]
    return chance.choice([b"", b"\n", b" \r\n\r\n", b"\xef\xbb\xbf", b"\0" * 9, header])


def line_ends_changed(content: bytes, chance) -> bytes:
    kept = lines(content)
    end = chance.choice([b"\r\n", b"\r", b"\n\n", b"\r\r\n", b"\n\r\n"])
    if chance.random() < 0.5:
        return b"".join(line.rstrip(b"\r\n") + end for line in kept)
    line = chance.randrange(len(kept))
    kept[line] = kept[line].rstrip(b"\r\n") + end
    return b"".join(kept)


def encoded_otherwise(content: bytes, chance) -> bytes:
    encodings = ["utf-16", "utf-16-le", "utf-8-sig", "gb18030", "cp1252", "utf-32"]
    text = content.decode("utf-8", "replace").replace("e", chance.choice("eé店"))
    return text.encode(chance.choice(encodings), "replace")


MUTATIONS_BY_NAME = {
    "bits flipped": bits_flipped,
    "lines dropped": lines_dropped,
    "lines doubled": lines_doubled,
    "columns swapped": columns_swapped,
    "cut off": cut_off,
    "quotes inserted": inserted(b'"', b'""', b'","', b"'", b'"\n"'),
    "NULs inserted": inserted(b"\0", b"\0\0", b"\0\n"),
    "characters inserted": inserted(
        b"\n", b"\r", b",", b";", b"\t", b" ", b"\\", b"\x1a", b"\x0b",
        b"\x0c", b"\x85", b"\xc2\xa0", b"\xe2\x80\x8b", b"\xe2\x80\xa8",
        b"\xef\xbb\xbf", b"'; drop table x; --",
    ),
    "delimiters changed": delimiters_changed,
    "characters cut": characters_cut,
    "gzip damaged": gzip_damaged,
    "numbers changed": numbers_changed,
    "cells dressed": cells_dressed,
    "emptied": emptied,
    "line ends changed": line_ends_changed,
    "encoded otherwise": encoded_otherwise,
}  # fmt: skip


# -- what it is done to --


def first_lines(content: bytes, count: int) -> bytes:
    return b"".join(lines(content)[:count])


def shops() -> dict[str, tuple[str, str, dict[str, bytes]]]:
    """Connector, reporting currency and files of each shop."""
    found = {
        "shopify": ("shopify", "EUR", FIXTURES / "shopify"),
        "Online Retail II": ("online_retail", "GBP", FIXTURES / "online_retail_2"),
        "decimal comma": (
            "online_retail",
            "GBP",
            FIXTURES / "online_retail_2_semicolon",
        ),
    }
    found = {
        name: (connector, currency, {p.name: p.read_bytes() for p in folder.iterdir()})
        for name, (connector, currency, folder) in found.items()
    }
    demo = {
        path.name: first_lines(path.read_bytes(), 200)
        for path in sorted(DEMO.glob("*.csv"))
    }
    found["demo"] = ("standard", "CNY", demo)
    if folder := os.environ.get("REAL_DATA_DIR"):
        cdnow = (Path(folder) / "cdnow/CDNOW_sample.txt").read_bytes()
        found["CDNOW"] = ("cdnow", "USD", {"sample.txt": first_lines(cdnow, 300)})
        packed = Path(folder) / "online_retail/online_retail_2010_2011.csv.gz"
        with gzip.open(packed) as file:
            kept = [file.readline() for _ in range(60_000)]
        # Cancellations, adjustments and lines without a customer among them.
        slice_of_it = b"".join([kept[0], *kept[1:150], *kept[40_000:40_150]])
        found["Online Retail"] = (
            "online_retail",
            "GBP",
            {"online_retail.csv": slice_of_it},
        )
    return found


LONG = "REPURCHASE_MUTATIONS" in os.environ
# Parsing the project for a connector is what costs.
SHOPS = {n: s for n, s in shops().items() if LONG or s[0] not in ("cdnow", "shopify")}

# -- how it is judged --


def records(file: raw_files.RawFile) -> int | None:
    """Data rows of a text file, None where its quotes leave that to taste."""
    content = file.path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    text = content.decode(file.encoding).removeprefix("\ufeff")
    if file.delimiter != " ":
        mark = re.escape(file.delimiter)
        quoted = rf'(?:^|(?<=[{mark}\r\n])) *(?:"[^"]*")+(?=[{mark}\r\n]|$)'
        text = re.sub(quoted, "quoted", text)
        if '"' in text:
            return None
    found = re.split("\r\n|\n|\r", text)
    blank = " \t\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0" if file.delimiter == " " else ""
    return sum(1 for line in found if line.strip(blank)) - file.has_header


class Judge:
    """What the project makes of raw files, up to the marts of the audit."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.compiled = {}
        self.seeds = folder / "seeds" / "build.duckdb"
        self.seeds.parent.mkdir()
        entities = sorted(raw_files.expected_columns("standard"))
        standard = {"entities": entities, "schema": "raw_standard"}
        variables = {"connectors": {"standard": standard}, "x_columns": []}
        done = dbt(self.seeds, variables, "seed", "--exclude", "path:seeds/demo")
        assert done.success, done.exception

    def steps(self, database: Path, variables: dict):
        key = json.dumps(variables, sort_keys=True)
        if key not in self.compiled:
            select = [f"+{name}" for name in AUDIT]
            self.compiled[key] = compiled(database, variables, *select)
        return self.compiled[key]

    def judge(self, connector: str, currency: str, data: Path) -> tuple[str, str]:
        """Whether the files are refused, loaded, unexplained or a traceback, and why.

        Raises whatever the project raises that is not for its users.
        """
        database = self.folder / "build.duckdb"
        shutil.copy(self.seeds, database)
        os.environ["REPURCHASE_BUILD_DATABASE"] = str(database)
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                found, *_ = build_script.load_raw(
                    [(connector, data)], "duckdb", None, None
                )
        except raw_files.InputError as error:
            is_one_line = "\n" not in str(error) and len(str(error)) < 500
            return "refused" if is_one_line else "traceback", str(error)
        variables = found | {"reporting_currency": currency}
        steps = self.steps(database, variables)
        with connect(database) as con:
            make(con, steps)
            wrong = [*failed(con, steps), *self.unexplained(con, connector, data)]
            wrong += self.recomputed(con, connector, data, variables)
        return ("unexplained" if wrong else "loaded"), "; ".join(wrong)

    def unexplained(self, con, connector: str, data: Path) -> list[str]:
        """Entities whose rows or money are not those of the files."""
        wrong, counted = [], {}
        for file in raw_files.discover(connector, data):
            number = records(file)
            table = f"raw_{connector}.{file.entity}"
            query = f"select count(*) from {table} where source_file = ?"
            ((loaded,),) = con.execute(query, [file.name]).fetchall()
            if number not in (None, loaded):
                wrong.append(f"{file.name}: {number} lines, {loaded} rows loaded")
            counted[file.entity] = counted.get(file.entity, 0) + loaded
        for entity, loaded in counted.items():
            query = (
                "select raw_rows, accepted_rows + superseded_rows + rejected_rows, "
                "difference_rows, raw_amount - accepted_amount - superseded_amount "
                "- rejected_amount, difference_amount, rejected_rows - (select "
                "count(*) from marts.rejected_rows as listed where listed.entity = "
                "reconciled.entity and listed.reason is not null) "
                "from marts.source_reconciliation as reconciled where entity = ?"
            )
            found = con.execute(query, [entity]).fetchall()
            if found != [(loaded, loaded, 0, 0, 0, 0)]:
                wrong.append(f"{entity}: {loaded} rows loaded, audit says {found}")
        return wrong

    def recomputed(self, con, connector, data, variables) -> list[str]:
        """Where the audit differs from what scripts/verify.py makes of the files."""
        v = verify.load_vars(variables, None)
        rules = verify.load_rules()
        raw, entities = verify.read_inputs([(connector, str(data))], v, "demo-secret")
        decided = rows.decide_rows(raw, entities, v, rules)
        orders = facts.price_orders(decided, entities)
        rejected, reconciled = audit.account_rows(decided, orders, entities, rules)
        wrong = []
        for name, frame in zip(AUDIT, [reconciled, rejected], strict=True):
            expected = frame.select(columns.published(columns.COLUMNS[name]))
            found = verify.read_mart(con, name, 1)
            _, differences = verify.compare(expected, found, verify.GRAINS[name])
            wrong += [f"{name}: {line}" for line in differences]
        return wrong


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> Judge:
    return Judge(tmp_path_factory.mktemp("judge"))


def tried(judge: Judge, number: int, tmp_path: Path) -> dict:
    """What became of the damaged file of a number."""
    chance = random.Random(number)
    mutations = list(MUTATIONS_BY_NAME)
    mutation = mutations[number % len(mutations)]
    name, (connector, currency, files) = chance.choice(list(SHOPS.items()))
    damaged = chance.choice(list(files))
    data = tmp_path / str(number)
    data.mkdir()
    for file, content in files.items():
        if file == damaged:
            content = MUTATIONS_BY_NAME[mutation](content, chance)
        (data / file).write_bytes(content)
    try:
        outcome, why = judge.judge(connector, currency, data)
    except Exception:
        outcome, why = "traceback", traceback.format_exc(limit=-3)
    shutil.rmtree(data)
    return {
        "number": number,
        "shop": name,
        "file": damaged,
        "mutation": mutation,
        "outcome": outcome,
        "why": why,
    }


def test_damaged_files_are_refused_or_explained(judge, tmp_path):
    """No damaged file ends in a traceback, in a lost row or in lost money."""
    found = [tried(judge, number, tmp_path) for number in range(MUTATIONS)]
    outcomes = Counter(each["outcome"] for each in found)
    wrong = [each for each in found if each["outcome"] not in ("refused", "loaded")]
    if LONG:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        report = {
            "tried": len(found),
            "refused": outcomes["refused"],
            "loaded": outcomes["loaded"],
            "tracebacks": outcomes["traceback"],
            "unexplained": outcomes["unexplained"],
            "wrong": wrong,
        }
        REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    assert not wrong, json.dumps(wrong[:5], indent=2, ensure_ascii=False)
    assert outcomes["refused"] and outcomes["loaded"]
