"""The documents name what the code has, and nothing else."""

import json
import re
import subprocess
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent


def rust_sources() -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / "functions").rglob("*.rs")) if "tests" not in path.parts)


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
    variables = set(re.findall(r'"([A-Z]+_[A-Z_]+|MODE|VERIFIERS|CONTACTS)"', config)) - {"AWS_REGION"}
    assert len(variables) == 24 + 5
    readme = (ROOT / "README.md").read_text()
    assert [name for name in sorted(variables) if f"`{name}`" not in readme] == []


def test_every_outcome_event_and_severity_stands_in_the_readme() -> None:
    report = (ROOT / "functions/planner/src/report.rs").read_text()
    news = (ROOT / "functions/planner/src/news.rs").read_text()
    words = set(re.findall(r'(?:Outcome|Event)::\w+ => \{?\s*"([a-z-]+)"', report + news))
    assert len(words) == 9 + 16 - 4 + 3, "held, withdrawn, refused and failed are both outcomes and events"
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
    shared = "".join((ROOT / "functions" / path).read_text() for path in ("settings.rs", "routes.rs"))
    for block, folder, most in zip(blocks, ("reconcile", "verify/src", "preflight"), (20, 3, 15), strict=True):
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


NOTHING = object()


class Stack:
    """The template with the values of one deployment, as CloudFormation would understand it."""

    def __init__(self, **values: str) -> None:
        self.template = yaml_parse((ROOT / "template.yaml").read_text())
        parameters = self.template["Parameters"]
        defaults = {name: parameter.get("Default", "") for name, parameter in parameters.items()}
        pseudo = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::URLSuffix": "amazonaws.com"}
        own = {"AWS::AccountId": "111122223333", "AWS::StackName": "tdp", "AWS::NoValue": NOTHING}
        self.values: dict[str, Any] = {**defaults, **pseudo, **own, **values}
        for name, parameter in parameters.items():
            if parameter["Type"] == "CommaDelimitedList":
                self.values[name] = self.values[name].split(",")

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not NOTHING]
        if not isinstance(node, dict):
            return node
        name, given = next(iter(node.items()))
        match name:
            case "Ref":
                return self.values.get(given, f"arn:aws:sns:us-east-1:111122223333:{given:x<64}")
            case "Fn::GetAtt":
                return f"arn:aws:lambda:us-east-1:111122223333:function:{given[0]:x<64}"
            case "Fn::If":
                return self.value(given[1] if self.holds({"Condition": given[0]}) else given[2])
            case "Fn::Join":
                return given[0].join(self.value(given[1]))
            case "Fn::Split":
                return self.value(given[1]).split(given[0])
            case "Fn::Sub":
                text, more = (given, {}) if isinstance(given, str) else given
                known = self.values | {key: self.value(value) for key, value in more.items()}
                return re.sub(r"\$\{([\w:]+)\}", lambda found: known[found[1]], text)
        values = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not NOTHING}

    def holds(self, condition: dict[str, Any]) -> bool:
        name, given = next(iter(condition.items()))
        match name:
            case "Condition":
                return self.holds(self.template["Conditions"][given])
            case "Fn::Equals":
                return self.value(given[0]) == self.value(given[1])
            case "Fn::Contains":
                return self.value(given[1]) in self.value(given[0])
            case "Fn::Not":
                return not self.holds(given[0])
            case "Fn::And":
                return all(map(self.holds, given))
            case "Fn::Or":
                return any(map(self.holds, given))
        raise AssertionError(name)

    def refusals(self) -> list[str]:
        """What the rules say against these values."""
        always: dict[str, Any] = {"Fn::And": []}
        rules = self.template["Rules"].values()
        rules = [rule for rule in rules if self.holds(rule.get("RuleCondition", always))]
        found = [assertion for rule in rules for assertion in rule["Assertions"] if not self.holds(assertion["Assert"])]
        return [assertion["AssertDescription"] for assertion in found]

    def policies(self, role: str) -> tuple[list[Any], list[Any]]:
        """The policies inside a role, and the managed ones that are attached to it."""
        inside = self.value(self.template["Resources"][role]["Properties"]["Policies"])
        attached = self.template["Resources"][role]["Properties"].get("ManagedPolicyArns", [])
        managed = []
        for name, found in self.template["Resources"].items():
            if "Condition" in found and not self.holds({"Condition": found["Condition"]}):
                continue
            if found["Type"] == "AWS::IAM::Policy" and {"Ref": role} in found["Properties"]["Roles"]:
                inside.append(self.value(found["Properties"]))
            if found["Type"] == "AWS::IAM::ManagedPolicy" and self.value({"Ref": name}) in self.value(attached):
                managed.append(self.value(found["Properties"]))
        return [policy["PolicyDocument"] for policy in inside], [policy["PolicyDocument"] for policy in managed]

    def statements(self, role: str) -> dict[str, Any]:
        inside, managed = self.policies(role)
        return {found["Sid"]: found for policy in inside + managed for found in policy["Statement"]}

    def allowed_to(self, role: str) -> set[str]:
        actions = [statement["Action"] for statement in self.statements(role).values()]
        return {action for found in actions for action in ([found] if isinstance(found, str) else found)}


