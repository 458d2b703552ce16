"""Route 53 Profiles: DNS settings that an account shares with many VPCs.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.aws.errors import AwsError
from tests.aws.pages import Paging

Params = dict[str, Any]
Result = dict[str, Any]

PAGING = Paging("InvalidParameterException", "InvalidNextTokenException")
# Part of the ARN, and the type that goes with it. Only FIREWALL_RULE_GROUP appears in AWS's documentation; the
# others follow the words of the condition key `route53profiles:ResourceTypes`:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
TYPES = {
    ":firewall-rule-group/": "FIREWALL_RULE_GROUP",
    ":hostedzone/": "HOSTED_ZONE",
    ":resolver-rule/": "RESOLVER_RULE",
    ":vpc-endpoint/": "VPC_ENDPOINT",
}


@dataclass(frozen=True)
class Profile:
    """A profile with the DNS resources in it."""

    id: str
    name: str
    owner: str
    created: datetime
    resources: list[dict[str, Any]]


class Profiles:
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(self) -> None:
        self.page_size: int | None = None
        self._profiles: dict[str, Profile] = {}
        self._associations: list[dict[str, Any]] = []

    def add(self, vpc_id: str, resource_arns: tuple[str, ...], name: str, owner: str) -> str:
        """A profile associated with a VPC, beside those that it has already."""
        profile = Profile(f"rp-{secrets.token_hex(8)}", name, owner, datetime.now(UTC).replace(microsecond=0), [])
        profile.resources.extend(_resource(profile, arn) for arn in resource_arns)
        self._profiles[profile.id] = profile
        kept = {"Id": f"rpassoc-{secrets.token_hex(8)}", "ResourceId": vpc_id}
        self._associations.append(kept | _common(profile, "Profile to VPC association"))
        return profile.id

    def list_profile_associations(self, params: Params, set_up: bool) -> Result:
        wanted = {key: params[key] for key in ("ProfileId", "ResourceId") if key in params}
        found = [kept for kept in self._associations if wanted.items() <= kept.items()]
        page, following = PAGING.cut(found, params, None if set_up else self.page_size)
        return {"ProfileAssociations": page, **following}

    def list_profile_resource_associations(self, params: Params, set_up: bool) -> Result:
        profile = self._profiles.get(params["ProfileId"])
        if profile is None:
            raise AwsError("ResourceNotFoundException", f"Profile {params['ProfileId']} was not found.")
        kinds = [params["ResourceType"]] if "ResourceType" in params else TYPES.values()
        found = [kept for kept in profile.resources if kept["ResourceType"] in kinds]
        page, following = PAGING.cut(found, params, None if set_up else self.page_size)
        return {"ProfileResourceAssociations": page, **following}


def _resource(profile: Profile, arn: str) -> dict[str, Any]:
    kind = next((kind for part, kind in TYPES.items() if arn.startswith("arn:") and part in arn), None)
    if kind is None:
        raise ValueError(f"not a resource that a profile takes: {arn}")
    shown = {"Id": f"rpr-{secrets.token_hex(8)}", "ResourceArn": arn, "ResourceType": kind}
    if kind == "FIREWALL_RULE_GROUP":
        shown["ResourceProperties"] = f'{{"priority":{101 + len(profile.resources)}}}'
    return shown | _common(profile, "Profile to resource association")


def _common(profile: Profile, what: str) -> dict[str, Any]:
    return {
        "Name": profile.name,
        "OwnerId": profile.owner,
        "ProfileId": profile.id,
        "Status": "COMPLETE",
        "StatusMessage": f"Completed creation of {what}",
        "CreationTime": profile.created,
        "ModificationTime": profile.created,
    }
