"""Whoever may invoke the verifier cannot make it reach anything but its own configuration allows."""

import socket
from threading import Thread
from typing import Any

import pytest

from tests.harness import Function
from tests.network import Interfaces
from tests.verify.conftest import ADDRESSES, HOST, REGIONAL, Network, a, request

GOOD = [{"ip": ip, "azId": az_id} for ip, az_id in ADDRESSES.items()]


def refused(network: Network, event: Any) -> str:
    """The request is refused, and nothing was asked or connected to."""
    answer = network.send(event)
    assert answer.error is not None, answer.report
    assert answer.error["errorType"] == "RefusedRequest"
    assert network.interfaces.asked() == []
    assert network.dns.queries == []
    return answer.message


def test_ten_thousand_hosts_are_refused(network: Network) -> None:
    hosts = [f"host-{number}.example.com" for number in range(10_000)]
    assert "10000 hosts, more than 300" in refused(network, request("before", *hosts))


def test_the_limit_holds_for_all_targets_together(network: Network) -> None:
    one = request("before", *[f"host-{number}.example.com" for number in range(200)])
    one["targets"] *= 2
    assert "400 hosts" in refused(network, one)


@pytest.mark.parametrize(
    "host",
    [
        "plat\nform.tetrascience.com",
        "platform.tetrascience.com\x00.example.com",
        "platform.tetrascience.com:22",
        "user@platform.tetrascience.com",
        "https://platform.tetrascience.com",
        "platform.tetrascience.com/x",
        "10.0.0.1",
        "169.254.169.254",
        "localhost",
        "[::1]",
        "",
        "x" * 64 + ".example.com",
        "ecs-a-*.us-east-1.amazonaws.com",
        "\u202egro.elpmaxe.com",
    ],
)
def test_what_is_no_host_name_is_refused(network: Network, host: str) -> None:
    message = refused(network, request("before", host))
    assert message.isascii()
    assert message.isprintable()


@pytest.mark.parametrize(
    "ip", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "::"]
)
def test_metadata_and_other_special_addresses_are_refused(network: Network, ip: str) -> None:
    for cidrs in ("127.0.0.0/8", "0.0.0.0/0,::/0"):
        network.variables["VERIFY_CIDRS"] = cidrs
        assert "nothing is connected to" in refused(network, request("before", addresses=[*GOOD, {"ip": ip}]))


@pytest.mark.parametrize("cidrs", ["", "10.0.0.0/8", "0.0.0.0/0"])
def test_loopback_is_refused_unless_it_is_listed_by_name(network: Network, cidrs: str) -> None:
    network.variables["VERIFY_CIDRS"] = cidrs
    assert "127.10.0.10 is loopback" in refused(network, request("before"))


@pytest.mark.parametrize("ip", ["203.0.113.9", "8.8.8.8", "2001:db8::1", "10.0.0.1"])
def test_an_address_outside_the_ranges_is_not_connected_to(network: Network, ip: str) -> None:
    report = network.prove("before", addresses=[{"ip": ip, "azId": "use1-az1"}]).report
    assert report is not None
    (proof,) = report["hosts"]
    assert (proof["verdict"], proof["cause"]["code"], proof["tries"]) == ("failed", "address-not-allowed", [])
    assert "VERIFY_CIDRS" in proof["cause"]["fix"]


def test_an_address_outside_the_ranges_is_a_problem_beside_those_that_pass(network: Network) -> None:
    report = network.prove("before", addresses=[*GOOD, {"ip": "2001:db8::1", "azId": "use1-az1"}]).report
    assert report is not None
    assert (report["verdict"], [one["code"] for one in report["problems"]]) == ("passed", ["address-not-allowed"])
    assert len(report["hosts"][0]["tries"]) == 3


def test_dns_cannot_lead_it_elsewhere(network: Network) -> None:
    """A server that nobody allowed listens on loopback; a name leads there."""
    network.variables["VERIFY_CIDRS"] = "127.10.0.0/16"
    with socket.create_server(("127.66.0.1", network.interfaces.port)) as trap:
        trap.settimeout(3)
        caught: list[object] = []
        Thread(target=lambda: caught.append(_accepted(trap)), daemon=True).start()
        network.zone(HOST, a(HOST, "127.66.0.1", "169.254.169.254"))
        report = network.prove("after").report
        assert report is not None
        assert (report["hosts"][0]["verdict"], report["hosts"][0]["tries"]) == ("failed", [])
        assert caught == []


def _accepted(trap: socket.socket) -> object:
    try:
        return trap.accept()
    except OSError:
        return None


def test_the_port_is_its_own(network: Network) -> None:
    """Another port in the request is no part of a request; the server on it is never reached."""
    with Interfaces(ADDRESSES, [HOST], network.interfaces.authority) as other:
        event = request("before", addresses=[{"ip": "127.10.0.10", "azId": "use1-az1", "port": other.port}])
        assert "no request for proof" in refused(network, event)
        event = request("before", addresses=[{"ip": f"127.10.0.10:{other.port}"}])
        assert "no request for proof" in refused(network, event)
        assert other.asked() == []


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"before"',
        {},
        {"task": "verify"},
        {"phase": "during", "vpcId": "vpc-0a1b2c3d", "targets": []},
        {"phase": "before", "vpcId": "vpc-0a1b2c3d", "targets": []},
        request("before", hosts=[]),
        request("before", addresses=[]),
        request("before", addresses=[{"ip": "not an address"}]),
        request("before", addresses=GOOD * 30),
        request("before", regionalDnsName="metadata.example.com"),
        request("before", regionalDnsName="vpce-x.vpce.\n.amazonaws.com"),
        request("before", zonalDnsNames=["www.example.com"]),
        request("before", cidrs="0.0.0.0/0"),
        request("before") | {"port": 22},
    ],
)
def test_what_is_no_request_is_refused(network: Network, event: Any) -> None:
    if isinstance(event, bytes):
        # Not even the runtime takes what is not JSON; either way it is an error, and nothing is connected to.
        answer = network.send(event)
        assert answer.error is not None
        assert network.interfaces.asked() == []
    else:
        refused(network, event)


def test_a_refusal_leaves_the_function_ready_for_the_next_request(network: Network) -> None:
    network.dns.public = {f"{REGIONAL}.": list(ADDRESSES)}
    with Function({"VERIFY_RESOLVER": f"127.0.0.1:{network.dns.port}"} | network.variables, "verify") as function:
        assert not function.invoke(request("before", "a b")).ok
        report = function.invoke(request("before")).report
        assert report is not None
        assert report["verdict"] == "passed"
        assert any('"code":"refused"' in line for line in function.stderr)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("VERIFY_PORT", "0", "1 to 65535"),
        ("VERIFY_PORT", "https", "1 to 65535"),
        ("VERIFY_CIDRS", "10.0.0.0/33", "10.0.0.0/16"),
        ("VERIFY_CIDRS", "10.0.0.0/8,everything", "everything"),
        ("VERIFY_RESOLVER", "10.0.0.2", "ip:port"),
        ("VERIFY_RESOLVER", "dns.example.com:53", "ip:port"),
        ("VERIFY_CA_FILE", "/nonexistent/ca.pem", "PEM"),
        ("VERIFY_CA_FILE", __file__, "no certificate"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_to_whoever_asks(
    network: Network, name: str, value: str, says: str
) -> None:
    network.variables[name] = value
    answer = network.send(request("before"))
    assert answer.error is not None, answer.report
    assert answer.error["errorType"] == "InvalidConfiguration"
    assert name in answer.message
    assert says in answer.message
    assert network.interfaces.asked() == []
    assert network.dns.queries == []
