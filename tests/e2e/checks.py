"""What several tests check: records by the contract's rules, and how they resolve inside the VPC."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.harness.world import HOSTS, OWNER, Scene, marker_name

WILDCARD_WIRE = "\\052"


def wire(host: str) -> str:
    """A host as Route 53 shows it, without the trailing dot."""
    return host.replace("*", WILDCARD_WIRE)


def marker_text(record: Mapping[str, Any]) -> str:
    """The text of a TXT marker."""
    (value,) = record["ResourceRecords"]
    return "".join(part for part in value["Value"].split('"') if part.strip())


def assert_live(
    scene: Scene,
    hosts: Mapping[str, str] = HOSTS,
    *,
    endpoint_id: str | None = None,
    types: tuple[str, ...] = ("A",),
) -> None:
    """Every host has alias sets of exactly these types and a marker in its zone, and resolves to the endpoint."""
    for host, zone_name in hosts.items():
        records = scene.records(zone_name)
        at_host = {kind: record for (name, kind), record in records.items() if name == wire(host)}
        for kind in types:
            assert at_host[kind].get("AliasTarget") == scene.alias(endpoint_id), f"{kind} {host}"
        assert set(at_host) - set(types) - {"SOA", "NS"} == set(), host
        marker = marker_text(records[marker_name(host), "TXT"])
        assert marker.startswith("heritage=tdp-privatelink,"), marker
        assert f",tdp-privatelink/owner={OWNER}," in marker
        assert f",tdp-privatelink/endpoint={endpoint_id or scene.endpoint_id}," in marker
        asked = host.replace("*", "any")
        for kind in ("A", "AAAA"):
            expected = scene.addresses(kind, endpoint_id) if kind in types else []
            assert scene.resolve(asked, kind) == expected, f"{kind} {asked}"


def assert_only_ours(scene: Scene, hosts: Mapping[str, str] = HOSTS, *, types: tuple[str, ...] = ("A",)) -> None:
    """The VPC's zones are those of the hosts, and hold SOA, NS, the hosts' records and their markers; no more."""
    expected: dict[str, set[tuple[str, str]]] = {zone: {(zone, "SOA"), (zone, "NS")} for zone in hosts.values()}
    for host, zone in hosts.items():
        expected[zone] |= {(wire(host), kind) for kind in types} | {(marker_name(host), "TXT")}
    assert {zone: set(scene.records(zone)) for zone in scene.zones()} == expected


def assert_public(scene: Scene, hosts: Mapping[str, str] = HOSTS) -> None:
    """No zone is left on the VPC, and the hosts resolve in public DNS."""
    assert scene.zones() == {}
    for host in hosts:
        assert scene.resolve(host) == ["203.0.113.1"], host


def negative_ttl(scene: Scene, zone_name: str) -> int:
    """How long a resolver keeps "no such name": the smaller of the SOA's TTL and its last field."""
    soa = scene.records(zone_name)[zone_name, "SOA"]
    return min(soa["TTL"], int(soa["ResourceRecords"][0]["Value"].split()[-1]))


# What the embedded AWS has no word for: its state, by hand.


def hide_dns_entries(scene: Scene) -> None:
    """The scene's endpoint is what it is, but EC2 does not list its names yet."""
    scene.aws._endpoints.endpoints.find(scene.endpoint_id).was_available = False


def made_in(scene: Scene, endpoint_id: str, year: int) -> None:
    """When an endpoint was created."""
    scene.aws._endpoints.endpoints.find(endpoint_id).created = datetime(year, 1, 1, tzinfo=UTC)


# How an endpoint can go.
LOSSES = ["rejected", "failed", "expired", "deleted", "missing"]


def lose(scene: Scene, endpoint_id: str, loss: str = "rejected") -> None:
    if loss == "missing":
        scene.aws.remove_endpoint(endpoint_id)
    elif loss == "deleted":
        scene.aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    else:
        scene.aws.set_endpoint_state(endpoint_id, loss)


def hide_from_lists(scene: Scene, endpoint_id: str | None = None) -> None:
    """The endpoint is there, but a list by filter does not show it; asked for by id, EC2 knows it."""
    endpoint = scene.aws._endpoints.endpoints.find(endpoint_id or scene.endpoint_id)
    service_name = endpoint.service_name

    def before(service: str, operation: str) -> None:
        if operation == "DescribeVpcEndpoints":
            by_id = "VpcEndpointIds" in scene.aws.calls[-1].params
            endpoint.service_name = service_name if by_id else "com.amazonaws.us-east-1.hidden"

    scene.aws.on_call(before)


def hide_records(scene: Scene, zone_name: str) -> Callable[[], None]:
    """A zone's records are not in ListResourceRecordSets, not even its SOA; the answer brings them back."""
    zone = scene.aws._route53.zones.find(scene.zones()[zone_name])
    records = zone.records.copy()

    def before(service: str, operation: str) -> None:
        zone.records = {} if operation == "ListResourceRecordSets" else records.copy()

    def back() -> None:
        unwatch_calls(scene)
        zone.records = records.copy()

    scene.aws.on_call(before)
    return back


def unwatch_calls(scene: Scene) -> None:
    """No callback any more."""
    scene.aws._callbacks.clear()
