"""What an account has besides its VPCs: shared profiles, quotas, mail domains; and what the call log says of it all."""

import time
from typing import Any

import pytest

from tests.aws import EmbeddedAws, Vpc
from tests.aws.conftest import Client, Refused

QUOTA = {"ServiceCode": "vpc", "QuotaCode": "L-29B6F2EB"}


@pytest.fixture
def profiles(client: Client, aws: EmbeddedAws) -> Any:
    return client("route53profiles")


def test_a_profile_brings_zones_and_rules_to_a_vpc(aws: EmbeddedAws, profiles: Any, vpc: Vpc, refused: Refused) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_ListProfileResourceAssociations.html"""
    other = aws.make_vpc("10.1.0.0/16")
    zone, group = aws.make_zone("example.com", other), aws.block_domains(None, "example.org")
    rule, endpoint = aws.add_resolver_rule(None, "example.net", "192.0.2.1"), aws.request_endpoint(other)
    arns = [aws.arn(one) for one in (zone, group, rule, endpoint)]
    made = aws.share_profile(vpc, *arns, name="company")
    [association] = profiles.list_profile_associations(ResourceId=vpc.id)["ProfileAssociations"]
    assert (association["ProfileId"], association["Status"], association["Name"]) == (made, "COMPLETE", "company")
    assert association["OwnerId"] != aws.account
    found = profiles.list_profile_resource_associations(ProfileId=made)["ProfileResourceAssociations"]
    assert [(one["ResourceArn"], one["ResourceType"]) for one in found] == [
        (f"arn:aws:route53:::hostedzone/{zone}", "HOSTED_ZONE"),
        (f"arn:aws:route53resolver:us-east-1:{aws.account}:firewall-rule-group/{group}", "FIREWALL_RULE_GROUP"),
        (f"arn:aws:route53resolver:us-east-1:{aws.account}:resolver-rule/{rule}", "RESOLVER_RULE"),
        (f"arn:aws:ec2:us-east-1:{aws.account}:vpc-endpoint/{endpoint}", "VPC_ENDPOINT"),
    ]
    assert {one["Status"] for one in found} == {"COMPLETE"}
    asked = {"ProfileId": made, "ResourceType": "RESOLVER_RULE"}
    assert len(profiles.list_profile_resource_associations(**asked)["ProfileResourceAssociations"]) == 1
    assert profiles.list_profile_associations(ResourceId=other.id)["ProfileAssociations"] == []
    wrong = refused(profiles.list_profile_resource_associations, ProfileId="rp-0")
    assert wrong[0] == "ResourceNotFoundException"


def test_a_vpc_has_any_profiles_of_known_resources(aws: EmbeddedAws, profiles: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles-vpc-update-priority.html"""
    with pytest.raises(ValueError, match="not a resource"):
        aws.share_profile(vpc, "Z0123456789")
    made = [aws.share_profile(vpc), aws.share_profile(vpc)]
    found = profiles.list_profile_associations(ResourceId=vpc.id)["ProfileAssociations"]
    assert [one["ProfileId"] for one in found] == made


def test_profiles_and_their_resources_come_in_pages(
    aws: EmbeddedAws, profiles: Any, vpc: Vpc, refused: Refused
) -> None:
    arns = [f"arn:aws:route53:::hostedzone/Z{n}" for n in range(150)]
    made = aws.share_profile(vpc, *arns)
    aws.share_profile(aws.make_vpc("10.1.0.0/16"))
    pages = profiles.get_paginator("list_profile_resource_associations")

    def sizes() -> list[int]:
        return [len(page["ProfileResourceAssociations"]) for page in pages.paginate(ProfileId=made)]

    assert sizes() == [100, 50]
    aws.page_size = 60
    assert sizes() == [60, 60, 30]
    first = profiles.list_profile_associations(MaxResults=1)
    rest = profiles.list_profile_associations(NextToken=first["NextToken"])
    assert len(first["ProfileAssociations"]) == len(rest["ProfileAssociations"]) == 1 and "NextToken" not in rest
    assert refused(profiles.list_profile_associations, NextToken="x")[0] == "InvalidNextTokenException"


