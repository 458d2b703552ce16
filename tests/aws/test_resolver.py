"""Resolver's rules and endpoints and the rules of DNS Firewall show what a test arranged, in AWS's words."""

from typing import Any

import pytest

from tests.aws import EmbeddedAws, Vpc
from tests.aws.conftest import Client, Refused

INTERNET = "rslvr-autodefined-rr-internet-resolver"


@pytest.fixture
def resolver(client: Client, aws: EmbeddedAws) -> Any:
    return client("route53resolver")


def rule_ids(resolver: Any, **filters: str) -> list[str]:
    asked = [{"Name": name, "Values": [value]} for name, value in filters.items()]
    return [rule["Id"] for rule in resolver.list_resolver_rules(Filters=asked)["ResolverRules"]]


def on(resolver: Any, vpc: Vpc, name: str = "VPCId") -> list[str]:
    answer = resolver.list_resolver_rule_associations(Filters=[{"Name": name, "Values": [vpc.id]}])
    return [found["ResolverRuleId"] for found in answer["ResolverRuleAssociations"]]


def groups(resolver: Any, vpc: Vpc) -> list[dict[str, Any]]:
    return resolver.list_firewall_rule_group_associations(VpcId=vpc.id)["FirewallRuleGroupAssociations"]


def firewall_rules(resolver: Any, group: str) -> list[dict[str, Any]]:
    return resolver.list_firewall_rules(FirewallRuleGroupId=group)["FirewallRules"]


