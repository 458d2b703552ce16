"""Before the cut-over: straight to the endpoint's addresses, with the host's name in TLS."""

import pytest

from tests.network import interfaces as how
from tests.verify.conftest import ADDRESSES, API, HOST, Network

AZ2 = "127.10.1.10"


def test_an_endpoint_that_answers_everywhere_passes(network: Network) -> None:
    report = network.prove("before", HOST, API).report
    assert report is not None
    assert (report["phase"], report["verdict"], report["problems"]) == ("before", "passed", [])
    for proof in report["hosts"]:
        assert (proof["verdict"], proof["cause"]) == ("passed", None)
        assert proof["answers"] == list(ADDRESSES)
        assert [(one["ip"], one["azId"]) for one in proof["tries"]] == list(ADDRESSES.items())
        for one in proof["tries"]:
            assert 0 <= one["connectMs"] < 5000
            assert 0 < one["handshakeMs"] < 5000
            assert (one["tlsVersion"], one["error"]) == ("TLSv1.3", None)
        certificate = proof["certificate"]
        assert (certificate["subject"], certificate["issuer"]) == (f"CN={HOST}", "CN=Embedded Authority")
        assert certificate["daysLeft"] == 365
        assert certificate["notAfter"].endswith("Z")


def test_each_address_is_asked_for_each_host_by_its_own_name(network: Network) -> None:
    network.prove("before", HOST, API)
    asked = network.interfaces.asked()
    assert sorted(asked) == sorted((ip, host) for ip in ADDRESSES for host in (HOST, API))


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (how.WRONG_NAME, "certificate-name"),
        (how.EXPIRED, "certificate-expired"),
        (how.SELF_SIGNED, "certificate-untrusted"),
        (how.UNTRUSTED, "certificate-untrusted"),
        (how.CLOSES, "tls-closed"),
        (how.SILENT, "tls-timed-out"),
        (how.NO_TLS, "tls-failed"),
        (how.REFUSES, "connect-refused"),
        (how.BLACK_HOLE, "connect-timed-out"),
    ],
)
def test_an_endpoint_that_misbehaves_fails_with_its_cause(network: Network, behaviour: str, code: str) -> None:
    network.interfaces.behave(behaviour)
    report = network.prove("before").report
    assert report is not None
    (proof,) = report["hosts"]
    assert (report["verdict"], proof["verdict"], proof["cause"]["code"]) == ("failed", "failed", code)
    assert HOST in proof["cause"]["message"]
    assert len(proof["cause"]["fix"]) > 20
    assert [one["error"].split(":")[0] for one in proof["tries"]] == [code] * 3
    assert [one["connectMs"] is None for one in proof["tries"]] == [code.startswith("connect-")] * 3


@pytest.mark.parametrize(
    ("behaviour", "subject"), [(how.WRONG_NAME, "elsewhere.example.com"), (how.EXPIRED, HOST), (how.SELF_SIGNED, HOST)]
)
def test_a_certificate_that_is_refused_is_shown_all_the_same(network: Network, behaviour: str, subject: str) -> None:
    network.interfaces.behave(behaviour)
    report = network.prove("before").report
    assert report is not None
    (proof,) = report["hosts"]
    assert proof["certificate"]["subject"] == f"CN={subject}"
    assert f"CN={subject}" in proof["cause"]["message"]
    if behaviour == how.EXPIRED:
        assert proof["certificate"]["daysLeft"] == -2


@pytest.mark.parametrize("behaviour", [how.REFUSES, how.BLACK_HOLE, how.CLOSES, how.WRONG_NAME])
def test_one_of_three_addresses_that_fails_is_a_problem_beside_a_pass(network: Network, behaviour: str) -> None:
    network.interfaces.behave(behaviour, AZ2)
    report = network.prove("before", HOST, API).report
    assert report is not None
    assert (report["verdict"], [one["code"] for one in report["problems"]]) == ("passed", ["az-unreachable"])
    assert f"{AZ2} (use1-az2)" in report["problems"][0]["message"]
    errors = {one["ip"]: one["error"] for one in report["hosts"][0]["tries"]}
    assert [ip for ip, error in errors.items() if error] == [AZ2]


def test_one_address_that_answers_is_enough(network: Network) -> None:
    network.interfaces.behave(how.REFUSES, AZ2)
    network.interfaces.behave(how.BLACK_HOLE, "127.10.0.10")
    report = network.prove("before").report
    assert report is not None
    assert report["verdict"] == "passed"
    assert [one["code"] for one in report["problems"]] == ["az-unreachable"] * 2


