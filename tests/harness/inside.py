"""The inside of a VPC: its resolver, the endpoint's network interfaces, and the verifier that sees both."""

import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.aws import EmbeddedAws, Invoked, Vpc
from tests.aws.dns import ResolvingServer
from tests.aws.names import canonical
from tests.harness.function import Answer, Function
from tests.network import Authority, Interfaces

VERIFIER = "tdp-verify"
# A VPC on loopback addresses, so that an endpoint's network interfaces can be servers on this machine.
CIDR = "127.10.0.0/16"


class Inside:
    """What a client in the VPC meets. It ends with its context."""

    def __init__(
        self,
        aws: EmbeddedAws,
        vpc: Vpc,
        addresses: list[str],
        names: list[str],
        public: dict[str, list[str]],
        folder: Path,
    ) -> None:
        self._stack = ExitStack()
        self.interfaces = Interfaces(addresses, names, Authority())
        self.dns = ResolvingServer(aws, vpc.id, public)
        self._aws = aws
        self._folder = folder
        self.requests: list[dict[str, Any]] = []

    def variables(self) -> dict[str, str]:
        """What the verifier is told; loopback is listed by name."""
        return {
            "VERIFY_RESOLVER": f"127.0.0.1:{self.dns.port}",
            "VERIFY_CA_FILE": str(self.interfaces.authority.write(self._folder)),
            "VERIFY_CIDRS": CIDR,
            "VERIFY_PORT": str(self.interfaces.port),
        }

    def __enter__(self) -> Self:
        self._stack.enter_context(self.interfaces)
        self._stack.enter_context(self.dns)
        self.verifier = self._stack.enter_context(Function(self.variables(), "verify"))
        self._aws.functions.add(VERIFIER, self.invoke)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def invoke(self, payload: bytes) -> Invoked:
        """What Lambda does with a request for the verifier."""
        self.requests.append(json.loads(payload))
        return invoked(self.verifier.invoke(payload, deadline=30))


def invoked(answer: Answer) -> Invoked:
    """What Lambda makes of a function's answer."""
    return Invoked(json.dumps(answer.report if answer.ok else answer.error).encode(), failed=not answer.ok)


def public_names(hosts: list[str]) -> dict[str, list[str]]:
    """What the rest of the world knows the platform as."""
    return {canonical(host): ["203.0.113.1"] for host in hosts}
