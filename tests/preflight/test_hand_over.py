"""The hand-over for DNS outside AWS, once the connection is live; the forwarders work in the real servers."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws import EmbeddedAws
from tests.harness.world import PLATFORM
from tests.network.inbound import Inbound
from tests.network.servers import Bind, Dnsmasq, Server, Unbound
from tests.preflight.site import Site

# A Resolver inbound endpoint that a server on this machine can really ask.
INBOUND = ("127.20.0.1", "127.20.0.2")
HOSTS = [PLATFORM, f"api.{PLATFORM}", "api.tetrascience.com"]
ZONES = ["api.tetrascience.com", PLATFORM]


@pytest.fixture
def reachable(aws: EmbeddedAws) -> Iterator[Site]:
    """A live site with an inbound endpoint on loopback addresses, and names without wildcards."""
    site = Site(aws, INBOUND)
    site.configure(EXTRA_HOSTS="")
    with site.dns:
        site.live()
        yield site


@pytest.fixture
def inbound(reachable: Site) -> Iterator[Inbound]:
    with Inbound(reachable.aws, reachable.vpc.id, INBOUND) as inbound:
        yield inbound


def server_with(kind: type[Server], snippets: dict[str, str]) -> tuple[Server, str]:
    """The server with the options that the hand-over gives for it, and its snippet."""
    options = snippets["bindOptions"] if kind is Bind else ""
    return kind(options), snippets[kind.__name__.lower()]


@pytest.mark.parametrize("kind", [Bind, Unbound, Dnsmasq])
def test_the_forwarders_resolve_every_name_in_the_real_server(
    reachable: Site, inbound: Inbound, kind: type[Server]
) -> None:
    server, snippet = server_with(kind, reachable.ask().report["handOver"]["snippets"])
    assert server.check(snippet) == ""
    with server.running(server.at_port(snippet, inbound.port)) as running:
        for host in HOSTS:
            assert running.ask(host) == ("NOERROR", reachable.addresses()), host
        # Nothing wider: other names of the domain do not come here.
        before = len(inbound.queries)
        assert running.ask("www.tetrascience.com")[1] == []
        assert len(inbound.queries) == before


def test_the_hand_over_names_exactly_our_names_and_where_to_forward(reachable: Site) -> None:
    report = reachable.ask().report
    hand_over = report["handOver"]
    assert (hand_over["zones"], sorted(hand_over["hosts"])) == (ZONES, sorted(HOSTS))
    assert hand_over["forwardTo"] == list(INBOUND)
    assert sorted(hand_over["addresses"]) == reachable.addresses()
    assert hand_over["primaryDnsName"] == reachable.primary_dns_name()
    text = report["texts"]["handOver"]
    for snippet in hand_over["snippets"].values():
        assert snippet in text
    for word in ("l7ProxyDnsNameservers", "l7ProxyWhitelist", "parent proxy"):
        assert word in text


def test_windows_gets_one_forwarder_for_each_zone(reachable: Site) -> None:
    lines = [line for line in reachable.ask().report["handOver"]["snippets"]["windows"].splitlines() if line[0] != "#"]
    assert [line.split('"')[1] for line in lines] == ZONES
    addresses = ",".join(f'"{address}"' for address in INBOUND)
    assert all(f"-MasterServers {addresses} " in line for line in lines)


def test_without_an_inbound_endpoint_there_are_fixed_addresses_and_a_warning(aws: EmbeddedAws) -> None:
    site = Site(aws, inbound=())
    site.configure(EXTRA_HOSTS="")
    with site.dns:
        site.live()
        found = site.ask()
    assert "no-inbound-endpoint" in found.codes
    text = found.report["texts"]["handOver"]
    assert "**Warning.**" in text
    assert "forwarders {" not in text
    for address in site.addresses():
        assert f"{address} " in text


@pytest.mark.parametrize("state", ["pendingAcceptance", "pending", "rejected"])
def test_there_is_no_hand_over_before_the_endpoint_is_available(site: Site, state: str) -> None:
    site.go(state)
    report = site.ask().report
    assert (report["handOver"], report["texts"]["handOver"]) == (None, None)


def test_there_is_no_hand_over_before_the_records_are_there(site: Site) -> None:
    site.go("available")
    assert site.ask().report["handOver"] is None


@pytest.mark.parametrize("how", ["firewall", "rule"])
def test_there_is_no_hand_over_while_something_keeps_the_names_from_the_endpoint(live: Site, how: str) -> None:
    if how == "firewall":
        live.aws.block_domains(live.vpc, "*.tetrascience.com")
    else:
        live.aws.add_resolver_rule(live.vpc, PLATFORM, "192.0.2.53")
    report = live.ask().report
    assert (report["verdict"], report["handOver"]) == ("blocked", None)
    assert {row["host"]: row["via"] for row in report["coverage"]}[f"api.{PLATFORM}"] == "contested"


def test_there_is_no_hand_over_of_adopted_zones_before_our_records_are_in_them(site: Site) -> None:
    site.configure(EXTRA_HOSTS="", EXISTING_ZONES="adopt")
    for zone in ZONES:
        site.plant_zone(zone)
    site.go()
    found = site.ask()
    assert "records-missing" in found.codes
    assert found.report["handOver"] is None
    site.run("reconcile")
    site.mark()
    found = site.ask()
    assert "records-missing" not in found.codes
    assert sorted(found.report["handOver"]["zones"]) == sorted(ZONES)


def test_there_is_no_hand_over_while_private_dns_is_taken_back(live: Site) -> None:
    live.configure(MODE="withdraw")
    assert live.ask().report["handOver"] is None


@pytest.mark.parametrize("operation", ["ListResolverEndpoints", "ListResolverEndpointIpAddresses"])
def test_an_inbound_endpoint_that_cannot_be_read_is_not_said_to_be_missing(live: Site, operation: str) -> None:
    live.aws.faults.add("denied", "route53resolver", operation, times=None)
    report = live.ask().report
    assert (report["verdict"], report["handOver"]) == ("incomplete", None)


def test_aws_names_that_endpoints_serve_are_named_and_not_forwarded(reachable: Site) -> None:
    reachable.configure(TDP_COMPONENTS="hub")
    reachable.aws_endpoint("sqs")
    hand_over = reachable.ask().report["handOver"]
    assert hand_over["awsHosts"] == ["sqs.us-east-1.amazonaws.com"]
    assert [text for text in hand_over["snippets"].values() if "amazonaws.com" in text] == []


def test_addresses_of_ipv6_are_left_out_where_there_are_others(aws: EmbeddedAws) -> None:
    site = Site(aws, inbound=("10.0.0.5", "2001:db8::5"))
    with site.dns:
        site.live()
        assert site.ask().report["handOver"]["forwardTo"] == ["10.0.0.5"]


def test_there_is_none_any_more_when_a_zone_is_taken_from_the_vpc(live: Site) -> None:
    assert live.ask().report["handOver"] is not None
    live.detach(live.zones()[PLATFORM])
    assert live.ask().report["handOver"] is None


def test_private_dns_of_the_endpoint_is_as_good_as_a_zone(site: Site) -> None:
    site.configure(EXTRA_HOSTS="")
    site.live(private_dns_name="api.tetrascience.com")
    hand_over: Any = site.ask().report["handOver"]
    assert sorted(hand_over["zones"]) == sorted(ZONES)


def test_aws_names_at_our_records_are_forwarded_and_resolve_in_the_real_server(
    reachable: Site, inbound: Inbound
) -> None:
    """To the endpoints in the VPC: those of its own, and those that private DNS serves below a forwarded zone."""
    reachable.configure(TDP_COMPONENTS="hub", AWS_SERVICE_ROUTING="own")
    sqs, api = (reachable.aws_endpoint(service, private_dns=False) for service in ("sqs", "ecr.api"))
    registry = reachable.aws_endpoint("ecr.dkr")
    assert reachable.run("sweep").outcome == "changed"
    reachable.mark()
    report = reachable.ask().report
    hand_over = report["handOver"]
    led = {
        "sqs.us-east-1.amazonaws.com": sqs,
        "ecr.us-east-1.amazonaws.com": api,
        "api.ecr.us-east-1.amazonaws.com": api,
        "753968983172.dkr.ecr.us-east-1.amazonaws.com": registry,
    }
    assert {one["host"]: one["endpointId"] for one in hand_over["forwardedAws"]} == led
    assert hand_over["zones"] == sorted([*ZONES, "ecr.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com"])
    assert sorted(hand_over["hosts"]) == sorted(HOSTS)
    assert "Everybody behind these DNS servers" in report["texts"]["handOver"]
    server, snippet = server_with(Unbound, hand_over["snippets"])
    assert server.check(snippet) == ""
    with server.running(server.at_port(snippet, inbound.port)) as running:
        for host, endpoint in led.items():
            assert running.ask(host) == ("NOERROR", reachable.addresses(endpoint_id=endpoint)), host


def test_through_tdp_the_aws_names_are_forwarded_with_the_platforms(site: Site) -> None:
    site.configure(TDP_COMPONENTS="hub", AWS_SERVICE_ROUTING="tdp")
    site.live()
    report = site.ask().report
    hand_over = report["handOver"]
    assert "sqs.us-east-1.amazonaws.com" in hand_over["hosts"]
    assert "*.s3.us-east-1.amazonaws.com" in hand_over["hosts"]
    assert {one["atTdp"] for one in hand_over["forwardedAws"]} == {True}
    assert "that means through TDP" in report["texts"]["handOver"]


def test_an_own_endpoint_that_names_do_not_lead_to_yet_holds_up_nothing_else(site: Site) -> None:
    site.configure(TDP_COMPONENTS="hub", AWS_SERVICE_ROUTING="own")
    site.live()
    site.aws_endpoint("sqs", private_dns=False)
    found = site.ask()
    assert "sqs.us-east-1.amazonaws.com" in found.of("records-missing")["what"]
    assert "sqs.us-east-1.amazonaws.com" not in found.report["handOver"]["zones"]
