"""BIND 9, Unbound and dnsmasq as forwarders to a Resolver inbound endpoint, with snippets that a person wrote.

What a snippet leaves out makes names fail here, so that a snippet that works has all that it needs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.aws import EmbeddedAws
from tests.network import install
from tests.network.inbound import Inbound
from tests.network.install import Unavailable
from tests.network.servers import Bind, Dnsmasq, Server, Unbound

ZONE = "platform.tetrascience.com"
FIRST, SECOND = "127.20.0.1", "127.20.0.2"
V4 = ["10.0.0.10", "10.0.1.10", "10.0.2.10"]
PUBLIC = {"www.example.org": ["192.0.2.1"]}

BIND = """
zone "platform.tetrascience.com" {
    type forward;
    forward only;
    forwarders { 127.20.0.1; 127.20.0.2; };
};
"""
BIND_OPTIONS = 'validate-except { "platform.tetrascience.com"; };'
UNBOUND = """
server:
    domain-insecure: "platform.tetrascience.com"
    private-domain: "platform.tetrascience.com"

forward-zone:
    name: "platform.tetrascience.com"
    forward-addr: 127.20.0.1
    forward-addr: 127.20.0.2
"""
DNSMASQ = """
server=/platform.tetrascience.com/127.20.0.1
server=/platform.tetrascience.com/127.20.0.2
rebind-domain-ok=/platform.tetrascience.com/
"""


@dataclass(frozen=True)
class Case:
    """A server and a snippet; `outside` is the status of a name that is not forwarded."""

    server: Callable[..., Server]
    snippet: str
    options: str = ""
    outside: str = "SERVFAIL"

    def without(self, words: str) -> "Case":
        """The same without every line that begins so."""
        snippet, options = (
            "".join(line for line in text.splitlines(keepends=True) if not line.strip().startswith(words))
            for text in (self.snippet, self.options)
        )
        assert (snippet, options) != (self.snippet, self.options)
        return replace(self, snippet=snippet, options=options)

    def ask(self, inbound: Inbound, *names: tuple[str, str]) -> list[tuple[str, list[str]]]:
        server = self.server(self.options)
        assert server.check(self.snippet) == ""
        with server.running(server.at_port(self.snippet, inbound.port)) as running:
            return [running.ask(*name) for name in names]


CASES = {
    "bind": Case(Bind, BIND, BIND_OPTIONS),
    "unbound": Case(Unbound, UNBOUND),
    "dnsmasq": Case(Dnsmasq, DNSMASQ, outside="REFUSED"),
}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        # Other tests in this process may have left something, and then addresses would be others.
        aws.reset()
        yield aws


@pytest.fixture(scope="module")
def vpc_id(aws: EmbeddedAws) -> str:
    """A VPC with the platform's names on an endpoint."""
    vpc = aws.make_vpc()
    entry = aws.endpoint(aws.request_endpoint(vpc, ip_type="dualstack", state="available"))["DnsEntries"][0]
    target = {"HostedZoneId": entry["HostedZoneId"], "DNSName": entry["DnsName"], "EvaluateTargetHealth": False}
    names = [(name, kind) for name in (ZONE, f"api.{ZONE}") for kind in ("A", "AAAA")]
    aws.put_records(
        aws.make_zone(ZONE, vpc), *({"Name": name, "Type": kind, "AliasTarget": target} for name, kind in names)
    )
    return vpc.id


@pytest.fixture
def inbound(aws: EmbeddedAws, vpc_id: str) -> Iterator[Inbound]:
    with Inbound(aws, vpc_id, [FIRST, SECOND], PUBLIC) as inbound:
        yield inbound


@pytest.mark.parametrize("name", CASES)
def test_only_the_zone_is_forwarded_and_has_the_endpoints_addresses(name: str, inbound: Inbound) -> None:
    case = CASES[name]
    server = case.server(case.options)
    assert server.check(case.snippet) == ""
    with server.running(server.at_port(case.snippet, inbound.port)) as running:
        for host in (ZONE, f"api.{ZONE}"):
            assert running.ask(host) == ("NOERROR", V4)
            status, v6 = running.ask(host, "AAAA")
            assert (status, len(v6)) == ("NOERROR", 3)
        assert running.ask(f"nobody.{ZONE}") == ("NXDOMAIN", [])
        # The inbound endpoint knows this name, so only a server that does not ask it has no answer.
        running.outside.clear()
        assert running.ask("www.example.org") == (case.outside, [])
        assert running.outside
    assert {asked.removesuffix(".").endswith(ZONE) for asked, _, _ in inbound.queries} == {True}


