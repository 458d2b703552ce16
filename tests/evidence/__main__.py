"""Makes the validation report: `python -m tests.evidence`, or `make evidence`. docs/evidence.md says what it is.

It ends with 1 when a requirement has no test, a test that it names does not exist, or one did not pass; the report is
written all the same.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.evidence import environment, requirements, results, suite
from tests.evidence.render import write
from tests.evidence.report import Report, shown
from tests.evidence.results import Result
from tests.harness.function import binary

ROOT = requirements.ROOT


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.evidence", description="Make the validation report.")
    ids = "ids of requirements (TDP-01) or groups of them (TDP); the report then says that it is partial"
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help=ids)
    parser.add_argument("--out", type=Path, default=ROOT / "target" / "evidence", help="where to write it")
    earlier = "the JUnit file of an earlier run of the Python tests, instead of running them"
    parser.add_argument("--results", type=Path, metavar="FILE", help=earlier)
    parser.add_argument("--by", help="who prepares the report; otherwise who git says you are")
    return parser.parse_args(given)


def make(options: argparse.Namespace) -> Report:
    stated = requirements.stated(requirements.STATED.read_text())
    tests = requirements.mapping(requirements.MAPPED.read_text())
    chosen = stated.chosen(options.only)
    python, rust = suite.python_tests(ROOT), suite.rust_tests(ROOT)
    all_ids = {one.id for one in stated.requirements}
    problems = [*stated.problems, *requirements.problems(chosen, all_ids, tests, python | rust)]
    mapped = {test for one in chosen for test in tests.get(one.id, [])}
    made = datetime.now(UTC)
    product, state = environment.product(ROOT), environment.state(ROOT)
    found, source, notes = outcomes(mapped & python, mapped & rust, options)
    if environment.state(ROOT) != state:
        notes.append("The sources changed while the tests ran.")
    if old := [name for name in environment.FUNCTIONS if environment.stale(binary(name))]:
        notes.append(f"Older than the sources they were built from: {', '.join(old)}. `make prepare` builds them.")
    return Report(
        product=product,
        made=f"{made:%Y-%m-%d %H:%M} UTC",
        by=options.by or environment.preparer(ROOT),
        surroundings=environment.surroundings(ROOT),
        digests=environment.digests(ROOT),
        shown=shown(chosen, tests, python | rust, found),
        confirmations=stated.confirmations,
        only=options.only,
        problems=problems,
        results_from=source,
        notes=notes,
        others=sorted((python | rust) - {test for listed in tests.values() for test in listed}),
    )


def outcomes(python: set[str], rust: set[str], options: argparse.Namespace) -> tuple[dict[str, Result], str, list[str]]:
    """What came of each test, where that is from, and what has to be said about it."""
    if options.results:
        text = options.results.read_text()
        began = results.when(text)
        source = f"Python: an earlier run, begun {began} ({options.results.name}); Rust: run for this report"
        note = f"The results of the Python tests are those of a run begun {began}; it does not say on which commit."
        return results.read_junit(text) | results.run_rust(rust, ROOT), source, [note]
    options.out.mkdir(parents=True, exist_ok=True)
    junit = options.out.resolve() / "pytest.xml"
    print(f"Running {len(python)} tests in Python and {len(rust)} in Rust, which show the requirements.", flush=True)
    found = results.run_rust(rust, ROOT)
    if python:
        results.run_python(python, ROOT, junit)
        found |= results.read_junit(junit.read_text()) if junit.is_file() else {}
    return found, "run for this report", []


def main(given: list[str]) -> int:
    options = arguments(given)
    stated = requirements.stated(requirements.STATED.read_text())
    if unknown := stated.unknown(options.only):
        print(f"No requirement is called {', '.join(unknown)}: docs/requirements.md has them.", file=sys.stderr)
        return 2
    if options.results and not options.results.is_file():
        print(f"{options.results} is not there.", file=sys.stderr)
        return 2
    report = make(options)
    files = write(report, options.out)
    counts = ", ".join(f"{count} {word}" for word, count in report.summary.items() if count)
    print(f"\n{'Passed' if report.passed else 'FAILED'}: {counts}, of {len(report.shown)} requirements.")
    for line in report.deviations:
        print(f"  {line}")
    print(f"Report: {', '.join(str(path) for path in files)}")
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
