"""A process's own way to the embedded AWS, where every call is held until somebody says what the answer is."""

import fcntl
import json
import re
import select
import socket
import termios
import time
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from threading import Condition, Event, Thread
from typing import Any

from werkzeug.test import EnvironBuilder

from tests.aws import EmbeddedAws, wire
from tests.harness.runtime import Server

# What the embedded AWS makes up anew each time, and what no product can depend on.
MADE_UP = re.compile(
    rb"<(RequestId|SubmittedAt|MessageId|requestId)>[^<]*<"
    rb'|"LastModifiedDate": ?[0-9.]+'
    rb'|"MessageId": ?"[^"]*"'
)


@dataclass(frozen=True)
class Reply:
    """An answer of the embedded AWS, as it goes over the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def digest(self) -> str:
        return sha256(b"%d" % self.status + MADE_UP.sub(b"", self.body)).hexdigest()[:16]


@dataclass(eq=False)
class Held:
    """A call that a process waits for. Calls that are held together have a canonical order: that of their `key`."""

    environ: dict[str, Any]
    name: str
    key: str
    reply: Reply | None = None
    since: float = field(default_factory=time.monotonic)
    _told: Event = field(default_factory=Event)

    def tell(self, reply: Reply) -> None:
        self.reply = reply
        self._told.set()

    def wait(self) -> Reply | None:
        self._told.wait()
        return self.reply

    def let_go(self) -> None:
        self._told.set()


class Handler(BaseHTTPRequestHandler):
    """One connection of a process."""

    server: "Door"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle_one_request(self) -> None:
        """As usual, but from before the first byte is read the call counts as arriving."""
        select.select([self.connection], [], [])
        self._arrive(1)
        self._is_held = False
        try:
            super().handle_one_request()
        finally:
            if not self._is_held:
                self._arrive(-1)

    def _arrive(self, calls: int) -> None:
        with self.server.changed:
            self.server.arriving += calls

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        held = self.server.hold(self.command, self.path, dict(self.headers.items()), body)
        with self.server.changed:
            self.server.held.append(held)
            self.server.arriving -= 1
            self._is_held = True
            self.server.changed.notify_all()
        reply = held.wait()
        if reply is None:
            self.close_connection = True
            return
        lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}", *(f"{k}: {v}" for k, v in reply.headers)]
        # All at once: the process has no reason to sleep between two parts of an answer.
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode() + reply.body)

    do_GET = do_POST = do_DELETE = do_PUT = _pass


class Door(Server):
    """Where a process reaches AWS: holds its calls."""

    def __init__(self, aws: EmbeddedAws) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.aws = aws
        self.changed = Condition()
        self.held: list[Held] = []
        self.arriving = 0
        self._connections: list[socket.socket] = []
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def get_request(self) -> tuple[socket.socket, Any]:
        with self.changed:
            self.arriving += 1
        try:
            connection, address = super().get_request()
            self._connections.append(connection)
        finally:
            with self.changed:
                self.arriving -= 1
        return connection, address

    def hold(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Held:
        environ = EnvironBuilder(path, self.aws.url, method=method, headers=headers, data=body).get_environ()
        request = wire.read(environ, self.aws.account)
        params = json.dumps(request.params, default=str, sort_keys=True)
        key = f"{request.operation} {request.params.get('Name')} {params}"
        return Held(environ, f"{request.service}:{request.operation}", key)

    def is_quiet(self) -> bool:
        """Whether nothing that the process sent is still on its way to the held calls."""
        if select.select([self.socket], [], [], 0)[0] or any(map(_has_unread, self._connections)):
            return False
        # What was read before that look is counted here until it is held.
        with self.changed:
            return self.arriving == 0

    def close(self) -> None:
        """Calls that are still held end without an answer."""
        for held in self.held:
            held.let_go()
        self.shutdown()
        self._thread.join()
        self.server_close()


def _has_unread(connection: socket.socket) -> bool:
    try:
        unread = fcntl.ioctl(connection.fileno(), termios.FIONREAD, b"\0" * 4)
    except (OSError, ValueError):  # closed
        return False
    return unread != b"\0" * 4


def process(aws: EmbeddedAws, held: Held) -> Reply:
    """Has the embedded AWS process a call now."""
    assert aws._server is not None
    started: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        started[:] = [int(status.split()[0]), tuple(headers)]

    held.environ["wsgi.input"].seek(0)
    body = b"".join(aws._server.app(held.environ.copy(), start))
    return Reply(started[0], started[1], body)