NEEDED = {
    "TdpServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718",
    "TdpPlatformHost": "platform.tetrascience.com",
}
VPC = "vpc-0a1b2c3d4e5f60718"
# Every parameter that adds a statement.
EVERYTHING = NEEDED | {
    "TdpComponents": "agent-s3-direct",
    "TdpBucketPrefix": "ts-prod",
    "ExtraHosts": "*.files.example.com,ecs-a-1.us-east-1.amazonaws.com=com.amazonaws.us-east-1.ecs-agent",
    "AwsServiceRouting": "own",
    "VpcId": VPC,
    "ExtraVpcIds": "vpc-0a1b2c3d,vpc-0a1b2c3e@444455556666/us-west-2",
    "StagingVpcId": "vpc-1a1b2c3d4e5f60718",
    "AdoptOwner": "tdp-before",
    "Verifiers": f"{VPC}=verify",
    "AnnouncementKeyArn": "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
}
RECORD_NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"


def test_the_role_allows_the_calls_of_the_code_and_no_others() -> None:
    """Beside the code's own: what Route 53, Lambda and SNS do in the role's name."""
    called = actions_in("ec2/endpoints.rs", "lambda.rs", "route53.rs", "route53/*.rs", "sns.rs", "ssm.rs")
    in_its_name = {"ec2:DescribeVpcs", "sqs:SendMessage", "logs:CreateLogStream", "logs:PutLogEvents"}
    with_a_key = {"kms:GenerateDataKey*", "kms:Decrypt"}
    assert len(called) == 21
    assert Stack(**EVERYTHING).allowed_to("ReconcileRole") == called | in_its_name | with_a_key


def test_the_role_allows_no_more_than_the_parameters_ask_for() -> None:
    everything = Stack(**EVERYTHING).allowed_to("ReconcileRole")
    to_take_back = {"DeleteVPCAssociationAuthorization", "ListVPCAssociationAuthorizations"}
    asked_for = {"CreateVPCAssociationAuthorization", "UpdateHostedZoneComment"}

    def lacks(**values: str) -> set[str]:
        allowed = Stack(**NEEDED, **values).allowed_to("ReconcileRole")
        return {action.removeprefix("route53:") for action in everything - allowed if not action.startswith("kms:")}

    assert lacks() == to_take_back | asked_for
    assert lacks(VpcId=VPC) == asked_for, "VPCs that were configured once can still be taken back"
    assert lacks(VpcId=VPC, ExtraVpcIds="vpc-0a1b2c3d") == {"UpdateHostedZoneComment"}
    assert lacks(AdoptOwner="tdp-before") == to_take_back | {"CreateVPCAssociationAuthorization"}


def test_the_page_on_permissions_has_every_statement_and_action_of_the_role() -> None:
    page = (ROOT / "docs/permissions.md").read_text()
    table = page.split("## The function, action by action")[1].split("###")[0]
    stack = Stack(**EVERYTHING)
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(stack.statements("ReconcileRole"))
    assert [action for action in sorted(stack.allowed_to("ReconcileRole")) if f"`{action}`" not in table] == []


def written(stack: Stack, kind: str) -> list[str]:
    """The names that one of the statements for writing lists."""
    statement = stack.statements("ReconcileRole")[f"WriteRecordsOf{kind}Hosts"]
    names: list[str] = statement["Condition"]["ForAllValues:StringLike"][RECORD_NAMES]
    return names


