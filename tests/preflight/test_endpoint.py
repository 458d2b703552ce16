"""The endpoint: its state, its primary DNS name, its private DNS."""

import pytest

from tests.harness.world import PLATFORM
from tests.preflight.site import Site


@pytest.mark.parametrize("state", ["pendingAcceptance", "pending"])
def test_an_endpoint_on_its_way_is_a_note(site: Site, state: str) -> None:
    site.go(state)
    finding = site.ask().only("endpoint-waits", "note")
    assert site.endpoint_id in finding["what"]


@pytest.mark.parametrize("state", ["rejected", "expired", "failed", "partial"])
def test_an_endpoint_that_carries_nothing_is_a_blocker(site: Site, state: str) -> None:
    site.go(state)
    finding = site.ask().only("endpoint-not-usable", "blocker")
    assert state in finding["what"]


def test_a_deleted_endpoint_is_none(site: Site) -> None:
    site.go("deleted")
    site.ask().only("endpoint-missing", "note")


def test_an_endpoint_in_one_subnet_is_a_warning(site: Site) -> None:
    site.go()
    site.aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=site.endpoint_id, RemoveSubnetIds=site.vpc.subnet_ids[1:])
    site.enter("available")
    site.run("reconcile")
    site.mark()
    found = site.ask()
    assert found.codes == ["one-shared-zone", "endpoint-one-zone"]
    assert site.vpc.subnet_ids[0] in found.of("endpoint-one-zone")["what"]


def test_a_second_endpoint_is_a_note_that_names_it(live: Site) -> None:
    first = live.endpoint_id
    live.aws.request_endpoint(live.vpc)
    finding = live.ask().only("several-endpoints", "note")
    assert first not in finding["what"]


def test_the_available_one_of_two_endpoints_is_judged(site: Site) -> None:
    site.live()
    site.aws.request_endpoint(site.vpc, state="rejected")
    assert site.ask().codes == ["several-endpoints"]


def test_of_two_endpoints_the_one_that_records_lead_to_is_judged(live: Site) -> None:
    """A newer one changes nothing while the first is available."""
    first = live.endpoint_id
    second = live.go()
    found = live.ask()
    assert set(found.codes) == {"several-endpoints"}
    finding = found.of("several-endpoints")
    assert second in finding["what"] and first in finding["why"] + finding["fix"]
    live.aws.set_endpoint_state(first, "rejected")
    assert "records-missing" in live.ask().codes


def test_of_two_endpoints_the_pinned_one_is_judged(live: Site) -> None:
    second = live.go()
    live.configure(ENDPOINT_ID=second)
    found = live.ask()
    assert second in found.of("records-missing")["what"]


def test_held_hosts_do_not_say_which_of_two_endpoints_is_followed(live: Site) -> None:
    """As reconcile decides it: held hosts stay where they are, and the others go."""
    first = live.endpoint_id
    live.configure(HOLD_HOSTS=f"{PLATFORM},api.{PLATFORM}")
    live.aws.set_endpoint_state(first, "rejected")
    second = live.go()
    assert live.run("sweep").outcome == "changed"
    live.mark()
    live.aws.set_endpoint_state(first, "available")
    finding = live.ask().of("several-endpoints")
    assert first in finding["what"] and second not in finding["what"]


def test_a_primary_name_that_does_not_resolve_is_a_warning(live: Site) -> None:
    name = live.primary_dns_name()
    live.dns.overrides[name] = []
    assert name in live.ask().only("primary-name-unresolved", "warning")["what"]


def test_a_primary_name_that_leaves_a_zone_out_is_a_warning_with_its_address(live: Site) -> None:
    addresses = live.addresses()
    live.dns.overrides[live.primary_dns_name()] = addresses[1:]
    finding = live.ask().only("primary-name-narrow", "warning")
    assert addresses[0] in finding["what"]
    assert addresses[1] not in finding["what"]


def test_a_primary_name_that_leads_elsewhere_is_a_warning(live: Site) -> None:
    live.dns.overrides[live.primary_dns_name()] = [*live.addresses(), "198.51.100.7"]
    assert "198.51.100.7" in live.ask().only("primary-name-wrong", "warning")["what"]


def test_an_available_endpoint_without_a_regional_name_is_a_warning(live: Site) -> None:
    live.aws.hide_dns_entries(live.endpoint_id)
    assert live.endpoint_id in live.ask().only("primary-name-missing", "warning")["what"]


def test_an_available_endpoint_without_records_is_a_warning(site: Site) -> None:
    site.go()
    finding = site.ask().only("records-missing", "warning")
    assert PLATFORM in finding["what"]
    assert f"/tdp-privatelink/tdp-test/{site.vpc.id}" in finding["command"]


def test_a_record_that_leads_elsewhere_is_missing(live: Site) -> None:
    zone = live.zones()[PLATFORM]
    live.aws.delete_record(zone, PLATFORM, "A")
    assert (
        live.ask()
        .only("records-missing", "warning")["what"]
        .startswith(f"No record in private DNS leads {PLATFORM} to")
    )


def test_no_answer_from_dns_is_not_a_verdict(live: Site) -> None:
    live.dns.troubles[live.primary_dns_name()] = "servfail"
    finding = live.ask().only("not-checked", "warning")
    assert live.primary_dns_name() in finding["what"]


def test_private_dns_that_serves_our_names_already_is_a_note(site: Site) -> None:
    site.live(private_dns_name=f"api.{PLATFORM}")
    found = site.ask()
    assert f"api.{PLATFORM}" in found.of("private-dns-serves")["what"]
    assert found.of("private-dns-serves")["severity"] == "note"
    assert "private-dns-available" not in found.codes


def test_private_dns_of_the_platform_host_leaves_the_api_host_a_zone_of_its_own(site: Site) -> None:
    """As reconcile plans it: the two agree on which zones there are."""
    site.configure(EXTRA_HOSTS="")
    site.aws.make_foreign_account_zone(PLATFORM, site.vpc, owning_service="vpce.amazonaws.com")
    site.live(private_dns_name=PLATFORM)
    found = site.ask()
    assert set(found.codes) == {"private-dns-serves", "names-hidden"}
    assert PLATFORM not in found.of("names-hidden")["what"].replace(f".{PLATFORM}", "")
    assert found.report["handOver"] is not None


def test_private_dns_is_a_zone_too_and_a_rule_wins_over_it(site: Site) -> None:
    site.configure(EXTRA_HOSTS="")
    site.live(private_dns_name="api.tetrascience.com")
    site.aws.add_resolver_rule(site.vpc, "api.tetrascience.com", "192.0.2.53")
    assert "resolver-rule-wins" in site.ask().codes


def test_private_dns_that_tetrascience_offers_is_a_note(live: Site) -> None:
    live.aws.set_service(private_dns_name=f"*.{PLATFORM}")
    assert f"*.{PLATFORM}" in live.ask().only("private-dns-available", "note")["what"]


def test_private_dns_that_aws_has_not_verified_is_not_on_offer(live: Site) -> None:
    live.aws.set_service(private_dns_name=f"*.{PLATFORM}", verified=False)
    assert live.ask().codes == []
