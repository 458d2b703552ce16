"""CloudFormation resources that moto does not make: kept as CloudFormation resolved them, so that a test can look at them.

They have no effect on other services. Importing this module teaches moto's CloudFormation to take them.
"""

from dataclasses import dataclass, field
from typing import Any

from moto.core.common_models import CloudFormationModel

Properties = dict[str, Any]

# The type, and the ARN that `Fn::GetAtt` gives where a template asks for one.
KINDS = {
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::EC2::VPCEndpointConnectionNotification": "",
    "AWS::Lambda::EventInvokeConfig": "",
    "AWS::Logs::QueryDefinition": "",
    "AWS::SNS::Subscription": "",
    "AWS::SNS::TopicPolicy": "",
    "AWS::SQS::QueuePolicy": "",
    "AWS::Scheduler::Schedule": "scheduler:{region}:{account}:schedule/default/{name}",
    "AWS::Scheduler::ScheduleGroup": "scheduler:{region}:{account}:schedule-group/{name}",
}


@dataclass
class Kept:
    """What there is, by type and physical id; of all stacks, since moto is one to a process."""

    found: dict[str, dict[str, Properties]] = field(default_factory=dict)

    def of(self, kind: str) -> dict[str, Properties]:
        return self.found.setdefault(kind, {})


KEPT = Kept()


class KeptModel(CloudFormationModel):
    """One resource of a kind that a subclass names."""

    kind = ""
    arn = ""

    def __init__(self, name: str, account: str, region: str) -> None:
        self.name = name
        self.account = account
        self.region = region

    @property
    def physical_resource_id(self) -> str:
        return self.name

    def get_cfn_attribute(self, _: str) -> str:
        return "arn:aws:" + self.arn.format(region=self.region, account=self.account, name=self.name)

    def is_created(self) -> bool:
        return True

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn" and bool(cls.arn)

    @classmethod
    def create_from_cloudformation_json(  # type: ignore[override]
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> "KeptModel":
        KEPT.of(cls.kind)[resource_name] = cloudformation_json.get("Properties", {})
        return cls(resource_name, account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(  # type: ignore[override]
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> "KeptModel":
        KEPT.of(cls.kind)[original_resource.name] = cloudformation_json.get("Properties", {})
        return cls(original_resource.name, account_id, region_name)

    @classmethod
    def delete_from_cloudformation_json(  # type: ignore[override]
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        KEPT.of(cls.kind).pop(resource_name, None)


def _model(kind: str, arn: str) -> type[CloudFormationModel]:
    """A direct subclass of moto's model: moto looks for no others."""
    body = {name: value for name, value in vars(KeptModel).items() if name not in ("__dict__", "__weakref__")}
    return type(
        kind.replace("::", ""),
        (CloudFormationModel,),
        body | {"kind": kind, "arn": arn, "cloudformation_type": staticmethod(lambda: kind)},
    )


MODELS = [_model(kind, arn) for kind, arn in KINDS.items()]
