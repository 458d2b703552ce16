"""What the roles of the template allow: the calls of the code, at the names and VPCs that are configured."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.template.stack import EVERYTHING, NEEDED, ROOT, VPC, Stack, resource

RECORD_NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"


def actions_in(*patterns: str) -> set[str]:
    """The IAM actions that files of functions/aws name."""
    files = [path for pattern in patterns for path in (ROOT / "functions/aws").glob(pattern)]
    return {found for path in files for found in re.findall(r'"([a-z0-9]+:[A-Z]\w+)"', path.read_text())}


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
    assert len(rules) == group.count("CidrIp") == 11
    assert all("${VerifyCidrs}," in rule[3] for rule in rules if rule[1] == "443")
    # DHCP options may name servers anywhere in private ranges.
    private = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"}
    for protocol in ("udp", "tcp"):
        assert {rule[3] for rule in rules if rule[:2] == (protocol, "53")} == private
