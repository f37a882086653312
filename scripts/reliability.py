"""Run the long forms of the tests of reliability and note their figures for the README.

Each test leaves its figures in target/reliability when its long form passes. They are
gathered in docs/reliability.json, with the day, and `docs.py` makes the READMEs' table
of it: both are written here. All of it takes about an hour on two cores.
Exit code 0: all passed; 1: one failed, whose earlier figures stay as they are.
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import docs

PROJECT = Path(__file__).resolve().parent.parent
LEFT = PROJECT / "target" / "reliability"
TESTS = {  # file: what makes it long, and how long
    "test_faults.py": ("REPURCHASE_KILLS", 100),
    "test_increments.py": ("REPURCHASE_HISTORIES", 500),
    "test_input_mutations.py": ("REPURCHASE_MUTATIONS", 1000),
    "test_project_mutations.py": ("REPURCHASE_MUTANTS", 60),
}


def run_tests(files: list[str]) -> list[str]:
    """Run the long form of each file; those that failed, whose figures go."""
    failed = []
    for path in LEFT.glob("*.json"):
        path.unlink()
    for file in files:
        variable, count = TESTS[file]
        print(f"{file}: {variable}={count} ...", file=sys.stderr, flush=True)
        before = set(LEFT.glob("*.json"))
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-m",
                "not engines",
                f"tests/python/{file}",
            ],
            cwd=PROJECT,
            env=os.environ | {variable: str(count)},
        )
        if done.returncode:
            failed.append(file)
            for path in set(LEFT.glob("*.json")) - before:
                path.unlink()
    return failed


def gathered(known: dict, today: str) -> dict:
    """The figures known, and in their place those that tests left; by name of proof.

    Of a list its length is kept.
    """
    found = dict(known)
    for path in sorted(LEFT.glob("*.json")):
        figures = {
            name: len(value) if isinstance(value, list) else value
            for name, value in json.loads(path.read_text("utf-8")).items()
            if isinstance(value, int | float | list)
        }
        found[path.stem] = figures | {"measured_on": today}
    return found


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--only", choices=TESTS, action="append", help="one of the files, repeatable")
    add("--gather", action="store_true", help="run nothing, note what is left there")
    args = parser.parse_args(argv)
    failed = [] if args.gather else run_tests(args.only or list(TESTS))
    known = json.loads(docs.RELIABILITY.read_text("utf-8"))
    found = gathered(known, date.today().isoformat())
    docs.RELIABILITY.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    for language, name in docs.PAGES.items():
        page = PROJECT / name
        part = {"reliability": docs.reliability_table(language)}
        page.write_text(docs.fill(page.read_text("utf-8"), part), "utf-8")
    for file in failed:
        print(f"reliability: {file} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
