"""Measure what builds cost, beside rivals that give the same tables.

Each run is a process of its own, and what is compared takes turns, round by round:
CPU seconds (user and system), wall seconds, peak memory, bytes on disk; medians, and
ratios of the same round with the least and the largest. Parts:

  rivals        core marts by this project, with 16 and with 2 GB of memory, and by
                hand-written SQL, polars and pandas (equal results checked), loading,
                and a floor of one scan
  sizes         the dearest models of the core marts with a memory limit of 8 GB, at
                sizes where rivals do not fit
  core_profile  the dearest models of the core marts
  profile       the dearest models of everything
  increments    0.1, 1 and 10 % new orders against a full build, by build.py
  core_increments  the same of loading and the core marts alone
  increment_profile  the dearest models of the core marts with 0.1 % new orders
  release       all models, all tests, publishing
  demo          where the time of `make build` goes
  fit           predictions beside the library lifetimes

Figures go to docs/benchmarks.json, from which docs/benchmarks.md and its picture are
made. Shops that are not there yet are made in --folder: 10 million orders take 0.4 GB,
and a build of them 10 GB. Exit code 0: measured; 1: something failed.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarking.measuring import BenchmarkError, circumstances
from benchmarking.parts import PARTS

PROJECT = Path(__file__).resolve().parent.parent
FIGURES = PROJECT / "docs" / "benchmarks.json"


def note(figures: Path, part: str, size: int | None, found: dict) -> None:
    """Put what was found in the place of what was known of this part and size."""
    known = json.loads(figures.read_text("utf-8")) if figures.is_file() else {}
    known.setdefault(part, {})[str(size or 0)] = found
    figures.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


def show(figures: Path) -> None:
    """Print the tables, and make the page and the picture of the project's figures."""
    from benchmarking import page

    import docs  # only now: what measures is small, see measuring.measure

    for name, table in page.tables(json.loads(figures.read_text("utf-8"))).items():
        print(f"{name}\n\n{table}\n")
    if figures == FIGURES:
        for name, text in docs.benchmarks().items():
            (PROJECT / name).write_text(text, "utf-8")


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help="which (default: all but sizes)")
    add("--orders", type=int, nargs="+", default=[1_000_000], metavar="N")
    add("--rounds", type=int, default=5)
    add("--folder", type=Path, default=PROJECT / "target" / "benchmark")
    add("--figures", type=Path, default=FIGURES, help="default: docs/benchmarks.json")
    args = parser.parse_args(argv)
    if unknown := sorted(set(args.parts) - set(PARTS)):
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("REPURCHASE_IDENTITY_SECRET", "benchmark")
    os.environ["DBT_TARGET_PATH"] = os.environ["DBT_LOG_PATH"] = str(folder / "dbt")
    try:
        for part in args.parts or [name for name in PARTS if name != "sizes"]:
            for size in args.orders if part != "demo" else [None]:
                found = PARTS[part](folder, size, args.rounds)
                note(args.figures, part, size, circumstances(args.rounds) | found)
    except (BenchmarkError, OSError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    show(args.figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
