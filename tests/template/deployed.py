"""The template in an account: translated as SAM does, and made by CloudFormation in the embedded AWS."""

import io
import json
import zipfile
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from tests.aws import EmbeddedAws
from tests.aws.cloudformation import KEPT
from tests.template.stack import ROOT

BUCKET, KEY = "artifacts", "function.zip"
STACK = "tdp-privatelink"


def packaged() -> dict[str, Any]:
    """The template as `sam package` leaves it: the code is in a bucket."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    for one in template["Resources"].values():
        if one["Type"] == "AWS::Serverless::Function":
            one["Properties"]["CodeUri"] = {"Bucket": BUCKET, "Key": KEY}
    return template


def translated(values: dict[str, str]) -> dict[str, Any]:
    """What CloudFormation makes of it."""
    template = packaged()
    defaults = {name: one["Default"] for name, one in template["Parameters"].items() if "Default" in one}
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    found: dict[str, Any] = translator.translate(template, defaults | values)
    return found


class Deployed:
    """One stack in the embedded AWS."""

    def __init__(self, aws: EmbeddedAws, **values: str) -> None:
        self.aws = aws
        self.values = values
        KEPT.found.clear()
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("bootstrap", "#!/bin/sh\n")
        s3 = aws.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=code.getvalue())
        self.cloudformation = aws.client("cloudformation")
        self.template = translated(values)
        self.cloudformation.create_stack(**self._stack())

    def _stack(self) -> dict[str, Any]:
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.values.items()]
        body = json.dumps(self.template)
        return {"StackName": STACK, "TemplateBody": body, "Parameters": parameters, "Capabilities": ["CAPABILITY_IAM"]}

    def update(self, **values: str) -> None:
        self.values |= values
        self.template = translated(self.values)
        self.cloudformation.update_stack(**self._stack())

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=STACK)

    @property
    def status(self) -> str:
        (stack,) = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        return str(stack["StackStatus"])

    @property
    def stack_id(self) -> str:
        (stack,) = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        return str(stack["StackId"])

    def _resources(self) -> list[dict[str, Any]]:
        found = self.cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        # moto lists what a condition leaves out, without a name.
        return [one for one in found if "LogicalResourceId" in one]

    def names(self) -> set[str]:
        """What there is, by name in the template."""
        return {one["LogicalResourceId"] for one in self._resources()}

    def id(self, name: str) -> str:
        """The physical id of a resource."""
        (found,) = [one for one in self._resources() if one["LogicalResourceId"] == name]
        return str(found["PhysicalResourceId"])

    def function_arn(self, name: str) -> str:
        return str(self.aws.client("lambda").get_function(FunctionName=self.id(name))["Configuration"]["FunctionArn"])

    def rule_arn(self, name: str) -> str:
        return f"arn:aws:events:us-east-1:{self.aws.account}:rule/{self.id(name)}"

    def outputs(self) -> dict[str, str]:
        (stack,) = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
