"""Draw the published marts as one HTML page that opens from disk, in two languages."""

import argparse
import os
import sys
from pathlib import Path

import duckdb

PUBLISHED = Path("warehouse/repurchase.duckdb")
PAGE = Path("warehouse/report.html")


class ReportError(Exception):
    """Why there is no page, in one line."""


def report(published: Path, page: Path) -> int:
    """Write the page and return its bytes; a page that is there is replaced whole.

    Raises ReportError, OSError or duckdb.Error.
    """
    try:
        from reporting.page import render
    except ModuleNotFoundError as error:  # one of requirements-report.txt
        raise ReportError(f"it needs {error.name}: make .venv/report") from None
    if not published.is_file():
        raise ReportError(f"there is no {published}; build first")
    with duckdb.connect(
        str(published), read_only=True, config={"enable_external_access": False}
    ) as con:
        html = render(con)
    unfinished = page.with_name(f".{page.name}.unfinished")
    page.parent.mkdir(parents=True, exist_ok=True)
    try:
        unfinished.write_text(html, "utf-8")
        os.replace(unfinished, page)
    finally:
        unfinished.unlink(missing_ok=True)
    return page.stat().st_size


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", type=Path, default=PUBLISHED)
    parser.add_argument("--out", type=Path, default=PAGE)
    args = parser.parse_args(argv)
    try:
        size = report(args.published, args.out)
    except (ReportError, OSError, duckdb.Error) as error:
        print(f"report: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    print(f"{args.out}: {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
