"""A DNS server that answers what a client in one VPC would see."""

from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dnslib import AAAA, CNAME, NS, QTYPE, RCODE, RD, RR, SOA, TXT, A, DNSError, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSServer, TCPServer

from tests.aws import names
from tests.aws.lookup import Reply
from tests.aws.rrsets import STRING

if TYPE_CHECKING:
    from tests.aws.world import World

ATTEMPTS = 20
POLL_SECONDS = 0.02


class Silent:
    """dnslib reports each query on the terminal; nobody reads it there."""

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


# How a resolver can misbehave for a name.
SERVFAIL, SILENT, TRUNCATED = "servfail", "silent", "truncated"


class ResolvingServer(BaseResolver):
    """UDP and TCP on one port of 127.0.0.1. `public` is the rest of the world: name to addresses.

    `troubles` are names for which it misbehaves, `overrides` the addresses that it gives for a name whatever is true,
    none for a name that does not exist. `queries` are name, type and transport of what was asked.
    """

    def __init__(self, aws: "World", vpc_id: str, public: dict[str, list[str]] | None = None) -> None:
        self.public = {names.canonical(name): addresses for name, addresses in (public or {}).items()}
        self.port = 0
        self.troubles: dict[str, str] = {}
        self.overrides: dict[str, list[str]] = {}
        self.queries: list[tuple[str, str, str]] = []
        self._aws = aws
        self._vpc_id = vpc_id
        self._servers: list[DNSServer] = []

    def start(self) -> Self:
        self._servers = _pair(self)
        self.port = self._servers[0].server.server_address[1]
        for server in self._servers:
            Thread(target=server.server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        return self

    def stop(self) -> None:
        for server in self._servers:
            server.stop()
            server.server.server_close()
        self._servers = []

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        """Called by dnslib for each query."""
        answer = request.reply()
        name = names.canonical(str(request.q.qname))
        self.queries.append((name, QTYPE[request.q.qtype], handler.protocol))
        trouble = self.troubles.get(name.removesuffix("."))
        if trouble == SILENT:
            raise DNSError("no answer")
        if trouble == SERVFAIL:
            answer.header.rcode = RCODE.SERVFAIL
            return answer
        if trouble == TRUNCATED and handler.protocol == "udp":
            answer.header.tc = 1
            return answer
        if (forced := self.overrides.get(name.removesuffix("."))) is not None:
            return _forced(answer, str(request.q.qname), QTYPE[request.q.qtype], forced)
        found = self._aws.view(self._vpc_id, self.public).resolve(name, QTYPE[request.q.qtype])
        _fill(answer, found, str(request.q.qname))
        return answer

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Tcp(TCPServer):
    daemon_threads = True


def _pair(resolver: ResolvingServer) -> list[DNSServer]:
    """A UDP and a TCP server on the same free port."""
    for _ in range(ATTEMPTS):
        udp = DNSServer(resolver, "127.0.0.1", 0, logger=Silent())
        port = udp.server.server_address[1]
        try:
            return [udp, DNSServer(resolver, "127.0.0.1", port, logger=Silent(), server=_Tcp)]
        except OSError:
            udp.server.server_close()
    raise OSError("no port is free for both UDP and TCP")


def _forced(answer: DNSRecord, name: str, kind: str, addresses: list[str]) -> DNSRecord:
    if not addresses:
        answer.header.rcode = RCODE.NXDOMAIN
    for address in addresses if kind == "A" else []:
        answer.add_answer(RR(name, QTYPE.A, ttl=60, rdata=A(address)))
    return answer


def _fill(answer: DNSRecord, found: Reply, asked: str) -> None:
    for name, kind, ttl, value in found.records:
        shown = asked if name == names.canonical(asked) else name
        answer.add_answer(RR(shown, getattr(QTYPE, kind), ttl=ttl, rdata=_rdata(kind, value)))
    if found.soa:
        zone, ttl, value = found.soa
        answer.add_auth(RR(zone, QTYPE.SOA, ttl=ttl, rdata=_rdata("SOA", value)))
    if not found.exists:
        answer.header.rcode = RCODE.NXDOMAIN


def _rdata(kind: str, value: str) -> RD:
    if kind == "SOA":
        primary, contact, *times = value.split()
        return SOA(primary, contact, tuple(map(int, times)))
    if kind in ("TXT", "SPF"):
        return TXT([part.replace('\\"', '"').encode() for part in STRING.findall(value)])
    simple = {"A": A, "AAAA": AAAA, "CNAME": CNAME, "NS": NS}
    if kind in simple:
        return simple[kind](value)
    return RD(value.encode())
