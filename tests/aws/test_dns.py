"""The DNS server answers what Route 53 Resolver would answer inside a VPC.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
"""

from collections.abc import Callable, Iterator
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.aws import EmbeddedAws, Vpc
from tests.aws.dns import ResolvingServer

ZONE = "platform.example.com"
PUBLIC = {"www.example.org": ["192.0.2.1", "2001:db8::1"], "x." + ZONE: ["192.0.2.9"]}

Ask = Callable[..., tuple[str, list[str]]]


@pytest.fixture
def ask(aws: EmbeddedAws, vpc: Vpc) -> Iterator[Ask]:
    """Status and answers of a query; with `soa=True` the negative TTL instead of answers."""
    with ResolvingServer(aws, vpc.id, public=PUBLIC) as server:

        def query(name: str, kind: str = "A", over: Any = dns.query.udp, soa: bool = False) -> tuple[str, list[str]]:
            answer = over(dns.message.make_query(name, kind), "127.0.0.1", port=server.port, timeout=5)
            section = answer.authority if soa else answer.answer
            found = [str(record.ttl) if soa else item.to_text() for record in section for item in record]
            return dns.rcode.to_text(answer.rcode()), found

        yield query


def record(name: str, kind: str, *values: str) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "TTL": 30, "ResourceRecords": [{"Value": value} for value in values]}


def alias(aws: EmbeddedAws, endpoint: str, name: str, kind: str = "A") -> dict[str, Any]:
    entry = aws.endpoint(endpoint)["DnsEntries"][0]
    target = {"HostedZoneId": entry["HostedZoneId"], "DNSName": entry["DnsName"], "EvaluateTargetHealth": False}
    return {"Name": name, "Type": kind, "AliasTarget": target}


def addresses(aws: EmbeddedAws, endpoint: str) -> tuple[list[str], list[str]]:
    ids = aws.endpoint(endpoint)["NetworkInterfaceIds"]
    found = aws.client("ec2").describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
    v4 = [address["PrivateIpAddress"] for one in found for address in one["PrivateIpAddresses"]]
    return sorted(v4), sorted(address["Ipv6Address"] for one in found for address in one["Ipv6Addresses"])


@pytest.mark.parametrize("ip_type", ["ipv4", "dualstack", "ipv6"])
def test_an_alias_answers_with_the_endpoints_addresses(aws: EmbeddedAws, vpc: Vpc, ask: Ask, ip_type: str) -> None:
    endpoint = aws.request_endpoint(vpc, ip_type=ip_type, state="available")
    aws.put_records(aws.make_zone(ZONE, vpc), *(alias(aws, endpoint, ZONE, kind) for kind in ("A", "AAAA")))
    v4, v6 = addresses(aws, endpoint)
    for name in (ZONE, aws.endpoint(endpoint)["DnsEntries"][0]["DnsName"]):
        for over in (dns.query.udp, dns.query.tcp):
            status, found = ask(name, "A", over)
            assert (status, sorted(found)) == ("NOERROR", v4)
            status, found = ask(name, "AAAA", over)
            assert (status, sorted(found)) == ("NOERROR", v6)
    assert (bool(v4), bool(v6)) == (ip_type != "ipv6", ip_type != "ipv4")


