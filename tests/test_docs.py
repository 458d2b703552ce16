"""The documents name what the code has, and nothing else."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def rust_sources() -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / "functions").rglob("*.rs")) if "tests" not in path.parts)


def table_codes(document: str) -> set[str]:
    """The first cell of each row that starts with a word in backticks."""
    return set(re.findall(r"^\| `([a-z-]+)`", (ROOT / document).read_text(), re.MULTILINE))


def test_every_problem_code_is_explained_and_every_explained_code_exists() -> None:
    sources = rust_sources()
    codes = set(re.findall(r'Problem::(?:note|refusal)\(\s*"([a-z-]+)"', sources))
    codes |= set(re.findall(r'Kind::[A-Za-z| :]+ => "([a-z-]+)",', sources))
    assert len(codes) > 15
    assert table_codes("docs/problems.md") == codes


def test_every_variable_stands_in_the_readme() -> None:
    config = (ROOT / "functions/reconcile/config.rs").read_text()
    variables = set(re.findall(r'"([A-Z]+_[A-Z_]+|MODE|VERIFIERS)"', config)) - {"AWS_REGION"}
    assert len(variables) > 12
    readme = (ROOT / "README.md").read_text()
    assert [name for name in sorted(variables) if f"`{name}`" not in readme] == []


def test_every_outcome_event_and_severity_stands_in_the_readme() -> None:
    report = (ROOT / "functions/planner/src/report.rs").read_text()
    news = (ROOT / "functions/planner/src/news.rs").read_text()
    words = set(re.findall(r'(?:Outcome|Event)::\w+ => "([a-z-]+)"', report + news))
    assert len(words) == 8 + 8 - 3 + 3, "withdrawn, refused and failed are both outcomes and events"
    readme = (ROOT / "README.md").read_text()
    assert [word for word in sorted(words) if f"`{word}`" not in readme] == []


def test_every_parameter_of_the_readme_exists_in_the_template() -> None:
    template = (ROOT / "template.yaml").read_text()
    parameters = re.findall(r"^\| `([A-Z]\w+)` \(`[A-Z_]+`\)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(parameters) > 7
    assert [name for name in parameters if f"\n  {name}:\n    Type:" not in template] == []


def test_the_template_and_the_code_agree_on_the_variables() -> None:
    template = (ROOT / "template.yaml").read_text()
    block = re.search(r"Environment:\n\s+Variables:\n((?:\s+[A-Z_]+: .*\n)+)", template)
    assert block is not None
    variables = re.findall(r"^\s+([A-Z_]+):", block[1], re.MULTILINE)
    config = (ROOT / "functions/reconcile/config.rs").read_text()
    assert len(variables) > 9
    assert [name for name in variables if f'"{name}"' not in config] == []


def test_the_role_allows_the_calls_of_the_code_and_no_others() -> None:
    """Beside the code's own: what Route 53, Lambda and SNS do in the role's name."""
    template = (ROOT / "template.yaml").read_text()
    role = template[template.index("  ReconcileRole:") : template.index("  AnnouncementKeyPolicy:")]
    allowed = set(re.findall(r"^\s+(?:- |Action: )((?:ec2|route53|sns|ssm|sqs|logs):\w+)$", role, re.MULTILINE))
    called = set(re.findall(r'"((?:ec2|route53|sns|ssm):\w+)"', rust_sources()))
    in_its_name = {"ec2:DescribeVpcs", "sqs:SendMessage", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert len(called) == 13
    assert allowed == called | in_its_name


def test_the_planner_can_reach_nothing_outside() -> None:
    """No async runtime, no AWS SDK, no clock: what it depends on is what docs/design.md says."""
    manifest = tomllib.loads((ROOT / "functions/planner/Cargo.toml").read_text())
    assert set(manifest["dependencies"]) == {"serde", "serde_json", "sha2", "thiserror"}
    sources = "\n".join(path.read_text() for path in (ROOT / "functions/planner/src").glob("*.rs"))
    for reach in ("std::env", "std::time", "std::fs", "std::net", "SystemTime", "async fn"):
        assert reach not in sources, reach