def test_the_role_writes_records_at_the_configured_hosts_and_below_them_only() -> None:
    stack = Stack(**EVERYTHING)
    assert written(stack, "Platform") == [
        "platform.tetrascience.com",
        "*.platform.tetrascience.com",
        "api.tetrascience.com",
        "*.api.tetrascience.com",
    ]
    hosts = ["files.example.com", "ecs-a-1.us-east-1.amazonaws.com", "com.amazonaws.us-east-1.ecs-agent"]
    assert written(stack, "Extra") == hosts + [f"*.{host}" for host in hosts]
    own = Stack(**NEEDED | {"TdpPlatformHost": "tdp.example.com"})
    assert written(own, "Platform") == ["tdp.example.com", "*.tdp.example.com"]
    writing = [sid for sid in own.statements("ReconcileRole") if sid.startswith("WriteRecordsOf")]
    assert writing == ["WriteRecordsOfPlatformHosts"]


@pytest.mark.parametrize(("region", "suffix"), [("us-east-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn")])
def test_the_role_writes_records_at_every_aws_host_of_the_catalog_and_at_no_other(region: str, suffix: str) -> None:
    catalog = json.loads((ROOT / "functions/planner/catalog.json").read_text())
    rows = [row["host"] for row in catalog["hosts"] + catalog["beside"] if row["via"].startswith("aws:")]
    given = {"{region}": region, "{suffix}": suffix, "{bucket}": "ts-prod"}
    filled = [re.sub(r"\{\w+\}", lambda found: given[found[0]], row) for row in rows]
    # A star inside a label is no DNS wildcard, so no record has such a name.
    hosts = [host for host in filled if "*" not in host.removeprefix("*.")]
    allowed = written(Stack(**EVERYTHING | {"AWS::Region": region, "AWS::URLSuffix": suffix}), "Aws")
    assert len(hosts) > 15
    unwritable = [host for host in hosts if not any(fnmatchcase(host, pattern) for pattern in allowed)]
    assert unwritable == []
    bases = {host.removeprefix("*.") for host in hosts}
    plain = {pattern.removeprefix("*.") for pattern in allowed}
    assert [name for name in sorted(plain) if name not in bases] == []
    assert allowed == [name for pattern in allowed[::2] for name in (pattern, f"*.{pattern}")]


def test_zones_are_attached_to_the_configured_vpcs_only() -> None:
    def vpcs(sid: str, **values: str) -> list[str]:
        condition = Stack(**NEEDED, **values).statements("ReconcileRole")[sid]["Condition"]
        assert condition["Null"] == {"route53:VPCs": "false"}, "ForAllValues is true of a list that is missing"
        found: list[str] = condition["ForAllValues:StringLike"]["route53:VPCs"]
        return found

    staging = "vpc-1a1b2c3d4e5f60718"
    for sid in ("ListZonesOfVpc", "CreatePrivateZones", "AttachAndDetachVpc"):
        assert vpcs(sid) == ["VPCId=vpc-*,VPCRegion=us-east-1"]
        assert vpcs(sid, VpcId=VPC) == [f"VPCId={VPC},VPCRegion=us-east-1"]
        both = vpcs(sid, VpcId=VPC, StagingVpcId=staging)
        assert both == [f"VPCId={vpc},VPCRegion=us-east-1" for vpc in (VPC, staging)]
    extra = vpcs("AttachExtraVpcs", VpcId=VPC, ExtraVpcIds="vpc-0a1b2c3d,vpc-0a1b2c3e@444455556666/us-west-2")
    assert extra == ["VPCId=vpc-0a1b2c3d,*", "VPCId=vpc-0a1b2c3e,*", "VPCId=444455556666/us-west-2,*"]


