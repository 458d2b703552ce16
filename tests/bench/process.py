"""A function's process under the runtime server, with what an event cost it."""

import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self

from tests.bench.programs import Program
from tests.harness import Invocation, Runtime

# Of clock_gettime: all CPU time of a process, by its id (clock_getcpuclockid(3)).
CPU_OF_PROCESS = 2


class Timed(Runtime):
    """Notes when an event was handed over and when its answer came, which leaves out the server's own queue."""

    def __init__(self) -> None:
        super().__init__()
        self.handed: dict[str, float] = {}
        self.came: dict[str, float] = {}
        self.asked = threading.Event()

    def next(self) -> Invocation | None:
        self.asked.set()
        invocation = super().next()
        if invocation is not None:
            self.handed[invocation.id] = time.perf_counter()
        return invocation

    def answered(self, invocation_id: str, kind: str, body: bytes) -> bool:
        self.came[invocation_id] = time.perf_counter()
        return super().answered(invocation_id, kind, body)


class NoAnswer(RuntimeError):
    """The process died, or did not answer in the time that it had. The message carries what it wrote."""


@dataclass(frozen=True)
class Event:
    """One event: when it was handed over and answered, the process's CPU seconds for it, and what came back."""

    started: float
    ended: float
    cpu_seconds: float
    kind: str
    body: bytes

    @property
    def seconds(self) -> float:
        return self.ended - self.started


class Process:
    """One instance of a function, from the start to the end of the context."""

    def __init__(self, program: Program, variables: dict[str, str]) -> None:
        self._program = program
        self._runtime = Timed()
        self._errors = TemporaryFile()
        self._env = {
            "AWS_LAMBDA_RUNTIME_API": self._runtime.address,
            "AWS_LAMBDA_FUNCTION_NAME": program.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            **program.variables,
            **variables,
        }

    def invoke(self, event: bytes, seconds: float = 240) -> Event:
        """One event, its answer awaited; `seconds` is what it has by Lambda's clock."""
        self.wait()
        cpu = self.cpu()
        invocation = self._runtime.submit(event, seconds)
        if not invocation.done.wait(seconds) or invocation.kind == "died":
            self._errors.seek(0)
            raise NoAnswer(f"{self._program.name} gave no answer\n{self._errors.read().decode()[-4000:]}")
        started, ended = self._runtime.handed.pop(invocation.id), self._runtime.came.pop(invocation.id)
        return Event(started, ended, self.cpu() - cpu, invocation.kind, invocation.body)

    def wait(self) -> None:
        """Until the process has asked for an event: what it does before that is no part of one."""
        if not self._runtime.asked.wait(60):
            raise RuntimeError(f"{self._program.name} asked for no event")
        # It still has to go to sleep.
        time.sleep(0.01)

    def cpu(self) -> float:
        """The CPU seconds of all threads of the process until now."""
        return time.clock_gettime((~self._process.pid << 3) | CPU_OF_PROCESS)

    def terminate(self) -> None:
        """Asks it to end, and waits until it has."""
        self._process.terminate()
        self._process.wait()

    def memory(self) -> float:
        """The most that was resident until now, in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        self._runtime.abandon(f"the process ended with exit code {process.wait()}")

    def __enter__(self) -> Self:
        self._runtime.__enter__()
        quiet: Any = subprocess.DEVNULL
        command = self._program.command
        self._process = subprocess.Popen(command, env=self._env, stdin=quiet, stdout=quiet, stderr=self._errors)
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._runtime.__exit__(None, None, None)
        self._errors.close()
