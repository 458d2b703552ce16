"""Whether clients in the VPC reach the endpoint: security groups and network ACLs."""

from ipaddress import ip_network
from typing import Any

import pytest

from tests.preflight.site import Site, other_vpc

V4 = "10.0.0.0/16"


def blocks(site: Site, ip: str) -> list[str]:
    """The VPC's blocks of a family."""
    vpc = site.aws.client("ec2").describe_vpcs(VpcIds=[site.vpc.id])["Vpcs"][0]
    if ip == "v4":
        return [one["CidrBlock"] for one in vpc["CidrBlockAssociationSet"]]
    # moto makes them up, and not always as short as they can be written.
    return [str(ip_network(one["Ipv6CidrBlock"])) for one in vpc["Ipv6CidrBlockAssociationSet"]]


def prefix_list(site: Site, *cidrs: str) -> str:
    ec2 = site.aws.client("ec2")
    entries = [{"Cidr": cidr} for cidr in cidrs]
    made = ec2.create_managed_prefix_list(
        PrefixListName="clients", Entries=entries, MaxEntries=10, AddressFamily="IPv4"
    )
    return str(made["PrefixList"]["PrefixListId"])


@pytest.mark.parametrize(
    ("cidr", "port", "protocol"), [(V4, 80, "tcp"), (V4, 443, "udp")], ids=["other-port", "other-protocol"]
)
def test_a_security_group_that_lets_nobody_in_is_a_blocker(live: Site, cidr: str, port: int, protocol: str) -> None:
    group = live.make_group(cidr, port=port, protocol=protocol)
    live.set_groups(group)
    finding = live.ask().only("security-group-closed", "blocker")
    assert group in finding["what"]
    assert group in finding["command"]
    assert V4 in finding["command"]


@pytest.mark.parametrize("cidr", ["192.168.0.0/16", "::/0"], ids=["on-prem", "other-family"])
def test_a_security_group_for_clients_outside_of_the_vpc_is_a_warning_that_says_whom_it_lets_in(
    live: Site, cidr: str
) -> None:
    live.set_groups(live.make_group(cidr))
    finding = live.ask().only("security-group-narrow", "warning")
    assert f"it lets {cidr} in" in finding["what"]
    assert V4 in finding["what"]
    assert "Right as it is" in finding["fix"]


def test_a_security_group_for_a_part_of_the_vpc_is_a_warning_that_names_the_rest(live: Site) -> None:
    live.set_groups(live.make_group("10.0.0.0/17", "10.0.128.0/18"))
    finding = live.ask().only("security-group-narrow", "warning")
    left, lets = finding["what"].split(" of the VPC in on 443; ")
    assert "10.0.192.0/18" in left
    assert "10.0.0.0/17" not in left
    assert lets == "it lets 10.0.0.0/17, 10.0.128.0/18 in"


def test_what_one_group_leaves_out_another_may_let_in(live: Site) -> None:
    live.set_groups([live.make_group("10.0.0.0/17"), live.make_group("10.0.128.0/17")])
    assert live.ask().codes == []


def test_all_protocols_and_wide_port_ranges_count(live: Site) -> None:
    group = live.make_group()
    rule = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/17"}]}
    wide = {"IpProtocol": "tcp", "FromPort": 400, "ToPort": 500, "IpRanges": [{"CidrIp": "10.0.128.0/17"}]}
    live.aws.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule, wide])
    live.set_groups(group)
    assert live.ask().codes == []


def test_prefix_lists_are_looked_into(live: Site) -> None:
    group = live.make_group()
    live.let_in(group, PrefixListIds=[{"PrefixListId": prefix_list(live, V4)}])
    live.set_groups(group)
    assert live.ask().codes == []
    narrow = live.make_group()
    live.let_in(narrow, PrefixListIds=[{"PrefixListId": prefix_list(live, "10.0.0.0/20")}])
    live.set_groups(narrow)
    live.ask().only("security-group-narrow", "warning")