def test_the_quota_of_endpoints_may_be_raised(aws: EmbeddedAws, client: Client, refused: Refused) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html"""
    quotas = client("service-quotas")
    quota = quotas.get_service_quota(**QUOTA)["Quota"]
    assert (quota["Value"], quota["QuotaName"], quota["Adjustable"]) == (50.0, "Interface VPC endpoints per VPC", True)
    aws.endpoint_quota = 75
    assert quotas.get_service_quota(**QUOTA)["Quota"]["Value"] == 75.0
    assert refused(quotas.get_service_quota, ServiceCode="vpc", QuotaCode="L-0")[0] == "NoSuchResourceException"
    assert aws.calls.names() == ["service-quotas:GetServiceQuota"] * 3


def test_a_mail_domain_is_verified_or_waits_for_its_records(aws: EmbeddedAws, client: Client, refused: Refused) -> None:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html"""
    ses = client("sesv2")
    aws.add_email_identity("Example.com")
    aws.add_email_identity("example.org", verified=False, tokens=("a", "b", "c"))
    done, waiting = (ses.get_email_identity(EmailIdentity=name) for name in ("example.com", "example.org"))
    assert (done["IdentityType"], done["VerificationStatus"], done["VerifiedForSendingStatus"]) == (
        "DOMAIN",
        "SUCCESS",
        True,
    )
    assert done["DkimAttributes"]["SigningEnabled"] and len(done["DkimAttributes"]["Tokens"]) == 3
    assert (waiting["VerificationStatus"], waiting["VerifiedForSendingStatus"]) == ("PENDING", False)
    assert (waiting["DkimAttributes"]["Status"], waiting["DkimAttributes"]["Tokens"]) == ("PENDING", ["a", "b", "c"])
    assert refused(ses.get_email_identity, EmailIdentity="example.net")[::2] == ("NotFoundException", 404)


def read(client: Client, service: str) -> Any:
    if service == "route53resolver":
        return client(service).list_firewall_rule_groups()
    if service == "route53profiles":
        return client(service).list_profile_associations()
    if service == "service-quotas":
        return client(service).get_service_quota(**QUOTA)
    return client(service).get_email_identity(EmailIdentity="example.com")


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("route53resolver", "ThrottlingException", 400),
        ("route53profiles", "ThrottlingException", 400),
        ("service-quotas", "TooManyRequestsException", 400),
        ("sesv2", "TooManyRequestsException", 429),
    ],
)
def test_throttled_reads_carry_the_services_code(
    aws: EmbeddedAws, client: Client, refused: Refused, service: str, code: str, status: int
) -> None:
    aws.add_email_identity("example.com")
    aws.faults.add("throttle", service)
    assert refused(lambda: read(client, service))[::2] == (code, status)
    read(client, service)
    assert [call.fault for call in aws.calls] == ["throttle", None]


@pytest.mark.parametrize(
    ("service", "status", "action", "resource"),
    [
        ("route53resolver", 400, "route53resolver:ListFirewallRuleGroups", "*"),
        ("route53profiles", 403, "route53profiles:ListProfileAssociations", "*"),
        (
            "service-quotas",
            400,
            "servicequotas:GetServiceQuota",
            "arn:aws:servicequotas:us-east-1:123456789012:vpc/L-29B6F2EB",
        ),
        ("sesv2", 403, "ses:GetEmailIdentity", "arn:aws:ses:us-east-1:123456789012:identity/example.com"),
    ],
)
def test_denied_reads_name_the_action_as_iam_does(
    aws: EmbeddedAws, client: Client, refused: Refused, service: str, status: int, action: str, resource: str
) -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"""
    aws.faults.add("denied", service)
    code, message, http = refused(lambda: read(client, service))
    assert (code, http) == ("AccessDeniedException", status)
    assert f"is not authorized to perform: {action} on resource: {resource} " in message


def test_the_log_says_how_long_an_answer_took_to_make(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    """A callback that blocks and a slow fault are a test's time, not the embedded AWS's."""
    aws.on_call(lambda service, operation: time.sleep(0.4))
    aws.faults.add("slow", "ec2", seconds=0.4)
    client("ec2").describe_subnets()
    client("service-quotas").get_service_quota(**QUOTA)
    assert all(0 < call.seconds < 0.4 for call in aws.calls) and len(aws.calls) == 2


def test_reset_forgets_what_was_around_a_vpc(aws: EmbeddedAws, client: Client, vpc: Vpc, refused: Refused) -> None:
    aws.add_resolver_rule(vpc, "example.com", "192.0.2.1")
    aws.add_inbound_endpoint(vpc, "127.0.0.1")
    aws.block_domains(vpc, "example.com")
    aws.share_profile(vpc)
    aws.add_email_identity("example.com")
    aws.endpoint_quota = 1
    aws.reset()
    resolver = client("route53resolver")
    assert len(resolver.list_resolver_rules()["ResolverRules"]) == 1
    assert resolver.list_resolver_endpoints()["ResolverEndpoints"] == []
    assert resolver.list_firewall_rule_groups()["FirewallRuleGroups"] == []
    assert client("route53profiles").list_profile_associations()["ProfileAssociations"] == []
    assert refused(client("sesv2").get_email_identity, EmailIdentity="example.com")[0] == "NotFoundException"
    assert aws.endpoint_quota == 50
