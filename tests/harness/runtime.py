"""The Lambda Runtime API on the loopback interface, for one function process.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import re
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Event, Thread
from types import TracebackType
from typing import Self
from uuid import uuid4

PREFIX = "/2018-06-01/runtime"
ANSWER = re.compile(rf"{PREFIX}/invocation/(?P<id>[^/]+)/(?P<kind>response|error)")
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:reconcile"
CLOSE_LOOK = 0.05


@dataclass
class Invocation:
    """One event on its way through the function. `kind` is `response`, `error` or, when the process ended, `died`."""

    payload: bytes
    seconds: float
    id: str = field(default_factory=lambda: str(uuid4()))
    kind: str = ""
    body: bytes = b""
    done: Event = field(default_factory=Event)

    def end(self, kind: str, body: bytes) -> None:
        if not self.done.is_set():
            self.kind, self.body = kind, body
            self.done.set()


class Server(ThreadingHTTPServer):
    """One thread per connection. A connection that breaks belongs to a process that was ended."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Runtime:
    """Hands events to one process, one after the other, and takes its answers."""

    def __init__(self) -> None:
        self.init_error: bytes | None = None
        self._queue: Queue[Invocation] = Queue()
        self._open: dict[str, Invocation] = {}
        self._closing = Event()
        self._server = Server(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def address(self) -> str:
        """What AWS_LAMBDA_RUNTIME_API says: host and port."""
        return f"127.0.0.1:{self._server.server_port}"

    def submit(self, payload: bytes, seconds: float) -> Invocation:
        """Queue an event that the function has so many seconds for."""
        invocation = Invocation(payload, seconds)
        self._open[invocation.id] = invocation
        self._queue.put(invocation)
        return invocation

    def abandon(self, why: str) -> None:
        """The process is gone: nobody will answer what is open."""
        for invocation in list(self._open.values()):
            invocation.end("died", why.encode())

    def next(self) -> Invocation | None:
        """Blocks until there is an event; None when the server closes."""
        while not self._closing.is_set():
            try:
                return self._queue.get(timeout=CLOSE_LOOK)
            except Empty:
                continue
        return None

    def answered(self, invocation_id: str, kind: str, body: bytes) -> bool:
        invocation = self._open.pop(invocation_id, None)
        if invocation is None:
            return False
        invocation.end(kind, body)
        return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(runtime: Runtime) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path != f"{PREFIX}/invocation/next":
                self._send(404, b"{}")
                return
            invocation = runtime.next()
            if invocation is None:
                self.close_connection = True
                return
            deadline = int((time.time() + invocation.seconds) * 1000)
            headers = {
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": FUNCTION_ARN,
                "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
            }
            self._send(200, invocation.payload, headers)

        def do_POST(self) -> None:
            body = self._body()
            if self.path == f"{PREFIX}/init/error":
                runtime.init_error = body
                self._send(202, b"{}")
            elif (found := ANSWER.fullmatch(self.path)) and runtime.answered(found["id"], found["kind"], body):
                self._send(202, b"{}")
            else:
                self._send(403, b'{"errorMessage":"unknown invocation","errorType":"InvalidRequestID"}')

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                continue
            return b"".join(parts)

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
