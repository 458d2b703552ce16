"""DNS Firewall: which rule decides for the platform's names."""

import pytest

from tests.harness.world import PLATFORM
from tests.preflight.site import Site, other_vpc


@pytest.mark.parametrize("pattern", [PLATFORM, f"{PLATFORM}.", "*.tetrascience.com", "*", PLATFORM.upper()])
def test_a_rule_that_blocks_a_name_of_the_platform_is_a_blocker(live: Site, pattern: str) -> None:
    group = live.aws.block_domains(live.vpc, "ads.example.com", pattern, name="no-saas")
    finding = live.ask().only("dns-firewall-blocks", "blocker")
    assert "no-saas" in finding["what"]
    assert group in finding["what"]
    assert PLATFORM in finding["what"]


@pytest.mark.parametrize("pattern", ["tetrascience.com", f"*.x.{PLATFORM}", "*.example.com", f"x{PLATFORM}"])
def test_a_rule_for_other_names_does_not_matter(live: Site, pattern: str) -> None:
    live.aws.block_domains(live.vpc, pattern)
    assert live.ask().codes == []


def test_a_wildcard_does_not_block_the_name_above_it(site: Site) -> None:
    site.aws.block_domains(site.vpc, f"*.{PLATFORM}")
    what = site.ask().of("dns-firewall-blocks")["what"]
    assert f"api.{PLATFORM}" in what
    assert f" {PLATFORM}," not in what


def test_an_allow_before_the_block_wins(live: Site) -> None:
    live.aws.block_domains(live.vpc, "*", priority=200)
    live.aws.block_domains(live.vpc, "*.tetrascience.com", action="ALLOW", priority=101)
    assert live.ask().codes == []


def test_an_allow_behind_the_block_does_not(live: Site) -> None:
    live.aws.block_domains(live.vpc, "*.tetrascience.com", action="ALLOW", priority=300)
    live.aws.block_domains(live.vpc, "*", priority=200)
    assert live.ask().codes == ["dns-firewall-blocks"]


def test_rules_of_one_name_are_two_rules(live: Site) -> None:
    group = live.aws.block_domains(live.vpc, f"api.{PLATFORM}", action="ALLOW", name="same", priority=10)
    live.aws.block_domains(live.vpc, PLATFORM, name="same", priority=20, group=group)
    finding = live.ask().only("dns-firewall-blocks", "blocker")
    assert f"api.{PLATFORM}" not in finding["what"]


def test_rules_of_one_group_are_looked_at_in_their_own_order(live: Site) -> None:
    group = live.aws.block_domains(live.vpc, "*", priority=100)
    live.aws.block_domains(live.vpc, "*.tetrascience.com", action="ALLOW", priority=50, group=group)
    assert live.ask().codes == []


@pytest.mark.parametrize(("qtype", "codes"), [("A", ["dns-firewall-blocks"]), ("MX", [])])
def test_only_rules_about_addresses_matter(live: Site, qtype: str, codes: list[str]) -> None:
    live.aws.block_domains(live.vpc, PLATFORM, qtype=qtype)
    assert live.ask().codes == codes


def test_each_type_is_decided_by_itself(live: Site) -> None:
    """An ALLOW for AAAA lets no A pass, and an endpoint without IPv6 is not asked for AAAA."""
    live.aws.block_domains(live.vpc, "*.tetrascience.com", action="ALLOW", qtype="AAAA", priority=101)
    live.aws.block_domains(live.vpc, "*", priority=200)
    assert live.ask().codes == ["dns-firewall-blocks"]


def test_a_block_of_aaaa_does_not_matter_to_an_endpoint_without_ipv6(live: Site) -> None:
    live.aws.block_domains(live.vpc, "*", qtype="TYPE28")
    assert live.ask().codes == []


def test_a_block_behind_a_list_that_cannot_be_read_is_a_warning(live: Site) -> None:
    live.aws.block_domains(live.vpc, managed=True, action="ALLOW", priority=101, name="partners")
    live.aws.block_domains(live.vpc, "*", priority=200)
    finding = live.ask().only("dns-firewall-blocks", "warning")
    assert "partners" in finding["what"]


def test_a_managed_list_behind_an_allow_for_our_names_is_nothing(live: Site) -> None:
    live.aws.block_domains(live.vpc, managed=True, priority=200)
    live.aws.block_domains(live.vpc, "*.tetrascience.com", action="ALLOW", priority=101)
    assert live.ask().codes == []


def test_an_alert_is_a_note(live: Site) -> None:
    live.aws.block_domains(live.vpc, PLATFORM, action="ALERT")
    live.ask().only("dns-firewall-alerts", "note")


def test_a_managed_list_is_a_note_that_its_contents_are_unknown(live: Site) -> None:
    live.aws.block_domains(live.vpc, managed=True, name="malware")
    finding = live.ask().only("dns-firewall-unknown", "note")
    assert "malware" in finding["what"]
    assert "unknown" in finding["why"]


def test_advanced_protection_is_a_note(live: Site) -> None:
    live.aws.block_domains(live.vpc, advanced=True, name="tunnels")
    assert "tunnels" in live.ask().only("dns-firewall-unknown", "note")["what"]


def test_a_managed_list_that_only_alerts_is_nothing(live: Site) -> None:
    live.aws.block_domains(live.vpc, managed=True, action="ALERT")
    assert live.ask().codes == []


def test_an_aws_name_that_the_components_need_is_a_warning(live: Site) -> None:
    live.configure(TDP_COMPONENTS="hub")
    live.aws.block_domains(live.vpc, "*.amazonaws.com")
    found = live.ask()
    assert found.of("dns-firewall-blocks-aws")["severity"] == "warning"
    assert "ecs.us-east-1.amazonaws.com" in found.of("dns-firewall-blocks-aws")["what"]


def test_a_group_on_another_vpc_does_not_matter(live: Site) -> None:
    live.aws.block_domains(other_vpc(live.aws), "*")
    assert live.ask().codes == []


def test_a_long_list_is_read_to_its_end(live: Site) -> None:
    live.aws.block_domains(live.vpc, *[f"host-{number}.example.com" for number in range(6000)], PLATFORM)
    assert live.ask().codes == ["dns-firewall-blocks"]


def test_a_list_that_cannot_be_read_says_so_beside_what_was_found(live: Site) -> None:
    live.aws.block_domains(live.vpc, PLATFORM)
    live.aws.faults.add("denied", "route53resolver", "ListFirewallDomains", times=None)
    finding = live.ask().only("not-checked", "warning")
    assert "route53resolver:ListFirewallDomains" in finding["what"]
