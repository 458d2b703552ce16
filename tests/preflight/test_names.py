"""Who else answers for our names: private zones, a Profile, Resolver rules."""

import pytest

from tests.harness.world import OWNER, PLATFORM
from tests.preflight.site import Site, other_vpc

API = f"api.{PLATFORM}"


def test_a_zone_of_this_account_with_our_name_is_a_blocker(site: Site) -> None:
    zone = site.plant_zone(PLATFORM)
    found = site.ask()
    assert found.codes == ["zone-taken", "endpoint-missing"]
    finding = found.of("zone-taken")
    assert finding["severity"] == "blocker"
    assert zone in finding["command"]
    assert "ExistingZones=adopt" in finding["fix"]


def test_a_zone_of_another_account_with_our_name_is_a_blocker_that_names_it(site: Site) -> None:
    site.aws.make_foreign_account_zone(PLATFORM, site.vpc, owner_account="210987654321")
    site.configure(EXISTING_ZONES="adopt")
    finding = site.ask().of("zone-taken")
    assert "account 210987654321" in finding["what"]
    assert "adopt" not in finding["fix"]


def test_a_zone_of_an_aws_service_with_our_name_is_a_blocker(site: Site) -> None:
    site.aws.make_foreign_account_zone(PLATFORM, site.vpc, owning_service="vpce.amazonaws.com")
    assert "vpce.amazonaws.com" in site.ask().of("zone-taken")["what"]


def test_a_zone_behind_private_dns_is_not_called_foreign_where_nobody_could_look(site: Site) -> None:
    site.live(private_dns_name=API)
    site.aws.make_foreign_account_zone(API, site.vpc, owning_service="vpce.amazonaws.com")
    assert site.ask().verdicts()["private-zones"] == "passed"
    site.aws.faults.add("denied", "ec2", "DescribeVpcEndpoints", times=None)
    found = site.ask()
    assert set(found.codes) == {"not-checked"}
    assert found.verdicts()["private-zones"] == "not-checked"


def test_a_narrower_zone_is_a_blocker_that_names_the_hosts(site: Site) -> None:
    site.plant_zone(API)
    found = site.ask()
    assert found.codes == ["zone-narrower", "endpoint-missing"]
    assert API in found.of("zone-narrower")["what"]


def test_a_narrower_zone_without_a_host_of_ours_does_not_matter(site: Site) -> None:
    site.plant_zone(f"files.{PLATFORM}")
    assert "zone-narrower" not in site.ask().codes


def test_a_wider_zone_is_a_note(site: Site) -> None:
    site.plant_zone("tetrascience.com")
    found = site.ask()
    assert set(found.codes) == {"zone-covers", "endpoint-missing"}
    assert found.of("zone-covers")["severity"] == "note"


def test_zones_of_this_account_are_adopted_where_that_was_asked_for(site: Site) -> None:
    site.plant_zone(PLATFORM)
    site.configure(EXISTING_ZONES="adopt")
    assert set(site.ask().codes) == {"zone-adopted", "endpoint-missing"}


def test_a_zone_that_holds_our_records_already_needs_no_word(site: Site) -> None:
    """As reconcile has it: in-sync, and not refused, once adopted."""
    site.plant_zone(PLATFORM)
    site.configure(EXISTING_ZONES="adopt")
    site.live()
    site.configure(EXISTING_ZONES="refuse")
    assert site.run("plan").outcome == "in-sync"
    site.mark()
    assert site.ask().codes == []


def test_a_zone_of_another_stack_is_not_adopted(live: Site) -> None:
    live.configure(OWNER_ID="another-stack", EXISTING_ZONES="adopt")
    found = live.ask()
    assert set(found.codes) == {"zone-taken"}
    assert "tdp-test" in str(found.report["findings"][0])


def test_a_rule_does_not_win_over_an_adopted_zone_that_is_more_specific(site: Site) -> None:
    site.plant_zone(API)
    site.configure(EXISTING_ZONES="adopt")
    site.aws.add_resolver_rule(site.vpc, PLATFORM, "192.0.2.53")
    hosts = site.ask().of("resolver-rule-wins")["hosts"]
    assert API not in hosts
    assert PLATFORM in hosts


def test_a_zone_that_another_stack_made_is_not_ours(live: Site) -> None:
    live.configure(OWNER_ID="another-stack")
    assert set(live.ask().codes) == {"zone-taken"}


def test_a_zone_that_a_former_stack_made_and_hands_over_is_ours(live: Site) -> None:
    live.configure(OWNER_ID="tdp-new")
    assert "zone-taken" in live.ask().codes
    live.configure(ADOPT_OWNER=OWNER)
    assert live.ask().codes == []


def test_zones_of_other_vpcs_and_public_ones_do_not_matter(site: Site) -> None:
    site.plant_zone(API, vpc=other_vpc(site.aws))
    site.aws.make_zone(API, private=False)
    assert site.ask().codes == ["endpoint-missing"]


def shared_zone(site: Site, name: str) -> str:
    """A zone of this account that reaches the VPC by a Profile only."""
    zone = site.plant_zone(name, vpc=other_vpc(site.aws))
    site.aws.share_profile(site.vpc, site.aws.arn(zone), name="corporate-dns")
    return zone


