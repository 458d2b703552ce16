"""The template, with the values of one deployment."""

import re
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]


def resource(name: str) -> str:
    """One resource of the template, as text."""
    template = (ROOT / "template.yaml").read_text()
    found = re.search(rf"^  {name}:\n(?:(?:    .*)?\n)+", template, re.MULTILINE)
    assert found is not None, name
    return found[0]


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
    "EncryptionKeyArn": "arn:aws:kms:us-east-1:111122223333:key/1a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
    "AnnouncementKeyArn": "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
}