def test_a_host_that_the_endpoint_does_not_serve_fails_alone(network: Network) -> None:
    report = network.prove("before", HOST, "typo.example.com").report
    assert report is not None
    assert report["verdict"] == "failed"
    assert {proof["host"]: proof["verdict"] for proof in report["hosts"]} == {
        HOST: "passed",
        "typo.example.com": "failed",
    }
    assert report["hosts"][1]["cause"]["code"] == "certificate-name"


def test_a_certificate_that_ends_within_21_days_is_a_problem(network: Network) -> None:
    network.interfaces.behave(how.EXPIRING)
    report = network.prove("before", HOST, API).report
    assert report is not None
    codes = [one["code"] for one in report["problems"]]
    # Each interface has a certificate of its own here; one stands for the host.
    assert (report["verdict"], codes) == ("passed", ["certificate-expiring"])
    assert "20 days" in report["problems"][0]["message"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_certificate_that_was_forgotten_in_one_zone_is_seen(network: Network, address: str) -> None:
    network.interfaces.behave(how.EXPIRING, address)
    report = network.prove("before").report
    assert report is not None
    assert [one["code"] for one in report["problems"]] == ["certificate-expiring"]
    assert report["hosts"][0]["certificate"]["daysLeft"] in (19, 20)


@pytest.mark.parametrize("behaviour", [how.EXPIRED, how.UNTRUSTED, how.SELF_SIGNED])
def test_a_certificate_that_does_not_serve_is_not_said_to_end_soon(network: Network, behaviour: str) -> None:
    network.interfaces.behave(behaviour)
    report = network.prove("before").report
    assert report is not None
    assert (report["verdict"], report["problems"]) == ("failed", [])


def test_the_resolver_is_the_systems_where_none_is_named(network: Network) -> None:
    network.variables["VERIFY_RESOLVER"] = ""
    name = "vpce-0a1b2c3d4e5f60718.vpce.invalid"
    report = network.prove("before", regionalDnsName=name).report
    assert report is not None
    assert report["verdict"] == "passed"
    # Whatever resolver this machine has, RFC 6761 says what it answers; and the one of this test was not asked.
    assert [one["code"] for one in report["problems"]] == ["endpoint-name-wrong"]
    assert network.dns.queries == []


def test_a_wildcard_is_proved_by_a_name_that_it_covers(network: Network) -> None:
    report = network.prove("before", "*.files.example.com").report
    assert report is not None
    assert (report["verdict"], report["hosts"][0]["host"]) == ("passed", "*.files.example.com")
    (name,) = {name for _, name in network.interfaces.asked()}
    assert name.endswith(".files.example.com")
    assert "*" not in name


def test_without_the_root_of_an_inspection_the_chain_is_not_trusted(network: Network) -> None:
    del network.variables["VERIFY_CA_FILE"]
    report = network.prove("before").report
    assert report is not None
    cause = report["hosts"][0]["cause"]
    assert cause["code"] == "certificate-untrusted"
    assert "VERIFY_CA_FILE" in cause["fix"]


def test_the_primary_name_has_to_lead_to_every_subnet(network: Network) -> None:
    from tests.verify.conftest import REGIONAL

    network.public[REGIONAL] = [AZ2]
    report = network.prove("before").report
    assert report is not None
    assert (report["verdict"], [one["code"] for one in report["problems"]]) == ("passed", ["primary-name-narrow"])
    assert report["names"] == [{"name": REGIONAL, "answers": [AZ2]}]


def test_one_subnet_is_all_that_one_subnet_can_have(network: Network) -> None:
    from tests.verify.conftest import REGIONAL

    network.public[REGIONAL] = [AZ2]
    report = network.prove("before", addresses=[{"ip": AZ2, "azId": "use1-az2"}]).report
    assert report is not None
    assert (report["verdict"], report["problems"]) == ("passed", [])


@pytest.mark.parametrize("answers", [[], ["203.0.113.5"]])
def test_an_endpoint_name_that_leads_nowhere_or_elsewhere_is_a_problem(network: Network, answers: list[str]) -> None:
    zonal = "vpce-0a1b2c3d4e5f60718-1a2b3c4d-us-east-1a.vpce-svc-0a1b2c3d4e5f60718.us-east-1.vpce.amazonaws.com"
    if answers:
        network.public[zonal] = answers
    report = network.prove("before", zonalDnsNames=[zonal]).report
    assert report is not None
    assert (report["verdict"], [one["code"] for one in report["problems"]]) == ("passed", ["endpoint-name-wrong"])
    assert zonal in report["problems"][0]["message"]
