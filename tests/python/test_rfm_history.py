"""The history of RFM says of every past month what a build of its last day says."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from dbt.cli.main import dbtRunner

pytestmark = pytest.mark.slow

JUNE, FEBRUARY, DECEMBER = date(2023, 6, 30), date(2024, 2, 29), date(2024, 12, 31)
LAST = date(2025, 6, 30)  # of the demo, a month's last day
SCORES = "customer_key, r_score, f_score, m_score, rfm_segment"
BOUNDS = "dimension, score, lower_bound, upper_bound"


@dataclass
class Shop:
    """A database and runs of dbt on it."""

    database: Path

    def dbt(self, *arguments, **given) -> None:
        """Run dbt with vars. A refund of a later day would be unknown to an earlier
        build, but in history it counts on its order's day: there are no refunds."""
        given["connectors"] = {"standard": {"entities": ["orders", "order_items"]}}
        options = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT), "--quiet"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REPURCHASE_BUILD_DATABASE", str(self.database))
            variables = ["--vars", json.dumps(given, default=str)]
            done = dbtRunner().invoke([*arguments, *variables, *options])
        assert done.success, done.exception or [r.message for r in done.result]

    def execute(self, query: str, *parameters) -> list[tuple]:
        """Rows of a query; tables need no schema."""
        with duckdb.connect(str(self.database)) as con:
            con.execute("use marts" if "from rfm" in query else "use demo")
            return con.execute(query, parameters).fetchall()

    def scores(self) -> tuple[list[tuple], list[tuple]]:
        """What `rfm_scores` and `rfm_thresholds` say."""
        return (
            self.execute(f"select {SCORES} from rfm_scores order by all"),
            self.execute(f"select {BOUNDS} from rfm_thresholds order by all"),
        )

    def history(self, day: date) -> tuple[list[tuple], list[tuple]]:
        """What the history says of a month, given its last day."""
        return (
            self.execute(
                f"select {SCORES} from rfm_history where $1 between valid_from_month "
                "and coalesce(valid_to_month, $1) order by all",
                day.replace(day=1),
            ),
            self.execute(
                f"select {BOUNDS} from rfm_threshold_history "
                "where snapshot_month = $1 order by all",
                day.replace(day=1),
            ),
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Shop:
    """The demo's orders. Nobody has an e-mail or a phone: two ids that a later order
    shows to be one person would be two in an earlier build."""
    shop = Shop(tmp_path_factory.mktemp("history") / "build.duckdb")
    shop.dbt("seed")
    shop.execute("update demo_orders set email = null, phone = null")
    return shop


@pytest.mark.parametrize(
    ("lookback", "days"),
    [(None, [JUNE, FEBRUARY, DECEMBER]), (90, [FEBRUARY, DECEMBER])],
    ids=["all_time", "look_back"],
)
def test_history_is_what_a_build_of_that_day_says(shop, lookback, days):
    """Scores, segments and bounds of past months, cell by cell."""
    run = ("run", "--select", "+rfm_history", "+rfm_threshold_history")
    shop.dbt(*run, "+rfm_thresholds", rfm_lookback_days=lookback)
    assert shop.history(LAST) == shop.scores()
    told = {day: shop.history(day) for day in days}
    for day in days:
        shop.dbt(*run, "+rfm_thresholds", rfm_lookback_days=lookback, as_of_date=day)
        scores, bounds = shop.scores()
        assert len(scores) > 200 and len(bounds) == 15
        assert told[day] == (scores, bounds), day
        assert shop.history(day) == (scores, bounds), day
