"""After the cut-over: the name as a client in the VPC resolves it, and TLS to what that answers."""

from pathlib import Path
from typing import Any

import pytest

from tests.aws import EmbeddedAws
from tests.aws.dns import SERVFAIL, SILENT, TRUNCATED
from tests.network import Authority, Interfaces
from tests.network import interfaces as how
from tests.verify.conftest import ADDRESSES, API, HOST, Network, a

AZ2 = "127.10.1.10"


def only(report: dict[str, Any] | None) -> dict[str, Any]:
    assert report is not None
    (proof,) = report["hosts"]
    assert proof["verdict"] == report["verdict"]
    return dict(proof)


def test_names_that_lead_to_the_endpoint_pass(network: Network) -> None:
    network.zone(HOST, a(HOST), a(API))
    report = network.prove("after", HOST, API).report
    assert report is not None
    assert (report["phase"], report["verdict"], report["problems"]) == ("after", "passed", [])
    for proof in report["hosts"]:
        assert (proof["answers"], proof["cause"]) == (list(ADDRESSES), None)
        assert [one["ip"] for one in proof["tries"]] == list(ADDRESSES)
        assert proof["certificate"]["subject"] == f"CN={HOST}"


def test_the_resolver_that_is_named_is_asked_for_both_families(network: Network) -> None:
    network.zone(HOST, a(HOST))
    network.prove("after")
    asked = {(name, kind) for name, kind, _ in network.dns.queries}
    assert {(f"{HOST}.", "A"), (f"{HOST}.", "AAAA")} <= asked


def test_a_name_that_does_not_exist_in_its_zone_is_a_missing_record(network: Network) -> None:
    network.zone(HOST, a(HOST))
    report = network.prove("after", HOST, API).report
    assert report is not None
    assert report["verdict"] == "failed"
    assert [proof["verdict"] for proof in report["hosts"]] == ["passed", "failed"]
    assert report["hosts"][1]["cause"]["code"] == "record-missing"
    assert "does not exist" in report["hosts"][1]["cause"]["message"]


def test_a_name_without_an_address_is_a_missing_record_too(network: Network) -> None:
    network.zone(HOST)
    proof = only(network.prove("after").report)
    assert (proof["verdict"], proof["cause"]["code"]) == ("failed", "record-missing")
    assert "has no address" in proof["cause"]["message"]


def test_a_wider_zone_of_ours_is_named_in_the_request(network: Network) -> None:
    network.zone("tetrascience.com")
    assert only(network.prove("after").report)["cause"]["code"] == "zone-not-associated"
    assert only(network.prove("after", zones=["tetrascience.com"]).report)["cause"]["code"] == "record-missing"


def test_a_zone_on_another_vpc_is_not_seen(network: Network) -> None:
    elsewhere = network.aws.make_vpc("10.50.0.0/16")
    zone_id = network.aws.make_zone(HOST, elsewhere)
    network.aws.put_records(zone_id, a(HOST))
    proof = only(network.prove("after").report)
    assert (proof["verdict"], proof["cause"]["code"]) == ("failed", "zone-not-associated")


def test_a_public_answer_fails_and_is_not_connected_to(network: Network) -> None:
    network.public[HOST] = ["203.0.113.7"]
    proof = only(network.prove("after").report)
    assert (proof["cause"]["code"], proof["answers"], proof["tries"]) == ("answer-public", ["203.0.113.7"], [])
    assert "203.0.113.7" in proof["cause"]["message"]
    assert network.interfaces.asked() == []


def test_one_public_address_beside_the_endpoints_fails(network: Network) -> None:
    network.zone(HOST, a(HOST, *ADDRESSES, "203.0.113.7"))
    assert only(network.prove("after").report)["cause"]["code"] == "answer-public"


@pytest.mark.parametrize("foreign", ["10.77.0.9", "127.99.0.1"])
def test_a_private_address_of_somebody_else_points_to_a_resolver_rule(network: Network, foreign: str) -> None:
    network.zone(HOST, a(HOST, foreign))
    proof = only(network.prove("after").report)
    assert (proof["verdict"], proof["cause"]["code"]) == ("failed", "resolver-rule")


