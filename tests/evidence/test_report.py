"""The command that makes the validation report: what it says, what it refuses, and what it makes of results."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.evidence import __main__ as command
from tests.evidence import requirements, results, suite
from tests.evidence.environment import Digest, Product
from tests.evidence.render import write
from tests.evidence.report import Report, shown
from tests.evidence.requirements import Stated
from tests.evidence.results import Outcome, Result

HEAD = "| Id | Requirement | Why | Source |\n|---|---|---|---|\n"
ROW = "| `AB-01` | It does `this`. | | [page], step 1 |"
PAGE = f"# Requirements\n\n## First\n\n{HEAD}{ROW}\n\n[page]: https://example.com/a\n"
TEST, RUST = "tests/e2e/test_modes.py::test_x", "planner: batch::x"
PASSED = Result(Outcome.PASSED, 1, 0, 1.5)


def stated(page: str = PAGE) -> Stated:
    found = requirements.stated(page)
    assert found.problems == ()
    return found


def report(tests: dict[str, list[str]], found: results.Results, exists: set[str], page: str = PAGE) -> Report:
    there = stated(page)
    return Report(
        product=Product("tdp-privatelink", "0.1.0", "c0ffee", "2026-11-26T12:00:00Z", ()),
        made="2026-11-26 12:00 UTC",
        by="Jo <jo@example.com>",
        surroundings={"AWS": "not AWS"},
        digests=[Digest("Cargo.lock", "ab" * 32, "2026-11-26 12:00 UTC")],
        shown=shown(there.requirements, tests, exists, found),
        confirmations=there.confirmations,
        only=[],
        problems=requirements.problems(there.requirements, {one.id for one in there.requirements}, tests, exists),
        results_from="run for this report",
    )


# The repository's own.


def test_every_requirement_of_the_page_has_tests_that_exist() -> None:
    """What the command refuses, found without running anything."""
    there = stated(requirements.STATED.read_text())
    exists = suite.python_tests(requirements.ROOT) | suite.rust_tests(requirements.ROOT)
    mapped = requirements.mapping(requirements.MAPPED.read_text())
    ids = {one.id for one in there.requirements}
    assert requirements.problems(there.requirements, ids, mapped, exists) == []
    assert len(ids) > 100 and len(there.confirmations) > 10
    assert list(mapped) == [one.id for one in there.requirements], "one order, to review both side by side"


def test_no_test_is_in_a_class_where_it_would_not_be_found() -> None:
    assert suite.classes_of_tests(requirements.ROOT) == []


def test_sources_within_the_repository_are_there() -> None:
    there = stated(requirements.STATED.read_text())
    sources = [one.source for one in there.requirements] + [one.source for one in there.confirmations]
    addresses = {part.address for parts in sources for part in parts if part.address}
    pages = {address for address in addresses if not address.startswith("https://")}
    assert len(pages) > 10
    for page in pages:
        path, _, anchor = page.partition("#")
        text = (requirements.ROOT / path).read_text().lower()
        headings = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
        found = {"".join(one for one in line if one.isalnum() or one in " -_").replace(" ", "-") for line in headings}
        assert not anchor or anchor in found, page


# What fails.


@pytest.mark.parametrize("tests", [{}, {"AB-01": []}])
def test_a_requirement_without_a_test_fails(tests: dict[str, list[str]]) -> None:
    made = report(tests, {}, {TEST})
    assert (made.passed, made.problems, made.shown[0].verdict) == (False, ["AB-01 has no test"], "no test")


def test_a_test_that_does_not_exist_fails_whatever_an_old_file_says() -> None:
    made = report({"AB-01": [TEST]}, {TEST: PASSED}, {"tests/e2e/test_modes.py::test_y"})
    assert (made.passed, made.problems) == (False, [f"AB-01: there is no test {TEST}"])
    assert made.shown[0].verdict == "not shown"


def test_tests_for_what_is_no_requirement_fail() -> None:
    assert report({"AB-01": [TEST], "AB-02": [TEST]}, {TEST: PASSED}, {TEST}).problems == [
        "AB-02 of mapping.toml is no requirement"
    ]


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.PASSED, "passed"),
        (Outcome.FAILED, "failed"),
        (Outcome.SKIPPED, "not shown"),
        (Outcome.EXPECTED_TO_FAIL, "not shown"),
        (Outcome.NOT_RUN, "not shown"),
    ],
)
def test_a_requirement_is_shown_when_each_of_its_tests_passed(outcome: Outcome, verdict: str) -> None:
    found = {TEST: Result(outcome, 1, said="because"), RUST: PASSED}
    made = report({"AB-01": [TEST, RUST]}, found, {TEST, RUST})
    assert (made.shown[0].verdict, made.passed) == (verdict, verdict == "passed")
    deviations = [] if made.passed else [f"{TEST} (AB-01) {outcome}: because"]
    assert made.deviations == deviations


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("| `AB-01` | Twice. | | [page] |", "AB-01 is stated 2 times"),
        ("| `AB-02` | It has no page. | | somewhere |", "AB-02 has no statement or no source"),
        ("| `AB-02` | Its page is not there. | | [other] |", "AB-02: no address for the source [other]"),
        ("| `AB-02` | It has a | too much. | | [page] |", "AB-02 has 5 cells instead of 4"),
        ("| `ab-2` | It has no id. | | [page] |", "a row of docs/requirements.md that is no requirement"),
    ],
)
def test_a_page_that_says_something_else_is_a_problem(row: str, says: str) -> None:
    found = requirements.stated(PAGE.replace("\n\n[page]", f"\n{row}\n\n[page]")).problems
    assert says in "; ".join(found)


# Results.

JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" timestamp="2026-11-26T12:00:00.000000+00:00">
<testcase classname="tests.test_b" name="test_passed" time="1.25"/>
<testcase classname="tests.test_b" name="test_failed" time="0.5"><failure message="1 == 2">long</failure></testcase>
<testcase classname="tests.test_b" name="test_in_set_up" time="0"><error message="fixture broke"/></testcase>
<testcase classname="tests.test_b" name="test_skipped" time="0"><skipped type="pytest.skip" message="none"/></testcase>
<testcase classname="tests.test_b" name="test_open" time="0"><skipped type="pytest.xfail" message="known"/></testcase>
<testcase classname="tests.test_b" name="test_cases[a]" time="1"/>
<testcase classname="tests.test_b" name="test_cases[b/c.py::d]" time="2"/>
<testcase classname="tests.test_b" name="test_mixed[a]" time="1"/>
<testcase classname="tests.test_b" name="test_mixed[b]" time="1"><failure message="two&#10;lines"/></testcase>
<testcase classname="tests.test_b" name="test_some[a]" time="1"/>
<testcase classname="tests.test_b" name="test_some[b]" time="0"><skipped type="pytest.skip" message="none"/></testcase>
</testsuite></testsuites>
"""


