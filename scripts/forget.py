"""Remove a customer from what readers see, from kept versions and from the build.

Readers get the marts without the customer's rows at once, kept versions lose them too,
and what the build holds (raw copies, staged and intermediate tables) is dropped: the
next build makes it anew. Totals stay as they were until then; build_runs says what they
have more. The files or tables that the build reads are not touched: take the customer
out of them before the next build, which reads them again.
"""

import argparse
import hashlib
import os
import re
import sys
from pathlib import Path

import duckdb
import history
import load
import publish
import raw_files
from publish import MARTS, literal, quoted

ID_COLUMNS = {  # in raw_values of the connectors
    "customer_id": "customer",
    "order_id": "order",
    "name": "order",
    "invoice": "order",
}
BUILT = {  # what of a build database is the project's own, as patterns of SQL
    "demo": "demo\\_%",
    "staging": "stg\\_%",
    "intermediate": "int\\_%",
    load.BUILD_MARTS: "%",
}


class ForgetError(Exception):
    """Why nobody was forgotten, in one line."""


# -- who it is --


def spellings(customer: str) -> list[str]:
    """The customer id as marts may hold it: an e-mail stands there as its hash."""
    secret = os.environ.get("REPURCHASE_IDENTITY_SECRET") or "demo-secret"
    email = customer.strip().lower()
    hashed = hashlib.sha256(f"{secret}:{email}".encode()).hexdigest()
    return [customer.strip(), *([hashed] if "@" in email else [])]


def keys_of(rows, schema: str, args: argparse.Namespace) -> list[int]:
    """The customer keys in the marts of a schema, none where there is no such customer.

    `rows(sql)` gives the rows of a query. ForgetError where it could be somebody else.
    """
    orders = f"{schema}.{quoted('fct_orders')}"
    if args.customer_key is not None:
        found = f"select 1 from {orders} where customer_key = {args.customer_key}"
        return [args.customer_key] if rows(f"{found} limit 1") else []
    ids = ", ".join(map(literal, spellings(args.customer)))
    wanted = f"customer_key is not null and customer_id in ({ids})"
    for column, value in (("connector", args.connector), ("shop_id", args.shop)):
        if value is not None:
            wanted += f" and {column} = {literal(value)}"
    found = rows(
        "select distinct connector, shop_id, customer_key "
        f"from {orders} where {wanted} order by connector, shop_id"
    )
    keys = sorted({key for *_, key in found})
    if len(keys) > 1:
        shops = ", ".join(f"{connector} {shop}" for connector, shop, _ in found)
        raise ForgetError(
            f"customers of {shops} have this id: say --connector and --shop"
        )
    return keys


def held_orders(rows, keys: list[int], args) -> list[tuple]:
    """Connector, order id and customer id of all orders of theirs in a build.

    Marts have those alone that were purchases; without a purchase it goes by the
    customer id. Of a build that is not there only that id is known.
    """
    ids = spellings(args.customer) if args.customer and not keys else []
    connectors = [args.connector] if args.connector else raw_files.connectors()
    given = [(connector, None, one) for connector in connectors for one in ids]
    built = rows(
        "select 1 from information_schema.tables where table_schema = 'intermediate' "
        "and table_name = 'int_orders' and table_catalog = current_database()"
    )
    if not built:
        return given
    listed = ", ".join(f"({literal(one)}, {literal(two)})" for one, _, two in given)
    return given + rows(
        "select connector, order_id, customer_id from intermediate.int_orders "
        f"where customer_key in ({listing(keys)}) "
        + (f"or (connector, customer_id) in ({listed})" if given else "")
    )


def listing(keys) -> str:
    """Keys for `in`, where nothing is in an empty list."""
    return ", ".join(map(str, keys)) or "null"


