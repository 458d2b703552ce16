"""Runs the tests that are asked for, and reads what came of each."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.evidence.suite import CRATES

SAID = 400


class Outcome(StrEnum):
    """From the worst to the best: of several cases of a test, the worst counts, but for skipped ones beside others."""

    FAILED = "failed"
    EXPECTED_TO_FAIL = "expected to fail"
    NOT_RUN = "not run"
    SKIPPED = "skipped"
    PASSED = "passed"


@dataclass(frozen=True)
class Result:
    outcome: Outcome
    cases: int = 0
    skipped: int = 0
    # Rust does not say how long each test took.
    seconds: float | None = None
    said: str = ""


NOT_RUN = Result(Outcome.NOT_RUN)
Results = Mapping[str, Result]


def plain(text: str) -> str:
    """One short line: what tests print is theirs, and may be anything."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= SAID else f"{line[:SAID]} …"


def run_python(tests: Iterable[str], root: Path, junit: Path) -> None:
    """Each test once, in two processes; what came of it is in the file."""
    junit.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--continue-on-collection-errors"]
    subprocess.run([*command, f"--junit-xml={junit}", *sorted(tests)], cwd=root, check=False)


def read_junit(text: str) -> dict[str, Result]:
    """By test function, all its cases together."""
    cases: dict[str, list[tuple[Outcome, float, str]]] = {}
    for case in xml.fromstring(text).iter("testcase"):
        module, name = case.get("classname", ""), case.get("name", "").split("[")[0]
        test = f"{module.replace('.', '/')}.py::{name}"
        cases.setdefault(test, []).append(_case(case))
    return {test: _together(found) for test, found in cases.items()}


def when(text: str) -> str:
    """When the run of a JUnit file began, by its own word."""
    suite = next(xml.fromstring(text).iter("testsuite"), None)
    return (suite.get("timestamp") if suite is not None else None) or "at an unknown time"


def _case(case: xml.Element) -> tuple[Outcome, float, str]:
    seconds = float(case.get("time") or 0)
    for tag in ("failure", "error"):
        if (found := case.find(tag)) is not None:
            return Outcome.FAILED, seconds, f"{case.get('name')}: {found.get('message') or found.text or tag}"
    if (found := case.find("skipped")) is not None:
        xfail = found.get("type") == "pytest.xfail"
        outcome = Outcome.EXPECTED_TO_FAIL if xfail else Outcome.SKIPPED
        return outcome, seconds, f"{case.get('name')}: {found.get('message') or outcome}"
    return Outcome.PASSED, seconds, ""


def _together(cases: list[tuple[Outcome, float, str]]) -> Result:
    order = list(Outcome)
    outcomes = {outcome for outcome, _, _ in cases}
    skipped = sum(outcome == Outcome.SKIPPED for outcome, _, _ in cases)
    # A case that was skipped beside others that passed is a deviation to name, and no failure.
    counting = outcomes - {Outcome.SKIPPED} or outcomes
    said = next((text for outcome in order for got, _, text in cases if got == outcome and text), "")
    seconds = sum(seconds for _, seconds, _ in cases)
    return Result(min(counting, key=order.index), len(cases), skipped, round(seconds, 2), plain(said))


def run_rust(tests: Iterable[str], root: Path) -> dict[str, Result]:
    """Built by cargo once, then each crate's own test binary: so it is known whose a test is."""
    wanted: dict[str, list[str]] = {}
    for test in tests:
        crate, name = test.split(": ", 1)
        wanted.setdefault(crate, []).append(name)
    if not wanted:
        return {}
    packages = [part for crate in CRATES for part in ("-p", crate)]
    command = ["cargo", "test", "--locked", *packages, "--no-run", "--message-format=json"]
    built = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=False)
    results: dict[str, Result] = {}
    for crate, binary in test_binaries(built.stdout):
        if names := wanted.get(crate):
            command = [binary, "--exact", *names]
            folder = root / "functions" / crate
            ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            results |= {f"{crate}: {name}": result for name, result in read_libtest(ran.stdout).items()}
    return results


def test_binaries(messages: str) -> list[tuple[str, str]]:
    """Crate and path of each test binary, from what cargo says about a build."""
    found = []
    for line in messages.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("reason") == "compiler-artifact" and message.get("executable") and message["profile"]["test"]:
            found.append((Path(message["manifest_path"]).parent.name, str(message["executable"])))
    return found


def read_libtest(output: str) -> dict[str, Result]:
    """The lines of Rust's test harness: `test batch::x ... ok`."""
    words = {"ok": Outcome.PASSED, "FAILED": Outcome.FAILED}
    results = {}
    for name, word in re.findall(r"^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)", output, re.MULTILINE):
        outcome = words.get(word, Outcome.SKIPPED)
        said = re.search(rf"^---- {re.escape(name)} stdout ----\n(.*?)\n\n", output, re.MULTILINE | re.DOTALL)
        results[name] = Result(outcome, 1, int(outcome == Outcome.SKIPPED), said=plain(said[1]) if said else "")
    return results
