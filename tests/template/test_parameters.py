"""What the template's parameters take, and where they go."""

import json
import re

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.template.stack import NEEDED, ROOT, VPC, Stack

KEY = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
TOPIC = "arn:aws:sns:us-east-1:111122223333:news"


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
    for block, folder, most in zip(blocks, ("reconcile", "verify/src", "preflight"), (21, 3, 19), strict=True):
        variables = re.findall(r"^\s+([A-Z_]+):", block, re.MULTILINE)
        config = (ROOT / f"functions/{folder}/config.rs").read_text() + (shared if folder != "verify/src" else "")
        assert len(variables) == most
        assert [name for name in variables if f'"{name}"' not in config] == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, None),
        ({"VpcId": VPC, "ExtraVpcIds": "vpc-0a1b2c3d", "StagingVpcId": "vpc-0a1b2c3e"}, None),
        ({"StagingVpcId": "vpc-0a1b2c3e"}, None),
        ({"ExtraVpcIds": "vpc-0a1b2c3d"}, "needs VpcId"),
        ({"VpcId": VPC, "StagingVpcId": VPC}, "cannot be VpcId"),
        ({"VpcId": VPC, "VerifySubnetIds": "subnet-0a1b2c3d,subnet-0a1b2c3e"}, None),
        ({"VerifySubnetIds": "subnet-0a1b2c3d"}, "needs VpcId"),
        ({"SubnetIds": "subnet-0a1b2c3d"}, "CreateEndpoint=true only"),
        ({"VpcId": VPC, "CreateEndpoint": "true", "EndpointClientCidr": "10.0.0.0/16"}, "needs SubnetIds"),
        ({"EncryptionKeyArn": KEY}, None),
        ({"AnnouncementKeyArn": KEY, "AnnouncementTopicArn": TOPIC}, None),
        ({"AnnouncementKeyArn": KEY}, "EncryptionKeyArn"),
    ],
)
def test_the_rules_refuse_what_contradicts_itself(values: dict[str, str], words: str | None) -> None:
    refusals = Stack(**NEEDED, **values).refusals()
    assert len(refusals) == (0 if words is None else 1)
    assert words is None or words in refusals[0]


def test_the_rules_have_nothing_but_what_aws_documents_for_them() -> None:
    """Of functions in rules, AWS says that they take a parameter, and not that this may be a list.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
    """
    template = yaml_parse((ROOT / "template.yaml").read_text())
    text = json.dumps(template["Rules"])
    assert set(re.findall(r'"(Fn::\w+)"', text)) == {"Fn::And", "Fn::Equals", "Fn::Not"}
    referred = set(re.findall(r'\{"Ref": "(\w+)"\}', text))
    assert len(referred) > 10
    assert {template["Parameters"][name]["Type"] for name in referred} == {"String"}


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
            ["", "vpc-0a1b2c3d", f"{VPC}@444455556666/us-west-2", ",".join([VPC] * 60)],
            [
                "vpc-0a1b",
                f"{VPC}@us-west-2",
                f"{VPC}@444455556666",
                f"{VPC}@44445555666/us-west-2",
                f"{VPC},",
                f"{VPC}, {VPC}",
                ",".join([VPC] * 61),
            ],
        ),
        (
            "VerifySubnetIds",
            ["", "subnet-0a1b2c3d,subnet-0a1b2c3e"],
            ["subnet-0a1b2c3d,", "subnet-0a1b2c3d, subnet-1a"],
        ),
        ("SubnetIds", ["", "subnet-0a1b2c3d,subnet-0a1b2c3e"], [VPC, "subnet-0a1b2c3d subnet-0a1b2c3e"]),
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
