"""A Resolver inbound endpoint: what a VPC sees, answered on the addresses that forwarders outside of it name."""

import socket
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from threading import Thread
from typing import TYPE_CHECKING, Self

from dnslib.server import DNSServer, TCPServer, UDPServer

from tests.aws.dns import POLL_SECONDS, ResolvingServer, Silent
from tests.network.interfaces import ATTEMPTS, free_port

if TYPE_CHECKING:
    from tests.aws.world import World


class _Tcp(TCPServer):
    daemon_threads = True


class Inbound(ResolvingServer):
    """UDP and TCP on one high port of each address. What was asked is in `queries`."""

    def __init__(
        self, aws: "World", vpc_id: str, addresses: Iterable[str], public: dict[str, list[str]] | None = None
    ) -> None:
        super().__init__(aws, vpc_id, public)
        self.addresses = list(addresses)

    def start(self) -> Self:
        self.port = free_for_both(self.addresses)
        for address in self.addresses:
            for kind in (UDPServer, _Tcp):
                server = DNSServer(self, address, self.port, logger=Silent(), server=kind)
                self._servers.append(server)
                Thread(target=server.server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        return self


def free_for_both(addresses: Sequence[str]) -> int:
    """A port that is free for TCP and for UDP on every address."""
    for _ in range(ATTEMPTS):
        port = free_port(addresses)
        try:
            with ExitStack() as stack:
                for address in addresses:
                    stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind((address, port))
        except OSError:
            continue
        return port
    raise OSError(f"no port is free for both UDP and TCP on all of {', '.join(addresses)}")
