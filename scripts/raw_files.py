"""Find a connector's raw files, read them strictly and load them into DuckDB.

`discover` says which file is which entity, in which encoding and with which
delimiter, and fails with one line where that is not certain. `load` fills
`raw_<connector>.<entity>`. Which columns a file must have stands in the yml of the
contract and of the sources, and nowhere here.
"""

import codecs
import contextlib
import csv
import functools
import gzip
import hashlib
import io
import itertools
import re
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import yaml

MODELS = Path(__file__).resolve().parent.parent / "models"
SUFFIXES = re.compile(r"\.(csv|tsv|txt)(\.gz)?$|\.parquet$", re.IGNORECASE)
DELIMITERS = [",", ";", "\t", "|"]
BOMS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
# Tried where a file is not UTF-8; certain only when one alone decodes the whole file.
LEGACY_ENCODINGS = {"online_retail": ["cp1252"], "shopify": []}
# The 1/10 sample has no header; its fields stand in this order.
CDNOW_SAMPLE = ["customer_id", "sample_id", "date", "number_of_cds", "dollar_value"]
CDNOW_SAMPLE_LINE = re.compile(r"\d+ +\d+ +\d{8} +\d+ +\d+\.\d+")
NUMBER_COLUMN = re.compile(r"(amount|price|quantity|taxes|shipping|dollars)$")
POINT_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
COMMA_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?", re.ASCII)
CHUNK = 1 << 20  # bytes read at a time; also the longest field a text file may hold

csv.field_size_limit(CHUNK)


class InputError(Exception):
    """What a user can put right, in one line: the file, the column, what to do."""


@dataclass(frozen=True)
class Column:
    name: str
    headers: list[str]  # spellings found in files
    required: bool


