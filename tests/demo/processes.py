"""A background process with everything that it starts, and its output."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

KEPT_LINES = 40
GRACE_SECONDS = 3.0
POLL_SECONDS = 0.02


class Background:
    """One process in a session of its own, so that Ctrl-C on the terminal reaches only the demo.

    Its children may be in sessions of their own again. All of them hold the pipe that carries the output:
    when that ends, none is left.
    """

    def __init__(self, command: list[str | Path], env: Mapping[str, str], cwd: Path) -> None:
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._below: set[int] = set()
        self._process = subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert self._process.stdout
        self._reader = Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def remember(self) -> None:
        """Note what runs below it now: should it die, nobody could tell any more."""
        self._below.update(_descendants(self._process.pid))

    def stop(self) -> bool:
        """Ask it to end, then make it and everything below it end. False when something is still there."""
        self.remember()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        if not self._ends_within(GRACE_SECONDS):
            self.remember()
            for pid in [self._process.pid, *self._below]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        return self._ends_within(GRACE_SECONDS)

    def _ends_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.is_running and not self._reader.is_alive():
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.lines.append(line.rstrip("\n"))


def _descendants(pid: int) -> list[int]:
    """Every process below one, nearest first."""
    parents = _from_proc() if Path("/proc/self/stat").exists() else _from_ps()
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _from_proc() -> dict[int, int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The command's name is in parentheses and may hold anything; state and parent follow it.
            parents[int(stat.parent.name)] = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
    return parents


def _from_ps() -> dict[int, int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False)
    return {int(pid): int(parent) for pid, parent in (line.split() for line in listed.stdout.splitlines())}
