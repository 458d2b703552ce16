"""A DNS server that runs on a loopback address, and what stands there for the rest of the Internet."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from tests.network.inbound import free_for_both
from tests.network.install import Program

ADDRESS = "127.0.0.1"
# Where a server finds the root, at the port that it has itself.
DEAD_END = "127.20.0.99"
START_SECONDS, ASK_SECONDS, POLL_SECONDS = 10.0, 2.0, 0.03
ASK_TIMES = 5
HEADER_BYTES = 12


class Running:
    """A server that answers."""

    def __init__(self, port: int, log: Path, outside: list[str]) -> None:
        self.port = port
        # What it would have asked the Internet, as `name type`.
        self.outside = outside
        self._log = log

    def ask(self, name: str, kind: str = "A") -> tuple[str, list[str]]:
        """The status, and the addresses in the answer."""
        answer = self._answer(name, kind)
        kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
        found = [item.to_text() for record in answer.answer if record.rdtype in kinds for item in record]
        return dns.rcode.to_text(answer.rcode()), sorted(found)

    def _answer(self, name: str, kind: str) -> dns.message.Message:
        """Asks again like every client: Unbound keeps an answer that took it long to itself, for the next time."""
        for _ in range(ASK_TIMES):
            with suppress(dns.exception.Timeout):
                query = dns.message.make_query(name, kind)
                return dns.query.udp(query, ADDRESS, port=self.port, timeout=ASK_SECONDS)
        raise TimeoutError(f"no answer for {name} {kind}:\n{self.log()}")

    def log(self) -> str:
        """What the server said."""
        return self._log.read_text(errors="replace")


def free() -> int:
    """A port for a server and for the dead end."""
    return free_for_both([ADDRESS, DEAD_END])


@contextmanager
def run(tool: Program, arguments: list[str], folder: Path, port: int) -> Iterator[Running]:
    """The server from when it answers. It is killed at the end."""
    log, outside = folder / "log", list[str]()
    with _dead_end(port, outside), log.open("w") as output:
        process = subprocess.Popen(
            [tool.path, *arguments], cwd=folder, env=tool.env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            running = Running(port, log, outside)
            _wait(process, running)
            yield running
        finally:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", running: Running) -> None:
    """Until it answers what each of them knows itself. (Of its version BIND tells at most three times a second.)"""
    query = dns.message.make_query("1.0.0.127.in-addr.arpa", "PTR")
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            dns.query.udp(query, ADDRESS, port=running.port, timeout=POLL_SECONDS)
            return
        except dns.exception.Timeout:
            continue
        except OSError:
            time.sleep(POLL_SECONDS)
    raise RuntimeError(f"the server did not start:\n{running.log()}")


@contextmanager
def _dead_end(port: int, asked: list[str]) -> Iterator[None]:
    """Refuses every query, since silence would be waited for."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind((DEAD_END, port))

        def serve() -> None:
            while True:
                packet, client = server.recvfrom(4096)
                if len(packet) <= HEADER_BYTES:
                    return
                query = dns.message.from_wire(packet)
                asked.extend(f"{one.name.to_text()} {dns.rdatatype.to_text(one.rdtype)}" for one in query.question)
                answer = dns.message.make_response(query)
                answer.set_rcode(dns.rcode.REFUSED)
                server.sendto(answer.to_wire(), client)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            # A packet that is no query ends it: closing a socket does not wake who reads from it.
            with socket.socket(type=socket.SOCK_DGRAM) as ender:
                ender.sendto(b"end", (DEAD_END, port))
            thread.join()
