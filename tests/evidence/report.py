"""Puts requirements, tests and results together: the matrix, what deviates, and the verdict."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.evidence.environment import Digest, Product
from tests.evidence.requirements import Confirmation, Mapping, Requirement
from tests.evidence.results import NOT_RUN, Outcome, Result, Results

FORMAT = "tdp-privatelink-evidence/1"


@dataclass(frozen=True)
class Shown:
    """A requirement with what its tests found."""

    requirement: Requirement
    tests: tuple[tuple[str, Result], ...]

    @property
    def verdict(self) -> str:
        outcomes = {result.outcome for _, result in self.tests}
        if not outcomes:
            return "no test"
        if outcomes == {Outcome.PASSED}:
            return "passed"
        return "failed" if Outcome.FAILED in outcomes else "not shown"

    @property
    def seconds(self) -> float | None:
        known = [result.seconds for _, result in self.tests if result.seconds is not None]
        return round(sum(known), 2) if known else None


@dataclass(frozen=True)
class Report:
    product: Product
    made: str
    by: str
    surroundings: dict[str, str]
    digests: list[Digest]
    shown: list[Shown]
    confirmations: tuple[Confirmation, ...]
    # Ids that were asked for; empty means all, and only then it is a report for a change request.
    only: list[str]
    # What is wrong with the trace itself.
    problems: list[str]
    # Whose results these are.
    results_from: str
    notes: list[str] = field(default_factory=list)
    # Tests that show no requirement: by far the most.
    others: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.problems and bool(self.shown) and all(one.verdict == "passed" for one in self.shown)

    @property
    def summary(self) -> dict[str, int]:
        counts = Counter(one.verdict for one in self.shown)
        return {word: counts[word] for word in ("passed", "failed", "not shown", "no test")}

    @property
    def tests(self) -> dict[str, Result]:
        return {test: result for one in self.shown for test, result in one.tests}

    @property
    def cases(self) -> int:
        return sum(result.cases for result in self.tests.values())

    @property
    def groups(self) -> dict[str, list[Shown]]:
        found: dict[str, list[Shown]] = {}
        for one in self.shown:
            found.setdefault(one.requirement.group, []).append(one)
        return found

    @property
    def sources(self) -> dict[str, str]:
        """The pages that are cited, by their labels."""
        cited = [one.requirement.source for one in self.shown] + [one.source for one in self.confirmations]
        return dict(sorted((part.text, part.address) for parts in cited for part in parts if part.address))

    @property
    def deviations(self) -> list[str]:
        """Everything that QA has to look at, a line each."""
        found = list(self.problems)
        for test, result in sorted(self.tests.items()):
            ids = ", ".join(one.requirement.id for one in self.shown if test in dict(one.tests))
            if result.outcome != Outcome.PASSED:
                found.append(f"{test} ({ids}) {result.outcome}" + (f": {result.said}" if result.said else ""))
            elif result.skipped:
                found.append(f"{test} ({ids}): {result.skipped} of {result.cases} cases were skipped: {result.said}")
        if self.product.uncommitted:
            count = len(self.product.uncommitted)
            files = "1 file that differs" if count == 1 else f"{count} files that differ"
            more = ", …" if count > 20 else ""
            found.append(f"The tests ran on {files} from the commit: {', '.join(self.product.uncommitted[:20])}{more}")
        return found + self.notes


def shown(
    requirements: Iterable[Requirement], tests: Mapping, exists: Collection[str], results: Results
) -> list[Shown]:
    """A test that does not exist has no result, whatever an old file of results says."""
    known = {test: result for test, result in results.items() if test in exists}
    mapped = {one: tests.get(one.id, []) for one in requirements}
    return [Shown(one, tuple((test, known.get(test, NOT_RUN)) for test in listed)) for one, listed in mapped.items()]


def as_json(report: Report) -> dict[str, Any]:
    def source(parts: Iterable[Any]) -> list[dict[str, Any]]:
        return [{"text": part.text, "address": part.address} for part in parts]

    return {
        "format": FORMAT,
        "verdict": "passed" if report.passed else "failed",
        "partial": report.only,
        "product": asdict(report.product),
        "made": report.made,
        "preparedBy": report.by,
        "resultsFrom": report.results_from,
        "environment": report.surroundings,
        "digests": [asdict(one) for one in report.digests],
        "summary": report.summary | {"tests": len(report.tests), "cases": report.cases},
        "requirements": [
            {
                "id": one.requirement.id,
                "group": one.requirement.group,
                "text": one.requirement.text,
                "why": one.requirement.why,
                "source": source(one.requirement.source),
                "verdict": one.verdict,
                "tests": [{"test": test, **asdict(result)} for test, result in one.tests],
            }
            for one in report.shown
        ],
        "deviations": report.deviations,
        "confirmations": [{**asdict(one), "source": source(one.source)} for one in report.confirmations],
        "testsWithoutRequirement": report.others,
    }