def unwanted(rows, schema: str, keys: list[int], held: list[tuple]) -> dict[str, str]:
    """For each mart that may have rows of these customers, the condition of theirs.

    `held` are orders of theirs that are known from the build.
    """
    columns: dict[str, set] = {}
    for mart, column in rows(
        "select table_name, column_name from information_schema.columns "
        f"where table_schema = {literal(schema)} "
        "and table_catalog = current_database()"
    ):
        columns.setdefault(mart, set()).add(column)
    customers = f"({listing(keys)})"
    orders = rows(
        "select order_key, connector, order_id, customer_id "
        f"from {schema}.fct_orders where customer_key in {customers}"
    )
    order_keys = listing(key for key, *_ in orders)
    of_person = {
        "customer_key": f"customer_key in {customers}",
        "order_key": f"order_key in ({order_keys})",
    }
    found = {}
    for mart, names in columns.items():
        if conditions := [of_person[name] for name in of_person if name in names]:
            found[mart] = " or ".join(conditions)
    if "rejected_rows" in columns:
        rejected = rows(
            f"select connector, entity, row_key, raw_values from {schema}.rejected_rows"
        )
        known = [*(order[1:] for order in orders), *held]
        if theirs := rejected_of(rejected, known):
            listed = ", ".join(
                f"({', '.join(literal(text) for text in row)})" for row in theirs
            )
            found["rejected_rows"] = f"(connector, entity, row_key) in ({listed})"
    return found


def rejected_of(rejected: list[tuple], orders: list[tuple]) -> list[tuple]:
    """Those rejected rows that name an order or a customer id of these orders.

    A rejected order of a customer makes its lines the customer's too.
    """
    customers = {(connector, customer) for connector, _, customer in orders}
    numbers = {(connector, order) for connector, order, _ in orders}
    named = []
    for connector, entity, key, raw in rejected:
        customer, order = ids_within(raw or "")
        named.append((connector, entity, key, customer, order))
        if customer and (connector, customer) in customers:
            numbers.add((connector, order))
    return [
        (connector, entity, key)
        for connector, entity, key, customer, order in named
        if (customer and (connector, customer) in customers)
        or (order and (connector, order) in numbers)
    ]


def ids_within(raw_values: str) -> tuple[str | None, str | None]:
    """The ids of customer and order in raw values, read as staging reads ids."""
    found: dict[str, str] = {}
    for pair in raw_values.split("; "):
        name, _, value = pair.partition("=")
        if kind := ID_COLUMNS.get(name):
            value = re.sub(r'^="(.*)"$', r"\1", value.strip()).strip()
            value = value.removeprefix("'").strip()
            found[kind] = re.sub(r"^([0-9]+)\.0$", r"\1", value)
    return found.get("customer"), found.get("order")


def removed(rows, schema: str, conditions: dict, keys: list[int]) -> tuple[int, str]:
    """Rows that the conditions hold for, and the customers' net amount."""
    count = sum(
        rows(f"select count(*) from {schema}.{quoted(mart)} where {condition}")[0][0]
        for mart, condition in conditions.items()
    )
    amount = rows(
        f"select sum(net_amount) from {schema}.fct_customers "
        f"where customer_key in ({listing(keys)})"
    )[0][0]
    return count, str(amount or 0)


# -- where it is held --


def rows_of(con):
    """A function that gives the rows of a query."""
    return lambda sql: con.execute(sql).fetchall()


def forget_in_file(
    path: Path, args, held: list[tuple], log=None, run: history.Run | None = None
) -> list[history.Run]:
    """Write a version anew without the customer; the history that it got.

    That is this run's for the published file; other versions keep their own.
    """
    with publish.new_version(path) as unfinished:
        with duckdb.connect(str(path), read_only=True) as con:
            rows = rows_of(con)
            keys = keys_of(rows, MARTS, args)
            conditions = unwanted(rows, MARTS, keys, held)
            if run:
                run.forgotten_rows, run.forgotten_amount = removed(
                    rows, MARTS, conditions, keys
                )
            publish.attach(con, unfinished)
            counted = publish.copy_marts(con, conditions)
            if run:
                publish.count_rows(con, run, counted)
                runs = publish.add_history(
                    con, log, run.ended(history.FORGOTTEN, run.run_id)
                )
            else:
                runs = []
                for name, (_, comment) in history.TABLES.items():
                    publish.copy_mart(con, name, comment)
            publish.detach(con)
        history.switch(unfinished, path)
    return runs


def held_in(database: Path, target: str, keys: list[int], args) -> list[tuple]:
    """See held_orders: of the build on the target."""
    if target != "duckdb":
        with load.engine(target).connected() as connection:
            return held_orders(rows_of(connection), keys, args)
    if not database.is_file():
        return held_orders(lambda _: [], keys, args)
    with duckdb.connect(str(database), read_only=True) as con:
        return held_orders(rows_of(con), keys, args)