def test_a_group_that_lets_members_of_another_in_is_a_warning(live: Site) -> None:
    group, clients = live.make_group(), live.make_group()
    live.let_in(group, UserIdGroupPairs=[{"GroupId": clients}])
    live.set_groups(group)
    assert clients in live.ask().only("security-group-narrow", "warning")["what"]


def test_second_blocks_of_the_vpc_are_clients_too(live: Site) -> None:
    live.aws.client("ec2").associate_vpc_cidr_block(VpcId=live.vpc.id, CidrBlock="10.77.0.0/16")
    assert "10.77.0.0/16" in live.ask().only("security-group-narrow", "warning")["what"]


def test_an_endpoint_that_serves_ipv6_needs_its_clients_let_in_too(site: Site) -> None:
    site.live(ip_type="dualstack")
    v6 = blocks(site, "v6")
    assert v6[0] in site.ask().only("security-group-narrow", "warning")["what"]
    site.set_groups(site.make_group(V4, *v6))
    assert site.ask().codes == []


def test_groups_chosen_beforehand_are_judged_before_the_endpoint_exists(site: Site) -> None:
    closed = site.make_group(V4, port=80)
    assert site.ask(securityGroupIds=[closed]).codes == ["security-group-closed", "endpoint-missing"]
    assert site.ask(securityGroupIds=[site.group]).codes == ["endpoint-missing"]


def test_a_chosen_group_that_does_not_exist_is_a_blocker_and_the_others_are_judged(site: Site) -> None:
    found = site.ask(securityGroupIds=["sg-0123456789abcdef0", site.group])
    assert found.codes == ["security-group-not-found", "endpoint-missing"]
    assert "sg-0123456789abcdef0" in found.of("security-group-not-found")["what"]


def test_a_chosen_group_of_another_vpc_is_not_there(site: Site) -> None:
    other = other_vpc(site.aws)
    group = site.aws.client("ec2").create_security_group(GroupName="other", Description="other", VpcId=other.id)
    found = site.ask(securityGroupIds=[group["GroupId"]])
    assert found.codes == ["security-group-not-found", "endpoint-missing"]


def test_what_is_missing_is_let_in_by_one_command(live: Site) -> None:
    live.set_groups(live.make_group("10.0.64.0/18"))
    command = live.ask().only("security-group-narrow", "warning")["command"]
    assert "IpRanges=[{CidrIp=10.0.0.0/18},{CidrIp=10.0.128.0/17}]" in command


class Acl:
    """A network ACL for some of the subnets, without rules but the last one, which denies."""

    def __init__(self, site: Site, subnets: list[str]) -> None:
        self._ec2 = site.aws.client("ec2")
        self.id = str(self._ec2.create_network_acl(VpcId=site.vpc.id)["NetworkAcl"]["NetworkAclId"])
        for acl in self._ec2.describe_network_acls()["NetworkAcls"]:
            for one in acl["Associations"]:
                if one["SubnetId"] in subnets:
                    self._ec2.replace_network_acl_association(
                        AssociationId=one["NetworkAclAssociationId"], NetworkAclId=self.id
                    )

    def rule(
        self, number: int, action: str, cidr: str, ports: tuple[int, int] | None = None, *, egress: bool = False
    ) -> "Acl":
        named: dict[str, Any] = {"Ipv6CidrBlock": cidr} if ":" in cidr else {"CidrBlock": cidr}
        if ports:
            named["PortRange"] = {"From": ports[0], "To": ports[1]}
        self._ec2.create_network_acl_entry(
            NetworkAclId=self.id,
            RuleNumber=number,
            Protocol="6" if ports else "-1",
            RuleAction=action,
            Egress=egress,
            **named,
        )
        return self


ANSWERS = (1024, 65535)


def test_a_network_acl_without_rules_is_a_blocker(live: Site) -> None:
    acl = Acl(live, live.vpc.subnet_ids)
    finding = live.ask().only("network-acl-closed", "blocker")
    assert acl.id in finding["what"]
    assert acl.id in finding["command"]


