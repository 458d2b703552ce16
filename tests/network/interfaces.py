"""Servers on loopback addresses that stand for an endpoint's network interfaces, and misbehave on demand."""

import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from threading import Lock, Thread
from types import TracebackType
from typing import Self

from tests.network.certificates import Authority, self_signed

PATIENCE = 10.0
ATTEMPTS = 50

# What an interface can do with a connection.
ANSWERS, EXPIRING, EXPIRED, SELF_SIGNED, UNTRUSTED, WRONG_NAME = (
    "answers", "expiring", "expired", "self-signed", "untrusted", "wrong-name",
)  # fmt: skip
CLOSES, SILENT, NO_TLS, REFUSES, BLACK_HOLE = "closes", "silent", "no-tls", "refuses", "black-hole"


class Interfaces:
    """One server per address, all on one port, with certificates for the platform's names."""

    def __init__(self, addresses: Iterable[str], names: Sequence[str], authority: Authority) -> None:
        self.addresses = list(addresses)
        self.port = free_port(self.addresses)
        self.authority = authority
        self._names = list(names)
        self._servers: dict[str, _Server] = {}
        self._lock = Lock()
        self._asked: list[tuple[str, str]] = []

    def behave(self, behaviour: str, *addresses: str) -> None:
        """Every interface, or those named, behaves like this from now on."""
        for address in addresses or self.addresses:
            if server := self._servers.pop(address, None):
                server.stop()
            if behaviour != REFUSES:
                self._servers[address] = _Server(address, self.port, self._handler(behaviour, address), behaviour)

    def asked(self) -> list[tuple[str, str]]:
        """Address and server name of every TLS handshake that began, in order."""
        with self._lock:
            return list(self._asked)

    def _handler(self, behaviour: str, address: str) -> Callable[[socket.socket], None]:
        if behaviour in (SILENT, BLACK_HOLE):
            return _hold
        if behaviour == CLOSES:
            return lambda connection: None
        if behaviour == NO_TLS:
            return lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        context = self._context(behaviour)

        def remember(_: object, name: str | None, __: object) -> None:
            with self._lock:
                self._asked.append((address, name or ""))

        context.sni_callback = remember
        return lambda connection: _shake(connection, context)

    def _context(self, behaviour: str) -> ssl.SSLContext:
        """Each address has a context of its own, since each says where it was asked."""
        days = {EXPIRED: -2.0, EXPIRING: 20.0}.get(behaviour, 365.0)
        if behaviour == SELF_SIGNED:
            return self_signed(self._names)
        authority = Authority("Somebody Else") if behaviour == UNTRUSTED else self.authority
        names = ["elsewhere.example.com"] if behaviour == WRONG_NAME else self._names
        return authority.server(names, days=days)

    def stop(self) -> None:
        for server in self._servers.values():
            server.stop()
        self._servers.clear()

    def __enter__(self) -> Self:
        self.behave(ANSWERS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server:
    """Accepts and hands over; a black hole does not even accept, so that the kernel drops what comes."""

    def __init__(self, address: str, port: int, handle: Callable[[socket.socket], None], behaviour: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((address, port))
        self._handle = handle
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        if behaviour == BLACK_HOLE:
            self._socket.listen(0)
            # A backlog of nothing holds one connection; from the second on the kernel drops each SYN.
            for _ in range(2):
                filler = socket.socket(family)
                filler.setblocking(False)
                filler.connect_ex((address, port))
                self._open.add(filler)
            return
        self._socket.listen(512)
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        connection.settimeout(PATIENCE)
        with suppress(OSError):
            self._handle(connection)
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def stop(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()


def _hold(connection: socket.socket) -> None:
    """Take what comes, and say nothing."""
    while connection.recv(4096):
        continue


def _shake(connection: socket.socket, context: ssl.SSLContext) -> None:
    with context.wrap_socket(connection, server_side=True) as tls:
        tls.recv(1)


def free_port(addresses: Sequence[str]) -> int:
    """A port that is free on every address."""
    for _ in range(ATTEMPTS):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        try:
            for address in addresses:
                with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as other:
                    other.bind((address, port))
        except OSError:
            continue
        return port
    raise OSError(f"no port is free on all of {', '.join(addresses)}")
