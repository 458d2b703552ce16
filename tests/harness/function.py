"""The function's process: the real binary with its variables, fed with events."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import IO, Any, Self

from tests.harness.runtime import Invocation, Runtime

ROOT = Path(__file__).parents[2]
INIT_SECONDS = 15
# The access key of a client that is no function.
ANYBODY = "test"

Event = dict[str, Any] | str | bytes
Variables = Mapping[str, str]


class FunctionDied(RuntimeError):
    """The process ended, or did not answer in time. The message carries what it wrote."""


def binary(name: str = "reconcile") -> Path:
    """The binary under test: TDP_RECONCILE or TDP_VERIFY, or the project's quick build."""
    return Path(os.environ.get(f"TDP_{name.upper()}") or ROOT / "target" / "quick" / name).absolute()


@dataclass(frozen=True)
class Answer:
    """What an invocation returned: a report, or an error with `errorMessage`."""

    report: dict[str, Any] | None
    error: dict[str, Any] | None

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def connections(self) -> list[dict[str, Any]]:
        assert self.report is not None, f"an error instead of a report: {self.error}"
        return self.report["connections"]

    @property
    def connection(self) -> dict[str, Any]:
        """The only connection of the report."""
        assert len(self.connections) == 1, f"not one connection: {self.report}"
        return self.connections[0]

    @property
    def outcome(self) -> str:
        return self.connection["outcome"]

    @property
    def codes(self) -> list[str]:
        """The problem codes of the whole report, the report's own ones first."""
        assert self.report is not None, f"an error instead of a report: {self.error}"
        own = [problem["code"] for problem in self.report.get("problems", [])]
        return own + [problem["code"] for one in self.connections for problem in one["problems"]]

    @property
    def message(self) -> str:
        """What the error says."""
        assert self.error is not None, f"a report instead of an error: {self.report}"
        return self.error["errorMessage"]


class Function:
    """One function instance. It starts with the context, and stays warm until the context ends."""

    def __init__(self, variables: Variables, name: str = "reconcile") -> None:
        self.name = name
        self.variables = dict(variables)
        self.stdout: list[str] = []
        self.stderr: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._runtime: Runtime | None = None
        self._readers: list[Thread] = []

    def submit(self, event: Event, *, deadline: float = 120) -> Invocation:
        """Queue an event and go on; `answer` waits for the end of it."""
        assert self._runtime is not None, "the function is not running"
        return self._runtime.submit(_payload(event), deadline)

    def answer(self, invocation: Invocation, timeout: float = 120) -> Answer:
        if not invocation.done.wait(timeout):
            raise FunctionDied(f"no answer within {timeout} s\n{self.output()}")
        if invocation.kind == "died":
            raise FunctionDied(f"{invocation.body.decode()}\n{self.output()}")
        body = json.loads(invocation.body)
        return Answer(body, None) if invocation.kind == "response" else Answer(None, body)

    def invoke(self, event: Event, timeout: float = 120, deadline: float = 120) -> Answer:
        """One event, its answer awaited. Bytes and strings go in as they are."""
        return self.answer(self.submit(event, deadline=deadline), timeout)

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self._process is not None, "the function is not running"
        return self._process.pid

    def output(self) -> str:
        """Everything that the process wrote so far."""
        return "\n".join([*self.stdout, *self.stderr])

    def cold(self) -> None:
        """A fresh process: nothing is remembered. What the old one wrote stays in `stdout` and `stderr`."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End the process at once, in the middle of whatever it does."""
        # Another thread may stop the function meanwhile.
        if process := self._process:
            process.kill()
            process.wait()

    def start(self) -> Self:
        self._runtime = Runtime().__enter__()
        # AWS knows a function by its role; the embedded one by the access key.
        key = {"AWS_ACCESS_KEY_ID": self.name} if self.variables.get("AWS_ACCESS_KEY_ID") == ANYBODY else {}
        runtime = {"AWS_LAMBDA_RUNTIME_API": self._runtime.address}
        self._process = _spawn(self.name, self.variables | key | runtime)
        self._readers = _reading(self._process, self.stdout, self.stderr)
        Thread(target=self._watch, args=(self._process, self._runtime), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._process and self._runtime:
            self.kill()
            for reader in self._readers:
                reader.join()
            self._runtime.__exit__(None, None, None)
        self._process = self._runtime = None

    def _watch(self, process: "subprocess.Popen[str]", runtime: Runtime) -> None:
        code = process.wait()
        runtime.abandon(f"the process ended with exit code {code}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def fails_at_init(variables: Variables) -> tuple[str, int]:
    """Start the binary with variables that it must refuse; returns what it wrote on stderr, and its exit code."""
    with Runtime() as runtime:
        process = _spawn("reconcile", {**variables, "AWS_LAMBDA_RUNTIME_API": runtime.address})
        try:
            _, stderr = process.communicate(timeout=INIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError("the function started with variables that it must refuse") from None
        return stderr + (runtime.init_error or b"").decode(), process.returncode


def _spawn(name: str, variables: Variables) -> "subprocess.Popen[str]":
    """The binary with an environment of these variables and what Lambda adds, and nothing else."""
    lambda_adds = {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
    }
    return subprocess.Popen(
        [binary(name)], env=lambda_adds | dict(variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _reading(process: "subprocess.Popen[str]", stdout: list[str], stderr: list[str]) -> list[Thread]:
    assert process.stdout and process.stderr
    readers = [
        Thread(target=_read, args=(process.stdout, stdout), daemon=True),
        Thread(target=_read, args=(process.stderr, stderr), daemon=True),
    ]
    for reader in readers:
        reader.start()
    return readers


def _read(stream: IO[str], lines: list[str]) -> None:
    for line in stream:
        lines.append(line.rstrip("\n"))


def _payload(event: Event) -> bytes:
    if isinstance(event, bytes):
        return event
    return event.encode() if isinstance(event, str) else json.dumps(event).encode()
