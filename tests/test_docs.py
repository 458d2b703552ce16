"""The documents name what the code has, and nothing else."""

import re
import subprocess
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
    files = ("settings.rs", "reconcile/config.rs", "verify/src/config.rs", "preflight/config.rs")
    config = "".join((ROOT / "functions" / path).read_text() for path in files)
    variables = set(re.findall(r'"([A-Z]+_[A-Z_]+|MODE|VERIFIERS|CONTACTS)"', config)) - {"AWS_REGION"}
    assert len(variables) == 20 + 5
    readme = (ROOT / "README.md").read_text()
    assert [name for name in sorted(variables) if f"`{name}`" not in readme] == []


def test_every_outcome_event_and_severity_stands_in_the_readme() -> None:
    report = (ROOT / "functions/planner/src/report.rs").read_text()
    news = (ROOT / "functions/planner/src/news.rs").read_text()
    words = set(re.findall(r'(?:Outcome|Event)::\w+ => \{?\s*"([a-z-]+)"', report + news))
    assert len(words) == 9 + 13 - 4 + 3, "held, withdrawn, refused and failed are both outcomes and events"
    readme = (ROOT / "README.md").read_text()
    assert [word for word in sorted(words) if f"`{word}`" not in readme] == []


def test_every_parameter_of_the_readme_exists_in_the_template() -> None:
    template = (ROOT / "template.yaml").read_text()
    parameters = re.findall(r"^\| `([A-Z]\w+)` \(`[A-Z_]+`\)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(parameters) > 7
    assert [name for name in parameters if f"\n  {name}:\n    Type:" not in template] == []


def test_the_template_and_the_code_agree_on_the_variables() -> None:
    template = (ROOT / "template.yaml").read_text()
    blocks = re.findall(r"Environment:\n\s+Variables:\n((?:\s+[A-Z_]+: .*\n)+)", template)
    assert len(blocks) == 3
    shared = (ROOT / "functions/settings.rs").read_text()
    for block, folder, most in zip(blocks, ("reconcile", "verify/src", "preflight"), (13, 3, 14), strict=True):
        variables = re.findall(r"^\s+([A-Z_]+):", block, re.MULTILINE)
        config = (ROOT / f"functions/{folder}/config.rs").read_text() + (shared if folder != "verify/src" else "")
        assert len(variables) == most
        assert [name for name in variables if f'"{name}"' not in config] == []


def resource(name: str) -> str:
    """One resource of the template, as text."""
    template = (ROOT / "template.yaml").read_text()
    found = re.search(rf"^  {name}:\n(?:(?:    .*)?\n)+", template, re.MULTILINE)
    assert found is not None, name
    return found[0]


def actions_in(*patterns: str) -> set[str]:
    """The IAM actions that files of functions/aws name."""
    files = [path for pattern in patterns for path in (ROOT / "functions/aws").glob(pattern)]
    return {found for path in files for found in re.findall(r'"([a-z0-9]+:[A-Z]\w+)"', path.read_text())}


def allowed_to(role: str) -> set[str]:
    found = re.findall(r"^\s+(?:- |Action: )([a-z0-9]+:[A-Z]\w+)$", resource(role), re.MULTILINE)
    return set(found) - {"sts:AssumeRole"}


def test_the_role_allows_the_calls_of_the_code_and_no_others() -> None:
    """Beside the code's own: what Route 53, Lambda and SNS do in the role's name."""
    called = actions_in("ec2/endpoints.rs", "lambda.rs", "route53.rs", "sns.rs", "ssm.rs")
    in_its_name = {"ec2:DescribeVpcs", "sqs:SendMessage", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert len(called) == 15
    assert allowed_to("ReconcileRole") == called | in_its_name


def test_the_preflight_role_allows_reading_announcing_and_log_lines_only() -> None:
    called = actions_in("ec2/*.rs", "profiles.rs", "quotas.rs", "resolver/*.rs", "ses.rs", "sns.rs")
    called |= {"route53:ListHostedZones", "route53:ListHostedZonesByVPC", "route53:ListResourceRecordSets"}
    in_its_name = {"sqs:SendMessage", "logs:CreateLogStream", "logs:PutLogEvents"}
    allowed = allowed_to("PreflightRole")
    assert allowed == called | in_its_name
    reads = {action for action in allowed if action.split(":")[1].startswith(("Describe", "Get", "List"))}
    assert allowed - reads == in_its_name | {"sns:Publish"}
    page = (ROOT / "docs/permissions.md").read_text()
    assert [action for action in sorted(allowed) if f"`{action}`" not in page] == []


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


def test_the_verifiers_role_gives_its_code_nothing_but_log_lines() -> None:
    """Lambda needs the actions on network interfaces to attach the function; a Deny keeps them from the code."""
    role = resource("VerifyRole")
    statements = {part.split("\n")[0]: part for part in role.split("- Sid: ")[1:]}
    assert list(statements) == ["WriteLogs", "LetLambdaAttachTheFunction", "NothingForTheCode"]

    def actions(sid: str) -> set[str]:
        return set(re.findall(r"^\s+- ([a-z0-9]+:[\w*]+)$", statements[sid], re.MULTILINE))

    assert actions("WriteLogs") == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert "Resource: !GetAtt VerifyLogs.Arn" in statements["WriteLogs"]
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    assert actions("LetLambdaAttachTheFunction") == {
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    }
    assert "Effect: Deny" in statements["NothingForTheCode"]
    assert {"ec2:*", "route53:*", "sns:*"} <= actions("NothingForTheCode")
    assert "lambda:SourceFunctionArn" in statements["NothingForTheCode"]


def test_the_verifiers_security_group_lets_out_tls_and_dns_only() -> None:
    group = resource("VerifySecurityGroup")
    assert "SecurityGroupIngress" not in group
    rules = re.findall(r"IpProtocol: (\S+)\n\s+FromPort: (\d+)\n\s+ToPort: (\d+)\n\s+CidrIp: (.*)", group)
    assert {rule[:3] for rule in rules} == {("tcp", "443", "443"), ("udp", "53", "53"), ("tcp", "53", "53")}
    assert len(rules) == group.count("CidrIp") == 9
    assert all("${VerifyCidrs}," in rule[3] for rule in rules)


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
    sources = "\n".join(path.read_text() for path in (ROOT / "functions/planner/src").glob("*.rs"))
    for reach in ("std::env", "std::time", "std::fs", "std::net", "SystemTime", "async fn"):
        assert reach not in sources, reach
