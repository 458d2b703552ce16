"""From the start of a function's process to its first request for an event."""

import os
import shutil
import signal
import socket
import statistics
import time
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

WARM_UP = 10
RUNS = 1000


@dataclass(frozen=True)
class Start:
    """What one start took, in milliseconds; memory in MiB."""

    wall_ms: float
    cpu_ms: float
    memory_mib: float


def starts(binaries: dict[str, Path]) -> dict[str, list[Start]]:
    """Starts each binary many times in turn, so that what the machine does besides meets all of them.

    They are copied first: a file that a linker wrote piece by piece loads more slowly than one that was unpacked,
    as Lambda does it.
    """
    seen: dict[str, list[Start]] = {name: [] for name in binaries}
    with socket.create_server(("127.0.0.1", 0)) as server, TemporaryDirectory() as folder:
        copies = {name: Path(shutil.copy(path, Path(folder) / name)) for name, path in binaries.items()}
        for run in range(WARM_UP + RUNS):
            for name, path in copies.items():
                measured = _start(server, path)
                if run >= WARM_UP:
                    seen[name].append(measured)
    return seen


def medians(measured: list[Start]) -> Start:
    return Start(*map(statistics.median, zip(*map(astuple, measured), strict=True)))


def slower(measured: list[Start], floor: list[Start]) -> float:
    """How many times the time of `floor`: the median over the pairs that were started one after the other.

    A machine that runs at another speed from one second to the next moves both of a pair, but not their ratio.
    """
    return statistics.median(one.wall_ms / other.wall_ms for one, other in zip(measured, floor, strict=True))


def _start(server: socket.socket, path: Path) -> Start:
    """Wall and CPU milliseconds until the process asks the Runtime API for an event, and its memory then."""
    host, port = server.getsockname()
    env = {
        "AWS_LAMBDA_RUNTIME_API": f"{host}:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_REGION": "us-east-1",
    }
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (1, 2)]
    started = time.perf_counter()
    process = os.posix_spawn(path, [str(path)], env, file_actions=quiet)
    connection, _ = server.accept()
    connection.recv(4096)
    wall = time.perf_counter() - started
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    os.kill(process, signal.SIGKILL)
    _, _, usage = os.wait4(process, 0)
    connection.close()
    memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return Start(wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000, memory)
