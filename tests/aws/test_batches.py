"""ChangeResourceRecordSets refuses what AWS refuses, whole.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

from typing import Any

import pytest

from tests.aws import EmbeddedAws, Vpc
from tests.aws.conftest import Client, Refused

ZONE = "platform.example.com"


def a(name: str = ZONE, *values: str, ttl: int = 300) -> dict[str, Any]:
    records = [{"Value": value} for value in values or ("10.0.0.1",)]
    return {"Name": name, "Type": "A", "TTL": ttl, "ResourceRecords": records}


def of(kind: str, name: str, *values: str) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value} for value in values]}


def alias(target: str, zone_id: str, name: str = ZONE, kind: str = "A") -> dict[str, Any]:
    where = {"HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": False}
    return {"Name": name, "Type": kind, "AliasTarget": where}


def batch(*steps: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in steps]}


@pytest.fixture
def zone(aws: EmbeddedAws, vpc: Vpc) -> str:
    return aws.make_zone(ZONE, vpc)


@pytest.fixture
def entry(aws: EmbeddedAws, vpc: Vpc) -> dict[str, str]:
    """The regional DNS entry of an available endpoint."""
    return aws.endpoint(aws.request_endpoint(vpc, state="available"))["DnsEntries"][0]


@pytest.fixture
def change(client: Client, zone: str) -> Any:
    def submit(*steps: tuple[str, dict[str, Any]]) -> Any:
        return client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch(*steps))

    return submit


@pytest.fixture
def refusal(refused: Refused, change: Any) -> Any:
    """The message of an InvalidChangeBatch."""

    def of_batch(*steps: tuple[str, dict[str, Any]]) -> str:
        code, message, status = refused(lambda: change(*steps))
        assert (code, status) == ("InvalidChangeBatch", 400)
        return message

    return of_batch


def test_a_refused_batch_leaves_nothing_behind(aws: EmbeddedAws, zone: str, refusal: Any) -> None:
    before = aws.records(zone)
    refusal(("CREATE", a("new." + ZONE)), ("DELETE", a("absent." + ZONE)))
    assert aws.records(zone) == before


def test_every_problem_of_a_batch_is_named(refusal: Any) -> None:
    message = refusal(("DELETE", a("one." + ZONE)), ("DELETE", a("two." + ZONE)))
    assert "one.platform" in message and "two.platform" in message
    assert message.startswith("[") and message.endswith("]")


def test_creating_an_existing_set_is_refused(change: Any, refusal: Any) -> None:
    change(("CREATE", a()))
    expected = "[Tried to create resource record set [name='platform.example.com.', type='A'] but it already exists]"
    assert refusal(("CREATE", a(ZONE, "10.0.0.2"))) == expected


def test_deleting_an_absent_set_is_refused(refusal: Any) -> None:
    expected = "[Tried to delete resource record set [name='platform.example.com.', type='A'] but it was not found]"
    assert refusal(("DELETE", a())) == expected


@pytest.mark.parametrize("stale", [a(ZONE, "10.0.0.9"), a(ttl=60), a(ZONE, "10.0.0.1", "10.0.0.2")])
def test_a_delete_has_to_name_the_current_value(change: Any, refusal: Any, stale: dict[str, Any]) -> None:
    change(("CREATE", a()))
    assert "but the values provided do not match the current values" in refusal(("DELETE", stale))


@pytest.mark.parametrize(
    "stale", [{"DNSName": "other.vpce.amazonaws.com"}, {"HostedZoneId": "Z1"}, {"EvaluateTargetHealth": True}]
)
def test_a_delete_has_to_name_the_current_alias_target(
    change: Any, refusal: Any, entry: dict[str, str], stale: dict[str, Any]
) -> None:
    record = alias(entry["DnsName"], entry["HostedZoneId"])
    change(("CREATE", record))
    wrong = record | {"AliasTarget": record["AliasTarget"] | stale}
    assert "do not match the current values" in refusal(("DELETE", wrong))
    change(("DELETE", record))


def test_the_order_of_values_does_not_matter_to_a_delete(aws: EmbeddedAws, zone: str, change: Any) -> None:
    change(("CREATE", a(ZONE, "10.0.0.1", "10.0.0.2")))
    change(("DELETE", a(ZONE, "10.0.0.2", "10.0.0.1")))
    assert [record["Type"] for record in aws.records(zone)] == ["NS", "SOA"]


def test_delete_as_read_and_create_replaces_a_set_in_one_batch(
    aws: EmbeddedAws, zone: str, change: Any, entry: dict[str, str]
) -> None:
    change(("CREATE", of("CNAME", "www." + ZONE, "example.org")))
    new = alias(entry["DnsName"], entry["HostedZoneId"], "www." + ZONE)
    change(("DELETE", of("CNAME", "www." + ZONE, "example.org")), ("CREATE", new))
    assert aws.records(zone)[-1]["Type"] == "A"


def test_cname_is_refused_at_the_apex(refusal: Any) -> None:
    assert "is not permitted at apex in zone platform.example.com." in refusal(("CREATE", of("CNAME", ZONE, "x.org")))


def test_cname_is_refused_beside_another_type(change: Any, refusal: Any) -> None:
    change(("CREATE", a("www." + ZONE)))
    message = refusal(("CREATE", of("CNAME", "www." + ZONE, "x.org")))
    assert "conflicts with other records with the same DNS name" in message


def test_another_type_is_refused_beside_cname(change: Any, refusal: Any) -> None:
    change(("CREATE", of("CNAME", "www." + ZONE, "x.org")))
    assert "conflicting RRSet of type CNAME" in refusal(("UPSERT", of("TXT", "www." + ZONE, '"x"')))


def test_alias_with_ttl_is_refused(refused: Refused, change: Any, entry: dict[str, str]) -> None:
    record = alias(entry["DnsName"], entry["HostedZoneId"]) | {"TTL": 60}
    code, message, _ = refused(lambda: change(("CREATE", record)))
    assert code == "InvalidInput" and "but found more than one" in message


def test_a_set_without_values_is_refused(refused: Refused, change: Any) -> None:
    code, message, _ = refused(lambda: change(("CREATE", {"Name": ZONE, "Type": "A", "TTL": 60})))
    assert code == "InvalidInput" and "but found none" in message


def test_alias_with_another_hosted_zone_id_is_refused(refusal: Any, entry: dict[str, str]) -> None:
    message = refusal(("CREATE", alias(entry["DnsName"], "Z0000000000000000000")))
    assert "the alias target name does not lie within the target zone" in message


def test_alias_to_an_endpoint_that_does_not_exist_is_refused(refusal: Any, entry: dict[str, str]) -> None:
    target = "vpce-0123456789abcdef0-00000000.vpce-svc-1.us-east-1.vpce.amazonaws.com"
    assert "but that target was not found" in refusal(("CREATE", alias(target, entry["HostedZoneId"])))


def test_ipv6_alias_to_an_endpoint_with_ipv4_names_is_refused(refusal: Any, entry: dict[str, str]) -> None:
    message = refusal(("CREATE", alias(entry["DnsName"], entry["HostedZoneId"], kind="AAAA")))
    assert "type AAAA" in message and "but that target was not found" in message


def test_alias_within_the_zone_needs_its_target(zone: str, refusal: Any, change: Any) -> None:
    record = alias("target." + ZONE, zone, "www." + ZONE)
    assert "but that target was not found" in refusal(("CREATE", record))
    change(("CREATE", a("target." + ZONE)), ("CREATE", record))


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (of("TXT", ZONE, "unquoted"), "InvalidCharacterString"),
        (of("TXT", ZONE, '"closed" open'), "InvalidCharacterString"),
        (of("TXT", ZONE, f'"{"x" * 256}"'), "CharacterStringTooLong"),
        (of("A", ZONE, "10.0.0.256"), "ARRDATAIllegalIPv4Address"),
        (of("A", ZONE, "::1"), "ARRDATAIllegalIPv4Address"),
        (of("AAAA", ZONE, "10.0.0.1"), "AAAARRDATAIllegalIPv6Address"),
        (of("A", ZONE, "10.0.0.1", "10.0.0.1"), "Duplicate Resource Record"),
        (of("A", "a..b." + ZONE, "10.0.0.1"), "DomainLabelEmpty"),
        (of("A", "x" * 64 + "." + ZONE, "10.0.0.1"), "DomainLabelTooLong"),
        (of("A", "elsewhere.com", "10.0.0.1"), "is not permitted in zone platform.example.com."),
        (of("A", "not" + ZONE, "10.0.0.1"), "is not permitted in zone platform.example.com."),
    ],
)
def test_malformed_sets_are_refused(refusal: Any, record: dict[str, Any], problem: str) -> None:
    assert problem in refusal(("CREATE", record))


def test_a_text_of_255_characters_and_several_strings_are_accepted(change: Any) -> None:
    change(("CREATE", of("TXT", ZONE, f'"{"x" * 255}" "more"')))


@pytest.mark.parametrize("kind", ["SOA", "NS"])
def test_soa_and_ns_of_the_apex_can_only_be_changed(
    aws: EmbeddedAws, zone: str, refusal: Any, change: Any, kind: str
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html"""
    current = next(record for record in aws.records(zone) if record["Type"] == kind)
    assert "A HostedZone must contain" in refusal(("DELETE", current))
    assert "but it already exists" in refusal(("CREATE", current))
    change(("UPSERT", current | {"TTL": 60}))
    assert next(record for record in aws.records(zone) if record["Type"] == kind)["TTL"] == 60


