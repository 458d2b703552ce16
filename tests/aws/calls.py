"""The call log: what a client under test asked for, in order of arrival."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any


@dataclass
class Call:
    """One logged call. `status` stays 0 while it runs, and when the connection was closed without an answer.
    `fault` is the kind of the fault that struck it, or `limit` where the rate limits refused it.

    `seconds` is the time that the embedded AWS took for reading the request and making the answer, without what a
    test's callback or a slow fault added. `caller` is the access key that it was signed with.
    """

    service: str
    operation: str
    params: dict[str, Any]
    fault: str | None = None
    status: int = 0
    seconds: float = 0.0
    caller: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


# Every caller with the operations that it has asked for since this process began: what its role has to allow.
USED: set[tuple[str, str, str]] = set()


class CallLog:
    """A list of calls that server threads append to while tests read it."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = Lock()

    def append(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
            USED.add((call.caller, call.service, call.operation))

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    def names(self) -> list[str]:
        """`service:Operation` of every call, in order."""
        return [call.name for call in self]

    def count(self, name: str) -> int:
        """How many calls were `service:Operation`, or went to `service` when no operation is given."""
        return sum(name in (call.name, call.service) for call in self)

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int | slice) -> Any:
        with self._lock:
            return self._calls[index]

    def __repr__(self) -> str:
        return f"CallLog({self.names()})"