@dataclass
class RawFile:
    """One raw file of one entity.

    `columns` maps each canonical column to its header in the file, None where the
    file lacks an optional one; `x_columns` are the headers passed through. Headers are
    as written. `header` holds all of them in order; where `has_header` is false the
    file starts with data. `encoding` and `delimiter` are None for Parquet; delimiter
    " " means runs of blanks. `nuls` counts NUL characters, each read as U+FFFD.
    """

    entity: str
    path: Path
    name: str
    encoding: str | None
    delimiter: str | None
    columns: dict[str, str | None]
    x_columns: list[str]
    header: list[str] = field(repr=False)
    has_header: bool = True
    nuls: int = 0
    rows: int | None = None

    @functools.cached_property
    def content_hash(self) -> str:
        """SHA-256 of its bytes, as 64 hexadecimal digits."""
        with open(self.path, "rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    @property
    def reading(self) -> str:
        """How it is read; the rows are the same where this and the bytes are."""
        how = self.encoding, self.delimiter, self.columns, self.x_columns
        return repr((*how, self.header, self.has_header))


@dataclass
class Inputs:
    """The files found, in name order, and the names of those left aside."""

    files: list[RawFile]
    ignored: list[str]

    def __iter__(self) -> Iterator[RawFile]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


# -- what a connector expects --


def connectors() -> list[str]:
    """Names of the connectors, one folder of staging models each."""
    found = (MODELS / "staging").glob("*/_*__sources.yml")
    return sorted(path.parent.name for path in found)


@functools.cache
def expected_columns(connector: str) -> dict[str, list[Column]]:
    """The columns of each entity; InputError where there is no such connector."""
    if connector not in connectors():
        raise InputError(
            f"there is no connector {connector!r}; choose one of "
            f"{', '.join(connectors())}"
        )
    path = MODELS / "staging" / connector / f"_{connector}__sources.yml"
    tables = yaml.safe_load(path.read_text("utf-8"))["sources"][0]["tables"]
    return {
        table["name"]: [
            Column(c["name"], c["meta"]["headers"], c["meta"]["required"])
            for c in table.get("columns", [])
        ]
        or _contract_columns(table["name"])
        for table in tables
    }


def _contract_columns(entity: str) -> list[Column]:
    path = MODELS / "intermediate" / "contract" / f"{entity}.yml"
    columns = yaml.safe_load(path.read_text("utf-8"))["models"][0]["columns"]
    inputs = [
        {"name": column["name"]} | column["meta"]["input"]
        for column in columns
        if "input" in column.get("meta", {})
    ]
    return [Column(i["name"], [i["name"]], i["required"]) for i in inputs]


# -- finding files --


def discover(
    connector: str, path, encoding: str | None = None, delimiter: str | None = None
) -> Inputs:
    """The raw files at `path`, a file or a folder; `encoding` and `delimiter` overrule.

    InputError where a file is missing, damaged, not the connector's, or ambiguous.
    """
    expected = expected_columns(connector)
    path = Path(path)
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if delimiter and (len(delimiter) > 1 or delimiter in "\"'\r\n"):
        raise InputError(f"{delimiter!r} can not be a delimiter; give one character")
    try:
        "x".encode(encoding or "utf-8")
    except (LookupError, ValueError):
        raise InputError(
            f"there is no encoding {encoding!r}; try utf-8, gb18030 or cp1252"
        ) from None
    main = next(iter(expected))  # orders or order_lines
    with _reading(str(path)):
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; check --data")
        paths = sorted(path.iterdir()) if path.is_dir() else []
    found = {p: entity for p in paths if (entity := _entity(connector, expected, p))}
    if path.is_file():
        found = {path: main}
    ignored = [p.name for p in paths if p not in found]
    if main not in found.values():
        name = main if connector == "standard" else ""
        held = ", ".join(ignored[:5] + ["..."] * (len(ignored) > 5)) or "nothing"
        raise InputError(
            f"{path}: no file {name}*.csv or {name}*.parquet for connector {connector} "
            f"in this folder, which holds {held}; check --data"
        )
    files = []
    for file, entity in found.items():
        with _reading(file.name):
            files.append(_raw_file(connector, entity, file, encoding, delimiter))
    return Inputs(files, ignored)


def _entity(connector: str, expected: dict, file: Path) -> str | None:
    """The entity a file of a folder belongs to, None where it is none of ours."""
    name = file.name.lower()
    if not file.is_file() or name.startswith((".", "~")) or not SUFFIXES.search(name):
        return None
    if connector == "cdnow":
        return "order_lines" if name.endswith((".txt", ".txt.gz")) else None
    if connector != "standard":
        return "order_lines"
    fits = [e for e in expected if re.search(f"(^|[^a-z]){e}", name)]
    return max(fits, key=len, default=None)


@contextlib.contextmanager
def _reading(name: str):
    """Turn failures of reading a file into an InputError that names it."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(
            f"{name}: the compressed file is damaged or cut off; get it again"
        ) from error
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}") from error
    except duckdb.Error as error:
        reason = str(error).split("\n")[0]
        raise InputError(f"{name}: can not be read ({reason}); get it again") from error


def _open(path: Path):
    """The file's bytes, unpacked where it is gzip whatever its name says."""
    with open(path, "rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else open(path, "rb")


def _raw_file(connector, entity, path, encoding, delimiter) -> RawFile:
    with _open(path) as stream:
        start = stream.read(4)
    if start[:4] == b"PAR1" or path.suffix.lower() == ".parquet":
        described = duckdb.execute(f"describe select * from {PARQUET}", [_glob(path)])
        headers = {None: [row[0] for row in described.fetchall()]}
        return _matched(connector, entity, path, None, headers, {})
    if start in (b"PK\3\4", b"\xd0\xcf\x11\xe0"):
        raise InputError(
            f"{path.name}: a workbook or zip archive, not text; save it as CSV"
        )
    encoding, nuls = _encoding(connector, path, encoding)
    with io.TextIOWrapper(_open(path), encoding, newline="") as text:
        head = text.read(CHUNK).lstrip("\ufeff")
    if not head.strip():
        raise InputError(f"{path.name}: the file is empty; export it again")
    if "\0" in head.split("\n")[0]:
        raise InputError(
            f"{path.name}: NUL bytes in the header; not a text file, or UTF-16 without "
            "a mark: say --encoding utf-16-le"
        )
    given = [" "] if connector == "cdnow" else [delimiter] if delimiter else DELIMITERS
    others = {d: _header(head, d) for d in [*DELIMITERS, " "] if d not in given}
    headers = {d: _header(head, d) for d in given}
    file = _matched(connector, entity, path, encoding, headers, others)
    file.has_header = not CDNOW_SAMPLE_LINE.fullmatch(head.split("\n")[0].strip())
    file.nuls = nuls
    return file


def _header(head: str, delimiter: str) -> list[str]:
    """Headers in the first line of a text under a delimiter, exactly as written."""
    if delimiter == " ":
        line = head.split("\n", 1)[0].strip()
        return CDNOW_SAMPLE if CDNOW_SAMPLE_LINE.fullmatch(line) else line.split()
    try:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        return next((row for row in reader if row), [])
    except csv.Error:
        return []


def _fit(columns: list[Column], header: list[str]) -> dict[str, list[str]]:
    """The file's headers for each canonical column."""
    spelled = [(plain(h), h) for h in header]
    return {
        c.name: [h for low, h in spelled if low in [s.lower() for s in c.headers]]
        for c in columns
    }


def plain(header: str) -> str:
    return header.strip().strip('"').strip().lower()


def _missing(columns: list[Column], fit: dict[str, list[str]]) -> list[Column]:
    return [c for c in columns if c.required and not fit[c.name]]


def _matched(connector, entity, path, encoding, headers: dict, others: dict) -> RawFile:
    """The file under the delimiter whose header holds the most expected columns."""
    columns = expected_columns(connector)[entity]
    fits = {d: _fit(columns, h) for d, h in headers.items()}
    best = max(fits, key=lambda d: sum(map(bool, fits[d].values())))
    header, fit = headers[best], fits[best]
    if missing := _missing(columns, fit):
        names = ", ".join(" or ".join(c.headers) for c in missing)
        shown = ", ".join(h.strip()[:40] for h in header[:8])
        shown = " ".join(shown.split()) + ", ..." * (len(header) > 8)
        raise InputError(
            f"{path.name}: no column {names}; "
            + (
                _hint(connector, columns, headers, others)
                or f"the header reads '{shown}': rename or add the column, or say "
                "another --connector"
            )
        )
    if connector == "standard":
        names = {plain(h) for h in header}
        if odd := sorted(n for n in names if re.match(r"x_.*[^a-z0-9_]", n)):
            raise InputError(
                f"{path.name}: column {odd[0]!r} is passed through, so its name may "
                "hold a to z, digits and _ only; rename it"
            )
        extra = [Column(n, [n], False) for n in sorted(names) if n.startswith("x_")]
        fit |= _fit(extra, header)
    for group in fit.values():
        if len(group) > 1:
            raise InputError(
                f"{path.name}: column {group[0].strip()} stands more than once in the "
                f"header ({', '.join(h.strip() for h in group)}); keep one of them"
            )
    if entity == "orders" and not (fit["customer_id"] + fit["email"] + fit["phone"]):
        raise InputError(
            f"{path.name}: no column customer_id, email or phone, so repurchase by "
            "customer can not be computed from it; add one of them to the export"
        )
    used = {name: (group or [None])[0] for name, group in fit.items()}
    x_columns = [used.pop(name) for name in list(used) if name.startswith("x_")]
    return RawFile(entity, path, path.name, encoding, best, used, x_columns, header)


def _hint(connector, columns, headers, others) -> str | None:
    """What would fit a file that lacks columns: another delimiter or connector."""
    for delimiter, header in others.items():
        if not _missing(columns, _fit(columns, header)):
            return f"its delimiter is {delimiter!r}: leave out --delimiter"
    for other in connectors():
        wanted = next(iter(expected_columns(other).values()))
        for header in [*headers.values(), *others.values()]:
            if other != connector and not _missing(wanted, _fit(wanted, header)):
                return f"this is a file of connector {other}: say --connector {other}"
    return None


# -- encodings --


def _encoding(connector: str, path: Path, given: str | None) -> tuple[str, int]:
    """The file's encoding and its NUL characters, from decoding all of it."""
    with _open(path) as stream:
        start = stream.read(4)
    marked = next((name for bom, name in BOMS if start.startswith(bom)), None)
    first = given or marked or "utf-8"
    nuls, wrong = _decode(path, first)
    if not wrong:
        return first, nuls
    if given or marked or "cut off" in wrong:
        raise InputError(f"{path.name}: {wrong}; get it again or say --encoding")
    candidates = LEGACY_ENCODINGS.get(connector, ["cp1252", "gb18030"])
    decoded = {name: _decode(path, name) for name in candidates}
    fits = [name for name in candidates if not decoded[name][1]]
    if len(fits) == 1:
        return fits[0], decoded[fits[0]][0]
    could = " and could be " + " or ".join(fits) if fits else ""
    raise InputError(
        f"{path.name}: {wrong}{could}; say --encoding cp1252 (Western), gb18030 "
        "(Chinese) or another"
    )


def _decode(path: Path, encoding: str) -> tuple[int, str | None]:
    """NUL characters in the file, and what is wrong where it is not in the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    nuls, line = 0, 1
    with _open(path) as stream:
        try:
            while chunk := stream.read(CHUNK):
                text = decoder.decode(chunk)
                nuls += text.count("\0")
                line += text.count("\n")
            decoder.decode(b"", True)
        except UnicodeError as error:
            if not chunk:
                return 0, f"cut off in the middle of a character on line {line}"
            before = getattr(error, "object", b"")[: getattr(error, "start", 0)]
            line += before.count(b"\n")
            return 0, f"line {line} can not be read as {encoding}"
    return nuls, None


# -- reading --


def records(file: RawFile) -> Iterator[list[str]]:
    """Data rows of a text file as lists of text, each as long as `file.header`.

    Blank lines are no rows. InputError names the line of a row with more or fewer
    fields, of a quoted field that never ends, and of text after a closing quote.
    """
    skip = file.has_header
    with io.TextIOWrapper(_open(file.path), file.encoding, newline="") as text:
        rows = _numbered_rows(file, text)
        for line, row in rows:
            if len(row) == len(file.header) and not skip:
                yield row
            elif row and not skip:
                cut = " (cut off?)" if next(rows, None) is None else ""
                raise InputError(
                    f"{file.name}: line {line} has {len(row)} fields, the header "
                    f"{len(file.header)}{cut}; put quotes around texts that hold "
                    f"{file.delimiter!r} or get the file again"
                )
            skip = skip and not row


def _numbered_rows(file: RawFile, lines) -> Iterator[tuple[int, list[str]]]:
    if file.nuls:
        lines = (line.replace("\0", "\ufffd") for line in lines)
    if file.delimiter == " ":
        yield from ((number, line.split()) for number, line in enumerate(lines, 1))
        return
    reader = csv.reader(
        lines, delimiter=file.delimiter, skipinitialspace=True, strict=True
    )
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        if "end of data" in str(error) or "field limit" in str(error):
            wrong = (
                f"a quoted field that starts on line {line} never ends; the file is "
                "cut off there or a quote is missing: get it again"
            )
        else:
            wrong = (
                f"line {line} has text after a closing quote; a quote inside a quoted "
                "field is written twice"
            )
        raise InputError(f"{file.name}: {wrong}") from None


def decimal_mark(files) -> str | None:
    """The files' decimal mark, "," or "."; None where the numbers do not tell.

    A mark is certain when some number (of the first 100,000 of each file) can be read
    with it alone and none can be read with the other alone.
    """
    seen = set()
    for file in files:
        if not file.delimiter:
            continue
        columns = file.columns.items()
        numbers = [h for name, h in columns if h and NUMBER_COLUMN.search(name)]
        places = [file.header.index(h) for h in numbers]
        values = (row[place] for row in records(file) for place in places)
        for value in itertools.islice(values, 100_000):
            value = re.sub(r"^([+-]?)[$€£¥￥]", r"\1", value.strip())
            point, comma = POINT_NUMBER.fullmatch(value), COMMA_NUMBER.fullmatch(value)
            if bool(point) != bool(comma):
                seen.add("." if point else ",")
    return seen.pop() if len(seen) == 1 else None


# -- loading --

PARQUET = "read_parquet(?, hive_partitioning = false, binary_as_string = true)"
# The newline is left to DuckDB: a wrong one reads no rows and says nothing.
CSV = """read_csv(?, delim = ?, quote = '"', escape = '"', header = true,
    columns = {columns}, all_varchar = true, auto_detect = false, strict_mode = true,
    null_padding = false, ignore_errors = false, hive_partitioning = false,
    max_line_size = 16777216)"""


def load(con, connector: str, files) -> dict[str, int]:
    """Fill `raw_<connector>.<entity>` from the files; rows per entity.

    Columns are the expected ones, `x_` columns in lower case, and `source_file`; text,
    but native where all files of an entity are Parquet of one type. Entities without a
    file are dropped. Every row is loaded once, or InputError.

    `raw_<connector>.loaded_files` knows what is loaded: a file that is as it was is not
    read again. It knows a file last, and forgets it first.
    """
    schema = _quoted(f"raw_{connector}")
    known = f"{schema}.loaded_files"
    con.execute(f"create schema if not exists {schema}")
    con.execute(
        f"create table if not exists {known} (entity varchar, source_file varchar, "
        "content_hash varchar, reading varchar, row_count bigint)"
    )
    loaded = {}
    for entity, columns in expected_columns(connector).items():
        table = f"{schema}.{_quoted(entity)}"
        group = [file for file in files if file.entity == entity]
        if not group:
            _forget(con, table, known, entity)
            continue
        names = [c.name for c in columns]
        names += sorted({plain(h) for f in group for h in f.x_columns})
        types = [_type(con, group, name) for name in names]
        typed = [f"{_quoted(n)} {t}" for n, t in zip(names, types, strict=True)]
        columns = ", ".join([*typed, "source_file varchar"])
        if _columns(con, schema, entity) != columns.lower():
            _forget(con, table, known, entity)
            con.execute(f"create table {table} ({columns})")
        rows = _kept(con, table, known, group, columns)
        for file in group:
            if file.name not in rows:
                with _reading(file.name):
                    rows[file.name] = _load_file(con, table, names, file)
                row = [entity, file.name, file.content_hash, file.reading + columns]
                con.execute(
                    f"insert into {known} values (?, ?, ?, ?, ?)",
                    [*row, rows[file.name]],
                )
            file.rows = rows[file.name]
        loaded[entity] = sum(rows.values())
    return loaded


def _columns(con, schema: str, entity: str) -> str:
    """The columns of a loaded table as they would be written; "" without a table."""
    query = """
        select column_name, lower(data_type) from duckdb_columns()
        where database_name = current_database() and schema_name = ?
        and table_name = ? order by column_index
    """
    rows = con.execute(query, [schema[1:-1], entity]).fetchall()
    columns = [f"{_quoted(name)} {kind}" for name, kind in rows[:-1]]
    return ", ".join([*columns, *[f"{name} {kind}" for name, kind in rows[-1:]]])


def _forget(con, table: str, known: str, entity: str) -> None:
    con.execute(f"delete from {known} where entity = ?", [entity])
    con.execute(f"drop table if exists {table}")


def _kept(
    con, table: str, known: str, group: list[RawFile], columns: str
) -> dict[str, int]:
    """Rows by file of those loaded as they are; the rows of all others are deleted."""
    entity = group[0].entity
    same = {f.name: (f.content_hash, f.reading + columns) for f in group}
    query = f"select source_file, content_hash, reading, row_count from {known} "
    found = con.execute(query + "where entity = ?", [entity]).fetchall()
    kept = {name: rows for name, *how, rows in found if same.get(name) == tuple(how)}
    for name in {row[0] for row in found} - kept.keys():
        query = f"delete from {known} where entity = ? and source_file = ?"
        con.execute(query, [entity, name])
    con.execute(
        f"delete from {table} where source_file not in "
        f"(select source_file from {known} where entity = ?)",
        [entity],
    )
    return kept


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _glob(path: Path) -> str:
    """A path as a DuckDB pattern that matches this file alone."""
    return re.sub(r"([*?[])", r"[\1]", str(path))


def _header_of(file: RawFile, name: str) -> str | None:
    x_columns = {plain(header): header for header in file.x_columns}
    return file.columns.get(name) or x_columns.get(name)


def _type(con, group: list[RawFile], name: str) -> str:
    types = set()
    for file in group:
        if file.delimiter:
            return "varchar"
        if header := _header_of(file, name):
            query = f"describe select {_quoted(header)} from {PARQUET}"
            types.add(con.execute(query, [_glob(file.path)]).fetchall()[0][1])
    return types.pop() if len(types) == 1 else "varchar"


def _load_file(con, table: str, names: list[str], file: RawFile) -> int:
    headers = [_header_of(file, name) for name in names]
    if not file.delimiter:
        cells = ", ".join(_quoted(h) if h else "null" for h in headers)
        query = f"insert into {table} select {cells}, ? from {PARQUET}"
        return con.execute(query, [file.name, _glob(file.path)]).fetchall()[0][0]
    places = [file.header.index(h) if h else None for h in headers]
    cells = ", ".join("null" if p is None else f"c{p}" for p in places)
    columns = ", ".join(f"c{i}: 'varchar'" for i in range(len(file.header)))
    query = f"insert into {table} select {cells}, ? from "
    query += CSV.format(columns="{" + columns + "}")
    rows = sum(1 for _ in records(file))
    encoding = codecs.lookup(file.encoding).name
    plain = encoding in ("utf-8", "utf-8-sig", "ascii") and not file.nuls
    if plain and file.delimiter != " ":
        with contextlib.suppress(duckdb.Error):
            con.execute(query, [file.name, _glob(file.path), file.delimiter])
        # A blank before a quoted empty text makes DuckDB read the quotes as the text.
        listed = ", ".join(_quoted(name) for name in names)
        count = f"select count(*), count_if('\"\"' in ({listed})) from {table} "
        count += "where source_file = ?"
        if con.execute(count, [file.name]).fetchall() == [(rows, 0)]:
            return rows
        con.execute(f"delete from {table} where source_file = ?", [file.name])
    if file.nuls:
        print(
            f"{file.name}: {file.nuls:,} NUL characters are read as U+FFFD",
            file=sys.stderr,
        )
    # Other encodings, and what DuckDB reads in another way than RFC 4180.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.csv"
        with open(copy, "w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(range(len(file.header)))
            writer.writerows(records(file))
        count = con.execute(query, [file.name, str(copy), ","]).fetchall()[0][0]
    if count != rows:
        raise InputError(f"{file.name}: only {count:,} of {rows:,} rows could be read")
    return rows
