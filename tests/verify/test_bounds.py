"""Many names, silent addresses, and a clock that runs out."""

import socket

import pytest

from tests.aws.dns import SILENT
from tests.network import interfaces as how
from tests.verify.conftest import HOST, Network, a, request

MANY = [f"host-{number}.files.example.com" for number in range(300)]


def test_three_hundred_hosts_at_three_addresses_are_proved_within_the_time(network: Network) -> None:
    report = network.prove("before", *MANY, deadline=30).report
    assert report is not None
    assert (report["verdict"], report["problems"]) == ("passed", [])
    assert sum(len(proof["tries"]) for proof in report["hosts"]) == 900
    assert len(set(network.interfaces.asked())) == 900


def test_three_hundred_hosts_are_resolved_and_proved_within_the_time(network: Network) -> None:
    network.zone("files.example.com", *(a(host) for host in MANY))
    report = network.prove("after", *MANY, deadline=30, zones=["files.example.com"]).report
    assert report is not None
    assert (report["verdict"], report["problems"]) == ("passed", [])


def test_a_silent_address_does_not_eat_the_time_of_the_others(network: Network) -> None:
    network.interfaces.behave(how.BLACK_HOLE, "127.10.1.10")
    report = network.prove("before", *MANY, deadline=30).report
    assert report is not None
    assert report["verdict"] == "passed"
    assert [one["code"] for one in report["problems"]] == ["az-unreachable"]
    errors = [one["error"] for proof in report["hosts"] for one in proof["tries"] if one["ip"] == "127.10.1.10"]
    assert len(errors) == 300
    assert all(error.startswith("connect-timed-out") for error in errors)


def test_the_time_of_a_silent_zone_is_spent_once_for_all_endpoints(network: Network) -> None:
    """A VPC has an endpoint of its own for each AWS service, and each of them has an address in that zone."""
    network.interfaces.behave(how.BLACK_HOLE, "127.10.1.10")
    event = request("before")
    targets = [request("before", host, endpointId=f"vpce-{at:017x}") for at, host in enumerate(MANY[:9])]
    event["targets"] = [one["targets"][0] for one in targets]
    report = network.send(event, deadline=20).report
    assert report is not None
    assert report["verdict"] == "passed"
    assert [len(proof["tries"]) for proof in report["hosts"]] == [3] * 9


def test_when_time_runs_out_what_was_seen_is_reported(network: Network) -> None:
    network.interfaces.behave(how.BLACK_HOLE)
    report = network.prove("before", deadline=4).report
    assert report is not None
    (proof,) = report["hosts"]
    assert (report["verdict"], proof["verdict"], proof["cause"], proof["tries"]) == (
        "incomplete",
        "incomplete",
        None,
        [],
    )


def test_what_passed_before_time_ran_out_has_passed(network: Network) -> None:
    network.interfaces.behave(how.BLACK_HOLE, "127.10.1.10", "127.10.2.10")
    report = network.prove("before", deadline=4).report
    assert report is not None
    (proof,) = report["hosts"]
    assert (report["verdict"], [one["ip"] for one in proof["tries"]]) == ("passed", ["127.10.0.10"])


def test_a_host_that_failed_before_time_ran_out_has_failed(network: Network) -> None:
    """The others may be missing: what is known is not hidden by them."""
    network.zone(HOST)
    slow = "host-1.files.example.com"
    network.dns.troubles[slow] = SILENT
    report = network.prove("after", HOST, slow, deadline=4).report
    assert report is not None
    assert report["verdict"] == "failed"
    assert [proof["verdict"] for proof in report["hosts"]] == ["failed", "incomplete"]


@pytest.mark.parametrize(("behaviour", "cause"), [(how.BLACK_HOLE, "connect-timed-out"), (how.SILENT, "tls-timed-out")])
def test_a_hundred_hosts_at_an_endpoint_that_is_silent_everywhere_fail_in_time(
    network: Network, behaviour: str, cause: str
) -> None:
    network.interfaces.behave(behaviour)
    report = network.prove("before", *MANY[:100], deadline=30).report
    assert report is not None
    assert report["verdict"] == "failed"
    assert {(proof["verdict"], proof["cause"]["code"]) for proof in report["hosts"]} == {("failed", cause)}


def test_a_resolver_that_is_silent_fails_all_in_time(network: Network) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        network.variables["VERIFY_RESOLVER"] = f"127.0.0.1:{port}"
        report = network.prove("after", *MANY, deadline=30).report
        assert udp.recv(512)
    assert report is not None
    assert {proof["cause"]["code"] for proof in report["hosts"]} == {"dns-timed-out"}
    assert (report["verdict"], len(report["hosts"])) == ("failed", len(MANY))