def test_the_results_of_pytest_are_taken_by_function_with_all_their_cases() -> None:
    found = {test.split("::")[1]: result for test, result in results.read_junit(JUNIT).items()}
    assert {name: (one.outcome.value, one.cases, one.seconds) for name, one in found.items()} == {
        "test_passed": ("passed", 1, 1.25),
        "test_failed": ("failed", 1, 0.5),
        "test_in_set_up": ("failed", 1, 0.0),
        "test_skipped": ("skipped", 1, 0.0),
        "test_open": ("expected to fail", 1, 0.0),
        "test_cases": ("passed", 2, 3.0),
        "test_mixed": ("failed", 2, 2.0),
        "test_some": ("passed", 2, 1.0),
    }
    assert found["test_mixed"].said == "test_mixed[b]: two lines"
    assert results.when(JUNIT).startswith("2026-11-26T12:00")
    assert set(results.read_junit(JUNIT)) >= {"tests/test_b.py::test_passed"}


def test_a_case_that_was_skipped_beside_others_is_a_deviation_and_no_failure() -> None:
    found = {TEST: results.read_junit(JUNIT)["tests/test_b.py::test_some"]}
    made = report({"AB-01": [TEST]}, found, {TEST})
    assert made.passed
    assert made.deviations == [f"{TEST} (AB-01): 1 of 2 cases were skipped: test_some[b]: none"]


def test_the_results_of_rust_are_taken_by_name() -> None:
    output = """
running 4 tests
test batch::a ... ok
test batch::b ... FAILED
test batch::c ... ignored, takes long
test batch::d - should panic ... ok

failures:

---- batch::b stdout ----

thread 'batch::b' panicked at functions/planner/tests/batch.rs:1:1:
boom

"""
    found = results.read_libtest(output)
    outcomes = {name: one.outcome.value for name, one in found.items()}
    assert outcomes == {"batch::a": "passed", "batch::b": "failed", "batch::c": "skipped", "batch::d": "passed"}


