"""A permission that is missing takes the checks with it that need it, and leaves the others; throttling is retried."""

import pytest

from tests.preflight.site import EMAIL, Site
from tests.template.stack import resource

# The checks that need a read, by the call as AWS names it.
NEEDED_BY = {
    "ec2:DescribeVpcs": {"security-groups", "network-acls", "dhcp-options"},
    "ec2:DescribeVpcAttribute": {"dns-attributes"},
    "ec2:DescribeDhcpOptions": {"dhcp-options"},
    "ec2:DescribeSubnets": {"availability-zones", "subnets", "free-addresses", "network-acls"},
    "ec2:DescribeVpcEndpointServices": {"service", "availability-zones", "private-dns"},
    "ec2:DescribeVpcEndpoints": {"endpoint", "coverage", "primary-dns-name", "security-groups", "free-addresses"},
    "ec2:DescribeSecurityGroups": {"security-groups"},
    "ec2:DescribeNetworkAcls": {"network-acls"},
    "ec2:DescribeNetworkInterfaces": {"primary-dns-name"},
    "servicequotas:GetServiceQuota": {"endpoint-quota"},
    "route53:ListHostedZones": {"private-zones"},
    "route53:ListHostedZonesByVPC": {"private-zones"},
    "route53profiles:ListProfileAssociations": {"profiles"},
    "route53resolver:ListResolverRules": {"resolver-rules"},
    "route53resolver:ListResolverRuleAssociations": {"resolver-rules"},
    "route53resolver:ListFirewallRuleGroupAssociations": {"dns-firewall"},
    "route53resolver:ListResolverEndpoints": {"on-prem-dns"},
    "route53resolver:ListResolverEndpointIpAddresses": {"on-prem-dns"},
    "ses:GetEmailIdentity": {"e-mail"},
}
# Those that only a furnished VPC needs.
DEEPER = {
    "route53:ListResourceRecordSets",
    "ec2:DescribeAvailabilityZones",
    "ec2:GetManagedPrefixListEntries",
    "route53profiles:ListProfileResourceAssociations",
    "route53resolver:GetFirewallDomainList",
    "route53resolver:ListFirewallDomains",
    "route53resolver:ListFirewallRules",
}
# Service names of the SDK beside those of IAM.
CALLED = {"servicequotas": "service-quotas", "ses": "sesv2"}


def deny(site: Site, action: str) -> None:
    service, operation = action.split(":")
    site.aws.faults.add("denied", CALLED.get(service, service), operation, times=None)


@pytest.mark.parametrize("action", sorted(NEEDED_BY))
def test_a_missing_permission_takes_its_checks_only(site: Site, action: str) -> None:
    """Everything is as it should be but for the permission: whatever can still be judged passes."""
    site.live()
    deny(site, action)
    live = site.ask()
    site.aws.remove_endpoint(site.endpoint_id)
    before = site.ask(subnetIds=site.vpc.subnet_ids, securityGroupIds=[site.group])
    missing = {one["check"] for found in (live, before) for one in found.report["checks"] if one.get("needs") == action}
    assert missing >= NEEDED_BY[action]
    for found in (live, before):
        assert set(found.codes) <= {"not-checked", "endpoint-missing"}
        if "not-checked" in found.codes:
            assert f"needs action {action}" in found.of("not-checked")["what"]
            assert action in found.of("not-checked")["fix"]
        passed = [check for check, verdict in found.verdicts().items() if verdict == "passed"]
        assert len(passed) >= 10


@pytest.mark.parametrize("action", sorted(DEEPER))
def test_a_permission_that_is_missing_deeper_down_says_so_too(site: Site, action: str) -> None:
    group = site.make_group()
    entries = [{"Cidr": "10.0.0.0/16"}]
    lists = site.aws.client("ec2").create_managed_prefix_list(
        PrefixListName="clients", Entries=entries, MaxEntries=10, AddressFamily="IPv4"
    )
    site.let_in(group, PrefixListIds=[{"PrefixListId": lists["PrefixList"]["PrefixListId"]}])
    site.live(groups=[group])
    site.aws.block_domains(site.vpc, "ads.example.com")
    site.aws.share_profile(site.vpc, site.aws.arn(site.aws.add_resolver_rule(None, "example.com", "192.0.2.53")))
    site.aws.set_service(shows_az_ids=False)
    assert site.ask().codes == []
    deny(site, action)
    assert f"needs action {action}" in site.ask().only("not-checked", "warning")["what"]


def test_these_are_all_the_reads_that_the_role_allows() -> None:
    """And each is needed by a check: the role has nothing that no test misses."""
    role = resource("PreflightRole")
    actions = {word for line in role.splitlines() for word in line.split() if word.count(":") == 1 and word[-1] != ":"}
    reads = {
        one
        for one in actions
        if one.split(":")[0] in {"ec2", "route53", "route53resolver", "route53profiles", "ses", "servicequotas"}
    }
    assert reads == set(NEEDED_BY) | DEEPER


@pytest.mark.parametrize("kind", ["throttle", "503"])
def test_a_call_that_is_refused_for_a_while_is_tried_again(live: Site, kind: str) -> None:
    for service in ("ec2", "route53", "route53resolver", "route53profiles", "sesv2", "service-quotas"):
        live.aws.faults.add(kind, service, times=2)
    assert live.ask().codes == []


def test_a_call_that_stays_throttled_is_not_checked_and_names_no_permission(live: Site) -> None:
    live.aws.faults.add("throttle", "sesv2", times=None)
    found = live.ask()
    finding = found.only("not-checked", "warning")
    assert "throttled" in finding["what"]
    assert "Allow" not in finding["fix"]
    assert EMAIL in finding["what"]


def test_a_prefix_list_that_cannot_be_read_does_not_matter_where_others_let_everybody_in(site: Site) -> None:
    group = site.make_group("10.0.0.0/16")
    made = site.aws.client("ec2").create_managed_prefix_list(
        PrefixListName="more", Entries=[{"Cidr": "10.1.0.0/16"}], MaxEntries=5, AddressFamily="IPv4"
    )
    site.let_in(group, PrefixListIds=[{"PrefixListId": made["PrefixList"]["PrefixListId"]}])
    site.live(groups=[group])
    deny(site, "ec2:GetManagedPrefixListEntries")
    assert site.ask().codes == []


def test_what_was_found_before_a_read_that_failed_is_not_lost(site: Site) -> None:
    site.aws.client("ec2").modify_vpc_attribute(VpcId=site.vpc.id, EnableDnsSupport={"Value": False})
    site.aws.faults.add("denied", "ec2", "DescribeVpcEndpointServices", times=None)
    found = site.ask(subnetIds=[*site.vpc.subnet_ids, "subnet-0123456789abcdef0"])
    assert {"dns-support-off", "subnet-not-found", "not-checked"} <= set(found.codes)


def test_everything_denied_is_still_a_report(site: Site) -> None:
    for service in ("ec2", "route53", "route53resolver", "route53profiles", "sesv2", "service-quotas"):
        site.aws.faults.add("denied", service, times=None)
    found = site.ask()
    assert set(found.codes) == {"not-checked"}
    assert found.report["verdict"] == "incomplete"
    assert "Interface endpoint" not in {row["what"] for row in found.report["costs"]["rows"]}
    assert found.report["connectionDetails"]["accountId"] == "123456789012"
    assert "123456789012" in found.report["texts"]["connectionDetails"]