def drop_built(rows) -> None:
    """Drop the project's own tables and views of a build."""
    kept = " or ".join(
        f"(table_schema = {literal(schema)} and table_name like {literal(names)} "
        "escape '\\')"
        for schema, names in [*BUILT.items(), *raw_tables()]
    )
    found = rows(
        "select table_schema, table_name, table_type from information_schema.tables "
        f"where table_catalog = current_database() and ({kept}) "
        "order by table_type desc, table_schema, table_name"
    )
    for schema, name, kind in found:
        kind = "view" if kind == "VIEW" else "table"
        rows(f"drop {kind} if exists {quoted(schema)}.{quoted(name)} cascade")


def raw_tables() -> list[tuple[str, str]]:
    """Schema and name of every table that load.py may have filled."""
    return [
        (f"raw_{connector}", entity)
        for connector in raw_files.connectors()
        for entity in raw_files.expected_columns(connector)
    ]


def empty_build(database: Path) -> None:
    """Drop what is the project's own in a build file, and write the rest anew.

    DuckDB leaves what was dropped in the file until something else is written there.
    """
    if not database.is_file():
        return
    emptied = database.with_name(f".{database.name}.unfinished")
    emptied.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(database)) as con:
            rows = rows_of(con)
            drop_built(rows)
            for (mart,) in rows(
                "select table_name from duckdb_tables() where schema_name = 'marts' "
                "and database_name = current_database() "
                "and comment like '%One row per%'"
            ):
                rows(f"drop table {MARTS}.{quoted(mart)}")
            ((name,),) = rows("select current_database()")
            rows(f"attach {literal(str(emptied))} as emptied")
            rows(f"copy from database {quoted(name)} to emptied")
            rows("detach emptied")
        emptied.chmod(database.stat().st_mode & 0o777)
        os.replace(emptied, database)
        database.with_name(database.name + ".wal").unlink(missing_ok=True)
    finally:
        emptied.unlink(missing_ok=True)


# -- the command --


def forget(args: argparse.Namespace) -> str:
    """The whole job; what to say of it."""
    published, database, target = args.published, args.build_database, args.target
    if target == "spark":
        raise ForgetError(
            "not on Spark: build without the customer with --keep 0, which drops all "
            "earlier tables"
        )
    if not published.is_file():
        raise ForgetError(f"there is no {published}; build first")
    load.prepare(target)
    lock = database.resolve().with_name(database.name + ".lock")
    with (
        history.locked(lock),
        load.alone(target),
        history.recorded(
            published, target, publish.known_runs(published, target)
        ) as this,
        history.opened(published) as log,
    ):
        this.doing = "forget"
        with duckdb.connect(str(published), read_only=True) as con:
            keys = keys_of(rows_of(con), MARTS, args)
        held = held_in(database, target, keys, args)
        for version in publish.versions(published):
            forget_in_file(publish.version_file(published, version), args, held)
        runs = forget_in_file(published, args, held, log, this)
        if target != "duckdb":

            def of_schema(rows, schema):
                return unwanted(rows, schema, keys_of(rows, schema, args), held)

            load.engine(target).forget(of_schema, drop_built, runs)
        empty_build(database)
        history.write(log, runs[-1])
        this.outcome = history.FORGOTTEN
    return (
        f"{this.forgotten_rows:,} rows of the published marts removed; the build was "
        "emptied, the next one makes it anew\n"
        "before that take the customer out of the files or tables that it reads"
    )


def parse(argv) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--customer", metavar="ID", help="customer id as the shop has it")
    who.add_argument("--customer-key", type=int, help="customer_key of the marts")
    add("--connector", help="of the customer id, where several have it")
    add("--shop", metavar="ID", help="shop_id, where several have the customer id")
    add("--target", choices=load.TARGETS, default="duckdb", help="engine to forget on")
    add("--published", type=Path, default=Path("warehouse/repurchase.duckdb"))
    add("--build-database", type=Path, default=Path("warehouse/build.duckdb"))
    return parser.parse_args(argv)


def main(argv=None) -> int:
    args = parse(argv)
    try:
        print(forget(args))
    except history.Held:
        print("forget: a build is at work; try again after it", file=sys.stderr)
        return 1
    except (ForgetError, raw_files.InputError, OSError, duckdb.Error) as error:
        print(f"forget: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