def test_a_rule_forwards_a_domain_to_targets(aws: EmbeddedAws, resolver: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ResolverRule.html"""
    made = aws.add_resolver_rule(vpc, "Example.com", "192.0.2.1", "192.0.2.2:5353", "[2001:db8::1]:53", "2001:db8::2")
    rule = next(one for one in resolver.list_resolver_rules()["ResolverRules"] if one["Id"] == made)
    assert (rule["DomainName"], rule["RuleType"], rule["ShareStatus"]) == ("example.com.", "FORWARD", "NOT_SHARED")
    assert [(one.get("Ip") or one["Ipv6"], one["Port"]) for one in rule["TargetIps"]] == [
        ("192.0.2.1", 53),
        ("192.0.2.2", 5353),
        ("2001:db8::1", 53),
        ("2001:db8::2", 53),
    ]
    assert rule["OwnerId"] == aws.account and rule["Arn"] == aws.arn(made)


def test_a_shared_rule_is_another_accounts(aws: EmbeddedAws, resolver: Any, vpc: Vpc) -> None:
    made = aws.add_resolver_rule(vpc, "example.com", kind="SYSTEM", share="SHARED_WITH_ME")
    rule = next(one for one in resolver.list_resolver_rules()["ResolverRules"] if one["Id"] == made)
    assert (rule["RuleType"], rule["ShareStatus"]) == ("SYSTEM", "SHARED_WITH_ME")
    assert rule["OwnerId"] != aws.account and "TargetIps" not in rule
    with pytest.raises(ValueError, match="FORWRAD"):
        aws.add_resolver_rule(vpc, "example.com", kind="FORWRAD")


def test_the_rule_to_the_internet_is_on_every_vpc(aws: EmbeddedAws, resolver: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-autodefined-rules.html"""
    [rule] = resolver.list_resolver_rules()["ResolverRules"]
    assert (rule["Id"], rule["DomainName"], rule["RuleType"]) == (INTERNET, ".", "RECURSIVE")
    other = aws.make_vpc("10.1.0.0/16")
    made = aws.add_resolver_rule(vpc, "example.com", "192.0.2.1")
    assert on(resolver, vpc) == on(resolver, vpc, "VPC_ID") == [INTERNET, made]
    assert on(resolver, other) == [INTERNET]


def test_rules_are_filtered(aws: EmbeddedAws, resolver: Any, vpc: Vpc, refused: Refused) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_Filter.html"""
    one = aws.add_resolver_rule(None, "one.example", "192.0.2.1", name="first")
    two = aws.add_resolver_rule(vpc, "two.example", kind="SYSTEM")
    assert rule_ids(resolver, DomainName="one.example.") == rule_ids(resolver, Name="first") == [one]
    assert rule_ids(resolver, TYPE="SYSTEM") == rule_ids(resolver, TYPE="SYSTEM", DOMAIN_NAME="two.example.") == [two]
    assert rule_ids(resolver, TYPE="SYSTEM", DomainName="one.example.") == []
    assert on(resolver, vpc) == [INTERNET, two]
    wrong = [{"Name": "Colour", "Values": ["red"]}]
    assert refused(resolver.list_resolver_rules, Filters=wrong)[0] == "InvalidParameterException"


def test_an_inbound_endpoint_has_the_addresses_of_its_servers(
    aws: EmbeddedAws, resolver: Any, vpc: Vpc, refused: Refused
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_IpAddressResponse.html"""
    other = aws.make_vpc("10.1.0.0/16")
    inbound = aws.add_inbound_endpoint(vpc, "127.0.0.53", "2001:db8::53")
    outbound = aws.add_inbound_endpoint(vpc, "10.0.0.9", direction="OUTBOUND")
    aws.add_inbound_endpoint(other, "10.1.0.9")

    def found(**filters: str) -> list[dict[str, Any]]:
        asked = [{"Name": name, "Values": [value]} for name, value in filters.items()]
        return resolver.list_resolver_endpoints(Filters=asked)["ResolverEndpoints"]

    [endpoint] = found(HostVPCId=vpc.id, Direction="INBOUND")
    assert (endpoint["Id"], endpoint["IpAddressCount"], endpoint["Status"]) == (inbound, 2, "OPERATIONAL")
    assert (endpoint["HostVPCId"], endpoint["ResolverEndpointType"]) == (vpc.id, "DUALSTACK")
    assert {one["Id"] for one in found(HostVPCId=vpc.id)} == {inbound, outbound} and len(found()) == 3
    addresses = resolver.list_resolver_endpoint_ip_addresses(ResolverEndpointId=inbound)["IpAddresses"]
    assert [one.get("Ip") or one["Ipv6"] for one in addresses] == ["127.0.0.53", "2001:db8::53"]
    assert {one["SubnetId"] for one in addresses} <= set(vpc.subnet_ids)
    code = refused(resolver.list_resolver_endpoint_ip_addresses, ResolverEndpointId="rslvr-in-0")[0]
    assert code == "ResourceNotFoundException"


def test_a_blocking_rule_is_found_from_the_vpc(aws: EmbeddedAws, resolver: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_FirewallRule.html"""
    group = aws.block_domains(vpc, "*.Example.com", "example.org.", qtype="AAAA", name="strict")
    [association] = groups(resolver, vpc)
    assert (association["FirewallRuleGroupId"], association["Status"]) == (group, "COMPLETE")
    [rule] = firewall_rules(resolver, group)
    assert (rule["Name"], rule["Action"], rule["Qtype"]) == ("strict", "BLOCK", "AAAA")
    assert rule["BlockResponse"] == "NXDOMAIN"
    held = resolver.get_firewall_domain_list(FirewallDomainListId=rule["FirewallDomainListId"])["FirewallDomainList"]
    assert (held["DomainCount"], held["Name"]) == (2, "strict") and "ManagedOwnerName" not in held
    domains = resolver.list_firewall_domains(FirewallDomainListId=held["Id"])["Domains"]
    assert domains == ["*.example.com.", "example.org."]
    assert groups(resolver, aws.make_vpc("10.1.0.0/16")) == []


def test_groups_and_rules_come_in_the_order_of_their_priorities(aws: EmbeddedAws, resolver: Any, vpc: Vpc) -> None:
    first = aws.block_domains(vpc, "a.example", priority=300)
    second = aws.block_domains(vpc, "b.example", action="ALLOW")
    aws.block_domains(vpc, "c.example", action="ALERT", group=first)
    assert [(one["FirewallRuleGroupId"], one["Priority"]) for one in groups(resolver, vpc)] == [
        (first, 300),
        (second, 301),
    ]
    assert [one["Action"] for one in firewall_rules(resolver, first)] == ["BLOCK", "ALERT"]
    asked = resolver.list_firewall_rules(FirewallRuleGroupId=first, Action="ALERT")["FirewallRules"]
    assert [one["Action"] for one in asked] == ["ALERT"] and "BlockResponse" not in asked[0]
    with pytest.raises(ValueError, match="priority 300"):
        aws.block_domains(vpc, "d.example", priority=300)


def test_the_domains_of_a_managed_list_cannot_be_seen(
    aws: EmbeddedAws, resolver: Any, vpc: Vpc, refused: Refused
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-managed-domain-lists.html"""
    [rule] = firewall_rules(resolver, aws.block_domains(vpc, managed=True))
    list_id = rule["FirewallDomainListId"]
    held = resolver.get_firewall_domain_list(FirewallDomainListId=list_id)["FirewallDomainList"]
    assert held["ManagedOwnerName"] == "Route 53 Resolver DNS Firewall"
    assert refused(resolver.list_firewall_domains, FirewallDomainListId=list_id)[0] == "AccessDeniedException"
    listed = resolver.list_firewall_domain_lists()["FirewallDomainLists"]
    assert list_id in [one["Id"] for one in listed if one.get("ManagedOwnerName")]


def test_an_advanced_rule_has_no_list(aws: EmbeddedAws, resolver: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/firewall-advanced.html"""
    [rule] = firewall_rules(resolver, aws.block_domains(vpc, advanced=True))
    assert rule["DnsThreatProtection"] == "DGA" and rule["FirewallThreatProtectionId"].startswith("rslvr-ftp-")
    assert "FirewallDomainListId" not in rule
    with pytest.raises(ValueError, match="over domains"):
        aws.block_domains(vpc, "example.com", advanced=True)


def test_a_group_on_no_vpc_is_listed_still(aws: EmbeddedAws, resolver: Any, vpc: Vpc, refused: Refused) -> None:
    group = aws.block_domains(None, "example.com")
    [shown] = resolver.list_firewall_rule_groups()["FirewallRuleGroups"]
    assert (shown["Id"], shown["Arn"]) == (group, aws.arn(group)) and groups(resolver, vpc) == []
    for ask, key in (
        (resolver.list_firewall_rules, "FirewallRuleGroupId"),
        (resolver.list_firewall_domains, "FirewallDomainListId"),
        (resolver.get_firewall_domain_list, "FirewallDomainListId"),
    ):
        assert refused(ask, **{key: "rslvr-0123"})[0] == "ResourceNotFoundException"


def test_a_long_domain_list_comes_in_pages(aws: EmbeddedAws, resolver: Any, vpc: Vpc, refused: Refused) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListFirewallDomains.html"""
    group = aws.block_domains(vpc, *(f"host-{n}.example" for n in range(10_000)))
    list_id = firewall_rules(resolver, group)[0]["FirewallDomainListId"]

    def sizes(**asked: int) -> list[int]:
        pages = resolver.get_paginator("list_firewall_domains").paginate(FirewallDomainListId=list_id, **asked)
        return [len(page["Domains"]) for page in pages]

    assert sizes(MaxResults=5000) == [5000, 5000]
    assert len(resolver.list_firewall_domains(FirewallDomainListId=list_id)["Domains"]) == 100
    aws.page_size = 4000
    assert sizes(MaxResults=5000) == [4000, 4000, 2000]
    wrong = {"FirewallDomainListId": list_id, "MaxResults": 5001}
    assert refused(resolver.list_firewall_domains, **wrong)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("operation", "key"),
    [
        ("list_resolver_rules", "ResolverRules"),
        ("list_resolver_rule_associations", "ResolverRuleAssociations"),
        ("list_resolver_endpoints", "ResolverEndpoints"),
        ("list_firewall_rule_group_associations", "FirewallRuleGroupAssociations"),
        ("list_firewall_rule_groups", "FirewallRuleGroups"),
        ("list_firewall_domain_lists", "FirewallDomainLists"),
    ],
)
def test_lists_come_in_pages(
    aws: EmbeddedAws, resolver: Any, vpc: Vpc, refused: Refused, operation: str, key: str
) -> None:
    for n in range(3):
        aws.add_resolver_rule(vpc, f"{n}.example", "192.0.2.1")
        aws.add_inbound_endpoint(vpc, "127.0.0.1")
        aws.block_domains(vpc, f"{n}.example")
    ask = getattr(resolver, operation)
    whole = ask()[key]
    first = ask(MaxResults=2)
    assert len(whole) >= 3 and first[key] == whole[:2]
    assert ask(NextToken=first["NextToken"])[key] == whole[2:]
    aws.page_size = 1
    assert len(ask()[key]) == 1
    bad_size = {"InvalidParameterException", "ValidationException"}
    assert refused(ask, MaxResults=101)[0] in bad_size
    assert refused(ask, NextToken="never-handed-out")[0] in bad_size | {"InvalidNextTokenException"}


def test_no_more_than_a_hundred_rules_come_at_once(aws: EmbeddedAws, resolver: Any, vpc: Vpc) -> None:
    made = [aws.add_resolver_rule(vpc, f"{n}.example", "192.0.2.1") for n in range(150)]
    assert len(resolver.list_resolver_rules()["ResolverRules"]) == 100
    asked = {"Filters": [{"Name": "VPCId", "Values": [vpc.id]}]}
    pages = resolver.get_paginator("list_resolver_rule_associations").paginate(**asked)
    found = [one["ResolverRuleId"] for page in pages for one in page["ResolverRuleAssociations"]]
    assert found == [INTERNET, *made]


def test_what_is_not_answered_is_refused(resolver: Any, vpc: Vpc, refused: Refused) -> None:
    code, message, _ = refused(resolver.get_firewall_config, ResourceId=vpc.id)
    assert code == "UnknownOperationException" and "route53resolver:GetFirewallConfig" in message