def test_an_answer_that_leaves_out_an_address_is_a_problem_beside_a_pass(network: Network) -> None:
    network.zone(HOST, a(HOST, "127.10.0.10", "127.10.2.10"))
    report = network.prove("after").report
    assert report is not None
    assert (report["verdict"], [one["code"] for one in report["problems"]]) == ("passed", ["answer-incomplete"])
    assert f"{AZ2} (use1-az2)" in report["problems"][0]["message"]


@pytest.mark.parametrize(("trouble", "code"), [(SERVFAIL, "dns-failed"), (SILENT, "dns-timed-out")])
def test_a_resolver_that_gives_no_answer_is_named(network: Network, trouble: str, code: str) -> None:
    network.zone(HOST, a(HOST))
    network.dns.troubles[HOST] = trouble
    proof = only(network.prove("after").report)
    assert (proof["verdict"], proof["cause"]["code"], proof["tries"]) == ("failed", code, [])


def test_an_answer_that_was_cut_off_is_asked_again_over_tcp(network: Network) -> None:
    network.zone(HOST, a(HOST))
    network.dns.troubles[HOST] = TRUNCATED
    assert only(network.prove("after").report)["verdict"] == "passed"
    transports = [transport for name, kind, transport in network.dns.queries if (name, kind) == (f"{HOST}.", "A")]
    assert transports == ["udp", "tcp"]


def test_a_chain_of_cnames_is_followed(network: Network) -> None:
    def cname(name: str, target: str) -> dict[str, Any]:
        return {"Name": name, "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": target}]}

    network.zone(HOST, cname(f"a.{HOST}", f"b.{HOST}"), cname(f"b.{HOST}", API), a(API))
    host = f"a.{HOST}"
    network.interfaces.behave(how.REFUSES)
    with Interfaces(ADDRESSES, [host], network.interfaces.authority) as interfaces:
        network.variables["VERIFY_PORT"] = str(interfaces.port)
        proof = only(network.prove("after", host).report)
    assert (proof["verdict"], proof["answers"]) == ("passed", list(ADDRESSES))


def test_an_endpoint_with_ipv6_only_is_proved_by_aaaa(server: EmbeddedAws, tmp_path: Path) -> None:
    server.reset()
    with Interfaces(["::1"], [HOST], Authority()) as interfaces:
        network = Network(server, server.make_vpc(), interfaces, tmp_path)
        network.variables["VERIFY_CIDRS"] = "::1/128"
        record = {"Name": HOST, "Type": "AAAA", "TTL": 60, "ResourceRecords": [{"Value": "::1"}]}
        network.zone(HOST, record)
        network.public = {}
        with network.dns:
            proof = only(network.prove("after", addresses=[{"ip": "::1", "azId": "use1-az1"}]).report)
            assert (proof["verdict"], proof["answers"]) == ("passed", ["::1"])
            # The same endpoint with an A record of somebody else beside.
            network.aws.put_records(network.aws.zones(network.vpc)[0]["id"], a(HOST, "203.0.113.9"))
            proof = only(network.prove("after", addresses=[{"ip": "::1", "azId": "use1-az1"}]).report)
            assert proof["cause"]["code"] == "answer-public"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [(how.CLOSES, "tls-closed"), (how.WRONG_NAME, "certificate-name"), (how.BLACK_HOLE, "connect-timed-out")],
)
def test_tls_is_checked_as_before_the_cut_over(network: Network, behaviour: str, code: str) -> None:
    network.zone(HOST, a(HOST))
    network.interfaces.behave(behaviour)
    assert only(network.prove("after").report)["cause"]["code"] == code


def test_a_zone_that_stops_answering_is_noticed(network: Network) -> None:
    network.zone(HOST, a(HOST))
    network.interfaces.behave(how.REFUSES, AZ2)
    report = network.prove("after").report
    assert report is not None
    assert (report["verdict"], [one["code"] for one in report["problems"]]) == ("passed", ["az-unreachable"])