def test_the_binary_of_each_crates_tests_is_found_in_what_cargo_says() -> None:
    def artifact(crate: str, test: bool, executable: str | None) -> str:
        return json.dumps(
            {
                "reason": "compiler-artifact",
                "manifest_path": f"/x/functions/{crate}/Cargo.toml",
                "profile": {"test": test},
                "executable": executable,
            }
        )

    lines = [artifact("planner", True, "/x/main-1"), artifact("checks", True, "/x/main-2")]
    lines += [artifact("serde", False, None), "warning: something", '{"reason":"build-finished","success":true}']
    messages = "\n".join(lines)
    assert results.test_binaries(messages) == [("planner", "/x/main-1"), ("checks", "/x/main-2")]


# The files.


class Text(HTMLParser):
    """Tags and text of a page; a page that a hostile name broke has other tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "style")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


HOSTILE = "tests/x.py::test_<script>alert(1)</script>|`\"'&"


def test_a_hostile_name_is_text_in_every_file(tmp_path: Path) -> None:
    found = {HOSTILE: Result(Outcome.FAILED, 1, said="<img src=x onerror=alert(1)> | `x`")}
    page = PAGE.replace("It does `this`.", "It does `<b>` & <i>that</i>.")
    made = report({"AB-01": [HOSTILE]}, found, {HOSTILE}, page)
    write(made, tmp_path)
    html = Text((tmp_path / "report.html").read_text())
    assert not {"script", "img", "b", "i"} & set(html.tags)
    assert HOSTILE in html.texts and "<b>" in html.texts
    markdown = (tmp_path / "report.md").read_text()
    assert "<img" not in markdown.replace("\\<img", "")
    (row,) = [line for line in markdown.splitlines() if line.startswith("| AB-01")]
    assert row.replace("\\|", "").count("|") == 7, "six cells"
    assert r"| It does `<b>` \& \<i\>that\</i\>. | page, step 1 |" in row
    assert json.loads((tmp_path / "report.json").read_text())["requirements"][0]["tests"][0]["test"] == HOSTILE


def test_the_page_asks_for_nothing_from_elsewhere(tmp_path: Path) -> None:
    write(report({"AB-01": [TEST]}, {TEST: PASSED}, {TEST}), tmp_path)
    text = (tmp_path / "report.html").read_text()
    html = Text(text)
    assert not {"script", "link", "img", "iframe", "object"} & set(html.tags)
    assert [one for one in html.addresses if not one.startswith(("#", "https://example.com/a"))] == []
    assert "url(" not in text and "@import" not in text


def test_the_files_say_the_same(tmp_path: Path) -> None:
    write(report({"AB-01": [TEST]}, {TEST: PASSED}, {TEST}), tmp_path)
    machine = json.loads((tmp_path / "report.json").read_text())
    assert (machine["verdict"], machine["summary"]["passed"], machine["product"]["commit"]) == ("passed", 1, "c0ffee")
    for name in ("report.md", "report.html"):
        text = (tmp_path / name).read_text()
        for part in ("AB-01", TEST, "c0ffee", "0.1.0", "not AWS", "Approved by", "https://example.com/a", "ab" * 32):
            assert part in text, (name, part)


# The command.


def test_it_takes_the_results_of_an_earlier_run_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "test_a_customer_hosted_platform_has_its_own_names"
    test = f"tests/e2e/test_hosts.py::{name}"
    case = f'<testcase classname="tests.e2e.test_hosts" name="{name}" time="1"/>'
    junit = tmp_path / "junit.xml"
    monkeypatch.setattr(results, "run_python", lambda *_: pytest.fail("nothing is to be run"))
    junit.write_text(f'<testsuites><testsuite timestamp="2026-11-26T12:00:00">{case}</testsuite></testsuites>')
    given = ["--only", "HST-03", "--results", str(junit), "--out", str(tmp_path / "out"), "--by", "Jo"]
    assert command.main(given) == 0
    machine = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (machine["preparedBy"], machine["partial"]) == ("Jo", ["HST-03"])
    assert [one["test"] for one in machine["requirements"][0]["tests"]] == [test]
    assert "2026-11-26T12:00:00" in machine["resultsFrom"] and "on which commit" in " ".join(machine["deviations"])
    # Without a result in the file it is not shown, and the report is there all the same.
    junit.write_text("<testsuites><testsuite/></testsuites>")
    assert command.main(given) == 1
    assert json.loads((tmp_path / "out" / "report.json").read_text())["verdict"] == "failed"


def test_what_is_not_known_is_refused_before_anything_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--only", "XX-01", "--out", str(tmp_path)]) == 2
    assert command.main(["--results", str(tmp_path / "none.xml"), "--out", str(tmp_path)]) == 2
    assert "XX-01" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