def test_the_policies_of_the_role_fit_into_iam_with_the_longest_values() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, which counts no white space."""
    most = Stack().template["Parameters"]
    longest = EVERYTHING | {
        "AWS::StackName": "s" * 128,
        "AWS::Region": "ap-southeast-1",
        "TdpPlatformHost": "h" * most["TdpPlatformHost"]["MaxLength"],
        "TdpBucketPrefix": "b" * most["TdpBucketPrefix"]["MaxLength"],
        # Short hosts make the longest list.
        "ExtraHosts": ",".join(["a.bc"] * (most["ExtraHosts"]["MaxLength"] // 5)),
        # Lambda takes 4 KB of variables; names and the shortest values of the others need 500.
        "ExtraVpcIds": ",".join([f"{VPC}@444455556666/us-east-1"] * (3596 // 45)),
    }
    inside, managed = Stack(**longest).policies("ReconcileRole")

    def sizes(policies: list[Any]) -> list[int]:
        return [len(json.dumps(policy, separators=(",", ":"))) for policy in policies]

    assert sum(sizes(inside)) <= 10240
    assert len(managed) == 2
    assert max(sizes(managed)) <= 6144


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, None),
        ({"VpcId": VPC, "ExtraVpcIds": "vpc-0a1b2c3d", "StagingVpcId": "vpc-0a1b2c3e"}, None),
        ({"StagingVpcId": "vpc-0a1b2c3e"}, None),
        ({"ExtraVpcIds": "vpc-0a1b2c3d"}, "needs VpcId"),
        ({"VpcId": VPC, "ExtraVpcIds": f"vpc-0a1b2c3d,{VPC}"}, "other VPCs than VpcId"),
        ({"VpcId": VPC, "StagingVpcId": VPC}, "cannot be VpcId"),
        ({"VpcId": VPC, "ExtraVpcIds": "vpc-0a1b2c3d", "StagingVpcId": "vpc-0a1b2c3d"}, "cannot be one of ExtraVpcIds"),
        ({"TdpBucketPrefix": "ts-prod"}, "agent-s3-direct"),
    ],
)
def test_the_rules_refuse_what_contradicts_itself(values: dict[str, str], words: str | None) -> None:
    refusals = Stack(**NEEDED, **values).refusals()
    assert len(refusals) == (0 if words is None else 1)
    assert words is None or words in refusals[0]


@pytest.mark.parametrize(
    ("parameter", "right", "wrong"),
    [
        (
            "TdpServiceName",
            [
                "com.amazonaws.vpce.us-gov-west-1.vpce-svc-0a1b2c3d",
                "cn.com.amazonaws.vpce.cn-north-1.vpce-svc-0a1b2c3d4e5f60718",
            ],
            ["", "cn.amazonaws.vpce.cn-north-1.vpce-svc-0a1b2c3d", "com.amazonaws.us-east-1.s3"],
        ),
        (
            "ExtraHosts",
            [
                "",
                "files.example.com,*.b.example.com",
                "files.example.com=com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718",
                "a.example.com,ecs-a-1.us-east-1.amazonaws.com=com.amazonaws.us-east-1.ecs-agent,*.b.example.com",
                "a.example.com=cn.com.amazonaws.cn-north-1.ecs",
                "a.example.com=aws.sagemaker.us-east-1.studio",
            ],
            [
                "a.example.com=",
                "=com.amazonaws.us-east-1.s3",
                "a.example.com=b.example.com",
                "a.example.com=com.amazonaws.s3",
                "a.example.com=vpce-0a1b2c3d",
                "a.example.com=com.amazonaws.us-east-1.s3=com.amazonaws.us-east-1.s3",
                "a.example.com, b.example.com",
                "A.example.com",
            ],
        ),
        ("HoldHosts", ["", "api.example.com", "*.example.com"], ["example", "a.*.example.com", "a.example.com=b"]),
        (
            "ExtraVpcIds",
            ["", "vpc-0a1b2c3d", f"{VPC}@444455556666/us-west-2"],
            ["vpc-0a1b", f"{VPC}@us-west-2", f"{VPC}@444455556666", f"{VPC}@44445555666/us-west-2"],
        ),
        ("StagingVpcId", ["", VPC], [f"{VPC},{VPC}", "subnet-0a1b2c3d"]),
        ("EndpointId", ["", ",".join(["vpce-0a1b2c3d"] * 20)], [",".join(["vpce-0a1b2c3d"] * 21), "vpce-svc-0a1b2c3d"]),
        ("AdoptOwner", ["", "tdp_1.a-B"], ["a b", "a/b", "x" * 129]),
    ],
)
def test_a_parameter_takes_what_it_says(parameter: str, right: list[str], wrong: list[str]) -> None:
    """In a list, the pattern holds for each value."""
    pattern = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"][parameter]["AllowedPattern"]
    assert [value for value in right if not re.fullmatch(pattern, value)] == []
    assert [value for value in wrong if re.fullmatch(pattern, value)] == []


def test_the_preflight_role_allows_reading_announcing_and_log_lines_only() -> None:
    called = actions_in("ec2/*.rs", "profiles.rs", "quotas.rs", "resolver/*.rs", "ses.rs", "sns.rs")
    called |= {"route53:ListHostedZones", "route53:ListHostedZonesByVPC", "route53:ListResourceRecordSets"}
    in_its_name = {"sqs:SendMessage", "logs:CreateLogStream", "logs:PutLogEvents"}
    allowed = Stack(**NEEDED).allowed_to("PreflightRole")
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