@pytest.mark.parametrize("name", CASES)
def test_one_address_of_the_inbound_endpoint_is_enough(name: str, aws: EmbeddedAws, vpc_id: str) -> None:
    with Inbound(aws, vpc_id, [SECOND]) as inbound:
        assert CASES[name].ask(inbound, (ZONE, "A")) == [("NOERROR", V4)]


@pytest.mark.parametrize(
    ("name", "left_out", "answer"),
    [
        # The chain of trust from the root ends in no proof that the zone is unsigned.
        ("bind", "validate-except", ("SERVFAIL", [])),
        ("unbound", "domain-insecure", ("SERVFAIL", [])),
        # Private addresses are taken out of the answer.
        ("unbound", "private-domain", ("NOERROR", [])),
        ("dnsmasq", "rebind-domain-ok", ("NOERROR", [])),
    ],
)
def test_without_its_exception_a_name_fails(
    name: str, left_out: str, answer: tuple[str, list[str]], inbound: Inbound
) -> None:
    case = CASES[name]
    assert case.without(left_out).ask(inbound, (ZONE, "A")) == [answer]
    assert inbound.queries, "it was forwarded, and what came back was not taken"


def test_dnsmasq_validates_what_is_forwarded_without_naming_the_zone(inbound: Inbound) -> None:
    """So the server of one zone works without an exception because it is one zone's."""
    everything = replace(CASES["dnsmasq"], snippet=f"server={FIRST}\nrebind-domain-ok=/{ZONE}/\n")
    assert everything.ask(inbound, (ZONE, "A")) == [("SERVFAIL", [])]


def test_bind_that_refuses_private_addresses_needs_an_exception_in_the_same_statement(inbound: Inbound) -> None:
    refuses = "deny-answer-addresses { 10.0.0.0/8; }"
    for exception, answer in [("", ("SERVFAIL", [])), (f' except-from {{ "{ZONE}"; }}', ("NOERROR", V4))]:
        case = replace(CASES["bind"], options=f"{BIND_OPTIONS}\n{refuses}{exception};")
        assert case.ask(inbound, (ZONE, "A")) == [answer]


@pytest.mark.parametrize(
    ("name", "right", "wrong", "complaint"),
    [
        ("bind", "forward only;", "forward always;", "snippet.conf:4: 'always' unexpected"),
        ("bind", "};\n};", "};\n", "'}' expected"),
        ("unbound", "forward-addr: 127.20.0.1\n", "forward-addr: 127.20.0.300\n", "127.20.0.300"),
        ("unbound", "forward-zone:", "forward-zones:", "unknown keyword"),
        ("dnsmasq", "/127.20.0.1\n", "/127.20.0.300\n", "snippet.conf"),
        ("dnsmasq", "rebind-domain-ok", "rebind-domain-okay", "snippet.conf"),
    ],
)
def test_a_mistake_fails_the_check(name: str, right: str, wrong: str, complaint: str) -> None:
    case = CASES[name]
    assert right in case.snippet
    assert complaint in case.server(case.options).check(case.snippet.replace(right, wrong))


def test_a_mistake_in_the_options_fails_the_check_of_each() -> None:
    for case in CASES.values():
        assert "options.conf" in case.server("nonsense here").check(case.snippet)


def test_a_server_that_does_not_start_is_said_with_what_it_said() -> None:
    for case in CASES.values():
        with pytest.raises(RuntimeError, match="snippet.conf"), case.server().running("nonsense = 1"):
            pass


def test_every_forwarder_is_put_at_the_port() -> None:
    assert "{ 127.20.0.1 port 5353; 127.20.0.2 port 5353; }" in Bind.at_port(BIND, 5353)
    assert Bind.at_port("forwarders {\n    fd00::1;\n};", 53) == "forwarders {\n    fd00::1 port 53;\n};"
    assert Unbound.at_port(UNBOUND, 5353).count("forward-addr: 127.20.0.1@5353\n    forward-addr: 127.20.0.2@5353") == 1
    servers = [f"server=/{ZONE}/{address}#5353" for address in (FIRST, SECOND)]
    assert Dnsmasq.at_port(DNSMASQ, 5353).splitlines()[1:3] == servers
    for server in (Bind, Unbound, Dnsmasq):
        with pytest.raises(ValueError, match="no forwarder"):
            server.at_port("# nothing", 5353)


def test_where_a_server_is_missing_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(install, "SYSTEM", (str(tmp_path),))
    monkeypatch.setattr(install, "UNPACKED", tmp_path)
    for case in CASES.values():
        with pytest.raises(Unavailable, match="Install BIND 9"):
            case.server(case.options).check(case.snippet)
    with pytest.raises(Unavailable, match="no apt-get"):
        monkeypatch.setenv("PATH", str(tmp_path))
        install.install()
