"""Make two pages about the models that open from disk: dbt's own and column lineage.

They are `dbt.html` and `lineage.html`, and describe what stands in the build database.
Exit code 0: written; 1: not.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).resolve().parent.parent
PAGES = PROJECT / "warehouse" / "docs"
DATABASE = "warehouse/build.duckdb"  # of profiles.yml
# What dbt's page would look for beside itself, and what it does without.
MISSING = {
    "\"${require('./assets/favicons/favicon.ico')}\"": '"data:,"',
    'xlink:href="{{': 'ng-attr-xlink:href="{{',
}


class PagesError(Exception):
    """Why there are no pages, in one line."""


def document(folder: Path) -> Path:
    """Let dbt describe project and database in a folder; the path of its page."""
    done = dbtRunner().invoke(
        ["docs", "generate", "--static", "--quiet", "--target-path", str(folder)]
        + ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        + ["--no-send-anonymous-usage-stats"]
    )
    if not done.success:
        why = str(done.exception or "dbt did not finish").strip().splitlines()
        raise PagesError(why[-1].strip())
    return folder / "static_index.html"


def draw_lineage(folder: Path) -> Path:
    """The page of column lineage, from what dbt left in a folder."""
    command = [Path(sys.executable).with_name("colibri"), "generate"]
    files = {"manifest": "manifest.json", "catalog": "catalog.json", "output-dir": ""}
    for option, name in files.items():
        command += [f"--{option}", str(folder / name)]
    done = subprocess.run(
        [*command, "--disable-telemetry"], capture_output=True, text=True
    )
    problems = [line for line in done.stdout.splitlines() if "[ERROR]" in line]
    problems += done.stderr.splitlines()[-1:] if done.returncode else []
    if problems:
        raise PagesError(f"{len(problems)} in the lineage, as {problems[0].strip()}")
    return folder / "index.html"


def self_contained(page: str, folder: Path) -> str:
    """The page without what it would look for, and without where it was made."""
    for missing, instead in MISSING.items():
        page = page.replace(missing, instead)
    for place in (folder, PROJECT):
        page = page.replace(f"{place}/", "").replace(str(place), ".")
    return page


def make(out: Path) -> list[Path]:
    """Write both pages. Raises PagesError or OSError; they are then as they were."""
    database = Path(os.environ.get("REPURCHASE_BUILD_DATABASE") or PROJECT / DATABASE)
    if not database.is_file():
        raise PagesError(f"there is no {database}; build first")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = {"dbt.html": document(folder).read_text("utf-8")}
        texts["lineage.html"] = draw_lineage(folder).read_text("utf-8")
        for page, text in texts.items():
            (out / page).write_text(self_contained(text, folder), "utf-8")
    return [out / page for page in texts]


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=PAGES, help="folder of the pages")
    args = parser.parse_args(argv)
    try:
        pages = make(args.out)
    except (PagesError, OSError) as error:
        print(f"pages: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    for page in pages:
        print(f"{page}: {page.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