def test_a_zonal_name_answers_with_that_zones_address(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    endpoint = aws.request_endpoint(vpc, state="available")
    second = aws.endpoint(endpoint)["DnsEntries"][2]["DnsName"]
    assert ask(second) == ("NOERROR", [addresses(aws, endpoint)[0][1]])


def test_a_matching_zone_hides_public_names(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    assert ask("x." + ZONE) == ("NOERROR", ["192.0.2.9"])
    aws.make_zone(ZONE, vpc)
    assert ask("x." + ZONE) == ("NXDOMAIN", [])
    assert ask("www.example.org") == ("NOERROR", ["192.0.2.1"])
    assert ask("www.example.org", "AAAA") == ("NOERROR", ["2001:db8::1"])
    assert ask("nowhere.example.org") == ("NXDOMAIN", [])


def test_the_most_specific_zone_answers_alone(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    aws.put_records(aws.make_zone("example.com", vpc), record("a." + ZONE, "A", "10.9.9.9"))
    assert ask("a." + ZONE) == ("NOERROR", ["10.9.9.9"])
    aws.make_zone(ZONE, vpc)
    assert ask("a." + ZONE) == ("NXDOMAIN", [])


def test_a_zone_on_another_vpc_or_a_public_one_does_not_answer(aws: EmbeddedAws, ask: Ask) -> None:
    for zone in (aws.make_zone(ZONE, aws.make_vpc("10.1.0.0/16")), aws.make_zone(ZONE, private=False)):
        aws.put_records(zone, record(ZONE, "A", "10.9.9.9"))
    assert ask(ZONE) == ("NXDOMAIN", [])


def test_wildcards_stop_at_existing_names(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    """RFC 4592, section 2.2: an empty non-terminal exists, and a wildcard does not reach past it."""
    aws.put_records(
        aws.make_zone(ZONE, vpc),
        record("*." + ZONE, "A", "10.0.0.1"),
        record("host.empty." + ZONE, "A", "10.0.0.2"),
        record("text." + ZONE, "TXT", '"x"'),
    )
    assert ask("any." + ZONE) == ("NOERROR", ["10.0.0.1"])
    assert ask("deep.any." + ZONE) == ("NOERROR", ["10.0.0.1"])
    assert ask("empty." + ZONE) == ("NOERROR", [])
    assert ask("other.empty." + ZONE) == ("NXDOMAIN", [])
    assert ask("text." + ZONE) == ("NOERROR", [])
    assert ask(ZONE) == ("NOERROR", [])


def test_a_cname_is_followed_out_of_its_zone(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    aws.put_records(aws.make_zone(ZONE, vpc), record("c." + ZONE, "CNAME", "www.example.org"))
    assert ask("c." + ZONE) == ("NOERROR", ["www.example.org.", "192.0.2.1"])
    assert ask("c." + ZONE, "CNAME") == ("NOERROR", ["www.example.org."])


def test_text_answers_with_its_strings(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    aws.put_records(aws.make_zone(ZONE, vpc), record("t." + ZONE, "TXT", '"heritage=x,owner=y" "z"'))
    assert ask("t." + ZONE, "TXT") == ("NOERROR", ['"heritage=x,owner=y" "z"'])


def test_negative_answers_carry_the_smaller_of_soa_ttl_and_minimum(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    """RFC 2308, section 5."""
    zone = aws.make_zone(ZONE, vpc)
    assert ask("no." + ZONE, soa=True) == ("NXDOMAIN", ["900"])
    assert ask(ZONE, soa=True) == ("NOERROR", ["900"])
    soa = next(one for one in aws.records(zone) if one["Type"] == "SOA")
    value = soa["ResourceRecords"][0]["Value"].replace(" 86400", " 60")
    change = {"Action": "UPSERT", "ResourceRecordSet": soa | {"ResourceRecords": [{"Value": value}]}}
    aws.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
    assert ask("no." + ZONE, soa=True) == ("NXDOMAIN", ["60"])


def test_private_dns_of_an_endpoint_answers_in_its_vpc(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html"""
    endpoint = aws.request_endpoint(vpc, private_dns_name=ZONE)
    assert ask(ZONE) == ("NXDOMAIN", [])
    aws.set_endpoint_state(endpoint, "available")
    status, found = ask(ZONE)
    assert (status, sorted(found)) == ("NOERROR", addresses(aws, endpoint)[0])


def test_records_of_a_gone_endpoint_answer_nothing(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    endpoint = aws.request_endpoint(vpc, state="available")
    aws.put_records(aws.make_zone(ZONE, vpc), alias(aws, endpoint, ZONE))
    aws.remove_endpoint(endpoint)
    assert ask(ZONE) == ("NOERROR", [])


def test_names_keep_the_case_that_was_asked(aws: EmbeddedAws, vpc: Vpc, ask: Ask) -> None:
    aws.put_records(aws.make_zone(ZONE, vpc), record(ZONE, "A", "10.0.0.1"))
    assert ask(ZONE.upper()) == ("NOERROR", ["10.0.0.1"])
