"""A fast AWS with canned answers, where moto's own time would hide that of its clients.

It runs in a process of its own. Each service has a port, as in AWS each has a host, so that a client opens a connection
to each. A further port takes the bench's own orders.
"""

import asyncio
import json
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

from tests.bench.answers import Account
from tests.network.certificates import Authority

ROOT = Path(__file__).parents[2]
SERVICES = {"ec2": "EC2", "route53": "ROUTE_53", "ssm": "SSM", "sns": "SNS"}
TYPES = {"ssm": "application/x-amz-json-1.1"}


@dataclass(frozen=True)
class Call:
    """One call; the seconds are those of the monotonic clock, which all processes share."""

    service: str
    operation: str
    started: float
    ended: float


class Canned:
    """The server's process, from the bench's side."""

    def __init__(self, latency: float = 0.0, tls: Path | None = None) -> None:
        """With `tls`, a folder, it speaks TLS, and its authority is in that folder's `ca.pem`."""
        command = [sys.executable, "-m", "tests.bench.canned", str(latency), str(tls or "")]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._ports: dict[str, int] = json.loads(self._process.stdout.readline())
        self._url = "https://localhost" if tls else "http://127.0.0.1"

    def env(self) -> dict[str, str]:
        """The environment that points an AWS SDK here."""
        endpoints = {
            f"AWS_ENDPOINT_URL_{name}": f"{self._url}:{self._ports[service]}" for service, name in SERVICES.items()
        }
        return endpoints | {
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_SESSION_TOKEN": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def reset(self) -> None:
        """An account without zones, and no calls."""
        self._order("reset")

    def calls(self) -> list[Call]:
        """What was asked since the last time that this was called."""
        return [Call(*call) for call in self._order("calls")]

    def _order(self, name: str) -> Any:
        with urlopen(Request(f"http://127.0.0.1:{self._ports['orders']}/{name}"), timeout=10) as answer:
            return json.load(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()


def busy(calls: list[Call], since: float = 0.0, until: float = float("inf")) -> float:
    """The seconds in which at least one call was under way."""
    total, end = 0.0, since
    for call in sorted(calls, key=lambda call: call.started):
        begin, end_of_call = max(call.started, end), min(call.ended, until)
        total += max(0.0, end_of_call - begin)
        end = max(end, end_of_call)
    return total


def chain(calls: list[Call]) -> list[Call]:
    """The most calls of which each began when the one before had ended."""
    found: list[Call] = []
    for call in sorted(calls, key=lambda call: call.ended):
        if not found or call.started >= found[-1].ended:
            found.append(call)
    return found


class Server:
    """What all connections share."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.account = Account()
        self.calls: list[tuple[str, str, float, float]] = []

    def order(self, name: str) -> object:
        calls, self.calls = self.calls, []
        if name == "reset":
            self.account = Account()
            return None
        return calls


class Connection(asyncio.Protocol):
    """One client's connection: HTTP/1.1, one request after the other."""

    def __init__(self, server: Server, service: str) -> None:
        self._server = server
        self._service = service
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        text = head.decode()
        length = next((int(v) for k, v in map(_header, text.split("\r\n")[1:]) if k == "content-length"), 0)
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        started = time.perf_counter()
        method, target, _ = text.split("\r\n", 1)[0].split(" ")
        if self._service == "orders":
            self._send(200, json.dumps(self._server.order(target.strip("/"))))
            return
        answer = self._server.account.answer(self._service, method, target, text, rest[:length].decode())
        left = self._server.latency - (time.perf_counter() - started)
        if left > 0:
            asyncio.get_running_loop().call_later(left, self._end, started, *answer)
        else:
            self._end(started, *answer)

    def _end(self, started: float, operation: str, status: int, body: str) -> None:
        self._server.calls.append((self._service, operation, started, time.perf_counter()))
        self._send(status, body)

    def _send(self, status: int, body: str) -> None:
        content = body.encode()
        kind = TYPES.get(self._service, "text/xml")
        location = "Location: https://route53.amazonaws.com/\r\n" if status == 201 else ""
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\n{location}Content-Length: {len(content)}\r\n\r\n"
        self._transport.write(head.encode() + content)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip()


async def serve(latency: float, folder: str) -> None:
    """Says on which ports it listens, and answers until it is ended."""
    server = Server(latency)
    tls = None
    if folder:
        authority = Authority()
        authority.write(Path(folder))
        tls = authority.server(["localhost"])
    loop = asyncio.get_running_loop()
    ports = {}
    for service in [*SERVICES, "orders"]:
        context = None if service == "orders" else tls
        listening = await loop.create_server(
            lambda service=service: Connection(server, service), "127.0.0.1", 0, ssl=context
        )
        ports[service] = listening.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(float(sys.argv[1]), sys.argv[2]))