def test_a_batch_holds_a_thousand_records(change: Any, refusal: Any) -> None:
    steps = [("CREATE", a(f"h{n}.{ZONE}")) for n in range(1001)]
    assert refusal(*steps) == "[Number of records limit of 1000 exceeded.]"
    change(*steps[:1000])


def test_an_upsert_counts_twice(change: Any, refusal: Any) -> None:
    steps = [("UPSERT", a(f"h{n}.{ZONE}")) for n in range(501)]
    assert refusal(*steps) == "[Number of records limit of 1000 exceeded.]"
    change(*steps[:500])


def test_an_alias_counts_as_one_record(refusal: Any, entry: dict[str, str]) -> None:
    steps = [("CREATE", alias(entry["DnsName"], entry["HostedZoneId"], f"h{n}.{ZONE}")) for n in range(1001)]
    assert refusal(*steps) == "[Number of records limit of 1000 exceeded.]"


def test_a_batch_holds_32000_characters_of_values(change: Any, refusal: Any) -> None:
    text = f'"{"x" * 255}"'
    steps = [("CREATE", of("TXT", f"t{n}.{ZONE}", text)) for n in range(125)]
    assert refusal(*steps) == "[Number of characters limit of 32000 exceeded.]"
    change(*steps[:124])


def test_the_same_set_twice_in_a_batch_is_refused(refusal: Any) -> None:
    message = refusal(("CREATE", a()), ("UPSERT", a(ZONE, "10.0.0.2")))
    assert "invalid set of changes for a resource record set 'A platform.example.com.'" in message


def test_a_zone_that_does_not_exist_is_named(client: Client, refused: Refused) -> None:
    change = client("route53").change_resource_record_sets
    code, message, status = refused(change, HostedZoneId="Z404", ChangeBatch=batch(("CREATE", a())))
    assert (code, message, status) == ("NoSuchHostedZone", "No hosted zone found with ID: Z404", 404)