def test_a_narrower_zone_of_a_profile_is_a_blocker(site: Site) -> None:
    zone = shared_zone(site, API)
    found = site.ask()
    assert found.codes == ["profile-zone-narrower", "endpoint-missing"]
    finding = found.of("profile-zone-narrower")
    assert finding["severity"] == "blocker"
    assert "corporate-dns" in finding["what"]
    assert zone in finding["what"]
    assert "disassociate" not in finding["command"], "the Profile is not this VPC's alone"


def test_every_profile_of_the_vpc_is_looked_into(site: Site) -> None:
    site.aws.share_profile(site.vpc, name="first")
    shared_zone(site, API)
    site.aws.share_profile(site.vpc, "arn:aws:route53:::hostedzone/Z0FOREIGN0000000000", name="third")
    found = site.ask()
    assert set(found.codes) == {"profile-zone-narrower", "profile-contents-unknown", "endpoint-missing"}


def test_a_zone_of_a_profile_with_our_name_is_a_warning(site: Site) -> None:
    shared_zone(site, PLATFORM)
    found = site.ask()
    assert found.codes == ["profile-zone-same", "endpoint-missing"]
    assert found.of("profile-zone-same")["severity"] == "warning"


def test_a_wider_zone_of_a_profile_is_a_note(site: Site) -> None:
    shared_zone(site, "tetrascience.com")
    assert set(site.ask().codes) == {"zone-covers", "endpoint-missing"}


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:route53:::hostedzone/Z0FOREIGN0000000000",
        "arn:aws:route53resolver:us-east-1:210987654321:resolver-rule/rslvr-rr-0123456789abcdef0",
        "arn:aws:route53resolver:us-east-1:210987654321:firewall-rule-group/rslvr-frg-0123456789abcdef0",
    ],
)
def test_what_a_profile_brings_and_this_account_cannot_read_is_a_note(live: Site, arn: str) -> None:
    live.aws.share_profile(live.vpc, arn)
    assert arn in live.ask().only("profile-contents-unknown", "note")["what"]


def test_a_profile_with_nothing_for_our_names_is_right(live: Site) -> None:
    rule = live.aws.add_resolver_rule(None, "corp.example.com", "192.0.2.53")
    zone = live.plant_zone("intranet.example.com", vpc=other_vpc(live.aws))
    live.aws.share_profile(live.vpc, live.aws.arn(rule), live.aws.arn(zone))
    assert live.ask().codes == []


@pytest.mark.parametrize("domain", [PLATFORM, API])
def test_a_forwarding_rule_that_wins_over_our_zone_is_a_blocker(live: Site, domain: str) -> None:
    rule = live.aws.add_resolver_rule(live.vpc, domain, "192.0.2.53", name="to-on-prem")
    finding = live.ask().only("resolver-rule-wins", "blocker")
    for part in ("to-on-prem", rule, "192.0.2.53", API):
        assert part in finding["what"]
    assert rule in finding["command"]


@pytest.mark.parametrize("domain", ["tetrascience.com", ".", "example.com", f"files.{PLATFORM}"])
def test_a_less_specific_rule_or_one_for_other_names_does_not_matter(site: Site, domain: str) -> None:
    site.configure(EXTRA_HOSTS="")
    site.aws.add_resolver_rule(site.vpc, domain, "192.0.2.53")
    assert set(site.ask().codes) == {"endpoint-missing", "names-hidden"}


def test_a_rule_that_keeps_a_name_with_the_vpc_wins_over_a_wider_one_that_forwards(live: Site) -> None:
    live.aws.add_resolver_rule(live.vpc, PLATFORM, "192.0.2.53")
    live.aws.add_resolver_rule(live.vpc, API, kind="SYSTEM")
    what = live.ask().of("resolver-rule-wins")["what"]
    assert API not in what.split("wins for")[1].replace(f"*.{API}", "").split(", ")


def test_a_rule_that_is_not_on_the_vpc_does_not_matter(live: Site) -> None:
    live.aws.add_resolver_rule(None, PLATFORM, "192.0.2.53")
    live.aws.add_resolver_rule(other_vpc(live.aws), PLATFORM, "192.0.2.53")
    assert live.ask().codes == []


def test_a_narrower_rule_of_a_profile_wins_and_one_with_our_name_does_not(live: Site) -> None:
    same = live.aws.add_resolver_rule(None, PLATFORM, "192.0.2.53")
    narrow = live.aws.add_resolver_rule(None, API, "192.0.2.53")
    live.aws.share_profile(live.vpc, live.aws.arn(same), live.aws.arn(narrow))
    assert narrow in live.ask().only("resolver-rule-wins", "blocker")["what"]


def test_a_zone_that_this_stack_made_for_another_vpc_is_not_this_vpcs(live: Site) -> None:
    """Also with adopt: what is in it is that VPC's, and reconcile refuses it."""
    other = other_vpc(live.aws)
    live.configure(EXISTING_ZONES="adopt")
    zone = live.zones()[PLATFORM]
    vpc = {"VPCRegion": live.aws.region, "VPCId": other.id}
    live.aws.client("route53").associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=vpc)
    live.aws.request_endpoint(other, state="available")
    found = live.ask(vpcId=other.id)
    finding = found.of("zone-taken")
    assert f"made by this stack for {live.vpc.id}" in finding["what"]
    assert live.vpc.id in finding["fix"]
    assert "zone-adopted" not in found.codes