def test_a_network_acl_that_lets_443_in_and_answers_out_is_right(live: Site) -> None:
    acl = Acl(live, live.vpc.subnet_ids)
    acl.rule(100, "allow", "10.0.0.0/8", (443, 443)).rule(100, "allow", "10.0.0.0/8", ANSWERS, egress=True)
    assert live.ask().codes == []


def test_answers_that_cannot_get_out_are_a_blocker(live: Site) -> None:
    acl = Acl(live, live.vpc.subnet_ids)
    acl.rule(100, "allow", "0.0.0.0/0").rule(100, "allow", "0.0.0.0/0", (443, 443), egress=True)
    assert "answers out" in live.ask().only("network-acl-closed", "blocker")["what"]


@pytest.mark.parametrize(("first", "last", "named"), [(3389, 3389, "3389 to 3389"), (1024, 32767, "1024 to 32767")])
def test_answers_stopped_on_a_part_of_the_ports_are_a_warning_that_names_them(
    live: Site, first: int, last: int, named: str
) -> None:
    acl = Acl(live, live.vpc.subnet_ids).rule(100, "allow", "0.0.0.0/0")
    acl.rule(50, "deny", "0.0.0.0/0", (first, last), egress=True).rule(100, "allow", "0.0.0.0/0", egress=True)
    assert f"on ports {named}" in live.ask().only("network-acl-narrow", "warning")["what"]


def test_an_earlier_deny_for_a_part_of_the_vpc_is_a_warning_that_names_it(live: Site) -> None:
    acl = Acl(live, live.vpc.subnet_ids)
    acl.rule(50, "deny", "10.0.64.0/18", (443, 443)).rule(100, "allow", "0.0.0.0/0")
    acl.rule(100, "allow", "0.0.0.0/0", egress=True)
    finding = live.ask().only("network-acl-narrow", "warning")
    assert "10.0.64.0/18 in on 443" in finding["what"]


def test_a_deny_behind_an_allow_does_nothing(live: Site) -> None:
    acl = Acl(live, live.vpc.subnet_ids)
    acl.rule(50, "allow", "0.0.0.0/0").rule(100, "deny", "10.0.64.0/18", (443, 443))
    acl.rule(100, "allow", "0.0.0.0/0", egress=True)
    assert live.ask().codes == []


def test_a_network_acl_of_one_subnet_does_not_look_at_traffic_within_it(live: Site) -> None:
    subnet = live.vpc.subnet_ids[0]
    cidr = live.aws.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"][0]["CidrBlock"]
    acl = Acl(live, [subnet]).rule(50, "deny", cidr).rule(100, "allow", "0.0.0.0/0")
    acl.rule(100, "allow", "0.0.0.0/0", egress=True)
    assert live.ask().codes == []


def test_a_closed_network_acl_of_a_subnet_that_is_not_chosen_does_not_matter(site: Site) -> None:
    Acl(site, [site.vpc.subnet_ids[0]])
    assert site.ask(subnetIds=site.vpc.subnet_ids[1:]).codes == ["endpoint-missing"]
    undecided = site.ask()
    assert undecided.of("network-acl-closed")["severity"] == "warning"
    assert site.vpc.subnet_ids[0] in undecided.of("network-acl-closed")["what"]


def test_a_network_acl_that_stops_ipv6_matters_once_the_endpoint_serves_it(site: Site) -> None:
    site.live(ip_type="dualstack")
    site.set_groups(site.make_group(V4, *blocks(site, "v6")))
    acl = Acl(site, site.vpc.subnet_ids).rule(100, "allow", "0.0.0.0/0").rule(100, "allow", "0.0.0.0/0", egress=True)
    assert blocks(site, "v6")[0] in site.ask().only("network-acl-narrow", "warning")["what"]
    acl.rule(101, "allow", "::/0").rule(101, "allow", "::/0", egress=True)
    assert site.ask().codes == []
