"""The documents name what the code has, and nothing else; and the pure crates reach nothing outside."""

import re
import subprocess
import tomllib
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent


def rust_sources() -> str:
    return "\n".join(
        path.read_text() for path in sorted((ROOT / "functions").rglob("*.rs")) if "tests" not in path.parts
    )


def table_codes(document: str) -> set[str]:
    """The first cell of each row that starts with a word in backticks."""
    return set(re.findall(r"^\| `([a-z-]+)`", (ROOT / document).read_text(), re.MULTILINE))


def anchors(document: Path) -> set[str]:
    """What GitHub makes of the headings: lower case, without punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_the_documents_leads_somewhere() -> None:
    links = 0
    for document in [ROOT / "README.md", ROOT / "events/README.md", *(ROOT / "docs").glob("*.md")]:
        for path, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", document.read_text()):
            links += 1
            target = (document.parent / path).resolve() if path else document
            assert target.exists(), f"{document.name}: {path}"
            assert not anchor or anchor in anchors(target), f"{document.name}: {path}#{anchor}"
    assert links > 60


def test_every_problem_code_is_explained_and_every_explained_code_exists() -> None:
    sources = rust_sources()
    codes = set(re.findall(r'Problem::(?:note|refusal)\(\s*"([a-z-]+)"', sources))
    codes |= set(re.findall(r'Kind::[A-Za-z| :]+ => "([a-z-]+)",', sources))
    causes = set(re.findall(r'Cause::\w+ => "([a-z-]+)"', sources))
    assert (len(codes) > 20, len(causes)) == (True, 21)
    codes |= causes
    assert table_codes("docs/problems.md") == codes


def test_every_cause_and_every_trouble_of_a_verifier_stands_in_the_page_on_proof() -> None:
    sources = rust_sources()
    codes = set(re.findall(r'Cause::\w+ => "([a-z-]+)"', sources))
    codes |= set(re.findall(r'"(verifier-[a-z-]+|proof-[a-z]+|no-addresses)"', sources))
    page = (ROOT / "docs/proof.md").read_text()
    assert len(codes) == 21 + 3 + 4 + 1
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []


def test_every_variable_stands_in_the_readme() -> None:
    files = ("settings.rs", "routes.rs", "reconcile/config.rs", "verify/src/config.rs", "preflight/config.rs")
    config = "".join((ROOT / "functions" / path).read_text() for path in files)
    variables = set(re.findall(r'"([A-Z]+_[A-Z_]+|MODE|METRICS|VERIFIERS|CONTACTS)"', config)) - {"AWS_REGION"}
    assert len(variables) == 25 + 5
    readme = (ROOT / "README.md").read_text()
    assert [name for name in sorted(variables) if f"`{name}`" not in readme] == []


def test_every_outcome_event_and_severity_stands_in_the_readme() -> None:
    report = (ROOT / "functions/planner/src/report.rs").read_text()
    news = (ROOT / "functions/planner/src/news.rs").read_text()
    words = set(re.findall(r'(?:Outcome|Event)::\w+ => \{?\s*"([a-z-]+)"', report + news))
    assert len(words) == 9 + 16 - 4 + 3, "held, withdrawn, refused and failed are both outcomes and events"
    readme = (ROOT / "README.md").read_text()
    assert [word for word in sorted(words) if f"`{word}`" not in readme] == []


def finding_rows() -> list[str]:
    """The codes that the page on preflight explains, in its order."""
    page = (ROOT / "docs/preflight.md").read_text()
    return re.findall(r"^\| `([a-z0-9-]+)` \| (?:blocker|warning|note)", page, re.MULTILINE)


def test_every_finding_of_preflight_is_explained_and_every_explained_one_exists() -> None:
    sources = "".join(path.read_text() for path in sorted((ROOT / "functions/checks/src/checks").glob("*.rs")))
    codes = set(re.findall(r'(?:Finding::(?:blocker|warning|note)|off)\(\s*"([a-z0-9-]+)"', sources))
    assert len(codes) > 50
    assert sorted(finding_rows()) == sorted(codes)


def test_every_finding_of_preflight_has_a_test_in_which_it_is_found() -> None:
    """That each is absent where all is well, the clean worlds show for all of them at once."""
    tests = "".join(path.read_text() for path in (ROOT / "tests/preflight").glob("test_*.py"))
    assert [code for code in finding_rows() if f'"{code}"' not in tests] == []


def test_the_verifier_links_no_aws_sdk() -> None:
    """By cargo's own resolution of what its binary is built from, not by what its manifest says."""
    command = ["cargo", "tree", "--locked", "--offline", "--package", "verify", "--edges", "normal", "--prefix", "none"]
    tree = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    crates = {line.split()[0] for line in tree.splitlines() if line}
    assert {"verify", "planner", "lambda_runtime", "hickory-resolver", "rustls"} <= crates
    assert [crate for crate in crates if crate.startswith(("aws-", "aws_", "tdp-"))] == []


def test_the_checks_can_reach_nothing_outside() -> None:
    manifest = tomllib.loads((ROOT / "functions/checks/Cargo.toml").read_text())
    assert set(manifest["dependencies"]) == {"ipnet", "minijinja", "planner", "serde", "serde_json"}
    sources = "\n".join(path.read_text() for path in (ROOT / "functions/checks/src").rglob("*.rs"))
    for reach in ("std::env", "std::time", "std::fs", "SystemTime", "async fn"):
        assert reach not in sources, reach


def test_the_planner_can_reach_nothing_outside() -> None:
    """No async runtime, no AWS SDK, no clock: what it depends on is what docs/design.md says."""
    manifest = tomllib.loads((ROOT / "functions/planner/Cargo.toml").read_text())
    assert set(manifest["dependencies"]) == {"serde", "serde_json", "sha2", "thiserror"}
    sources = "\n".join(path.read_text() for path in (ROOT / "functions/planner/src").rglob("*.rs"))
    for reach in ("std::env", "std::time", "std::fs", "std::net", "SystemTime", "async fn"):
        assert reach not in sources, reach


def test_the_runbook_has_an_entry_for_each_outcome_problem_and_alarm_and_no_other() -> None:
    page = (ROOT / "docs/runbook.md").read_text()
    report = (ROOT / "functions/planner/src/report.rs").read_text()
    outcomes = set(re.findall(r'Outcome::\w+ => "([a-z-]+)"', report))
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == outcomes
    assert set(re.findall(r"^\| \[`([a-z-]+)`\]", page, re.MULTILINE)) == table_codes("docs/problems.md")
    template = (ROOT / "template.yaml").read_text()
    alarms = set(re.findall(r"AlarmName: !Sub \$\{AWS::StackName\}-([a-z-]+)", template))
    assert len(alarms) == 9
    assert set(re.findall(r"^### ([a-z-]+)$", page, re.MULTILINE)) == alarms
    letters = set(re.findall(r"^\*\*([A-H])\. ", page, re.MULTILINE))
    used = {
        letter for row in re.findall(r"^\| \S+ \| ([A-H, ]+) \|$", page, re.MULTILINE) for letter in row.split(", ")
    }
    assert len(letters) == 8 and used <= letters


def test_every_parameter_stands_in_the_readme_and_explains_itself() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text())
    readme = (ROOT / "README.md").read_text()
    assert {name for name in template["Parameters"] if f"`{name}`" not in readme} == set()
    assert all(parameter["Description"] for parameter in template["Parameters"].values())
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(interface["ParameterLabels"]) == sorted(template["Parameters"])
