"""The published marts, as the report reads them."""

import re
from collections import namedtuple

from reporting.blocks import NoData
from reporting.words import Text

NOTHING = Text(
    "There are no data for this section.",
    "暂无本节所需的数据。",
)


class Marts:
    """Queries on the published marts, in SQL that names them without a schema.

    Select, filter, order, join, and sum columns that may be summed; every rate comes
    from a mart. `used` collects the marts that were read.
    """

    def __init__(self, con):
        con.execute("set schema = 'marts'")
        self.con = con
        self.used: list[str] = []
        tables = "select table_name from duckdb_tables() where schema_name = 'marts'"
        self.names = {name for (name,) in con.execute(tables).fetchall()}
        first = self.rows(
            "select as_of_date, currency from calendar_revenue limit 1",
        )
        self.as_of, self.currency = first[0] if first else (None, None)

    def rows(self, sql: str, *values) -> list:
        """Rows as named tuples; `values` stand for the ? of the query."""
        for mart in re.findall(r"\b(?:from|join) (\w+)", sql):
            if mart in self.names and mart not in self.used:
                self.used.append(mart)
        found = self.con.execute(sql, values)
        fields = [column[0] for column in found.description]
        row = namedtuple("Row", fields, rename=True)
        return [row(*line) for line in found.fetchall()]

    def some(self, sql: str, *values, otherwise: Text = NOTHING) -> list:
        """Rows of which there has to be one; else NoData, with a reason of its own."""
        found = self.rows(sql, *values)
        if not found:
            raise NoData(otherwise)
        return found
