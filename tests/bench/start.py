"""From the start of a function's process to its first request for an event, and what is deployed for it."""

import os
import shutil
import signal
import socket
import statistics
import time
import zipfile
from dataclasses import astuple, dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.canned import Canned
from tests.bench.programs import FUNCTIONS, PEERS, Program
from tests.bench.subjects import Subjects
from tests.bench.table import Figure, Row, alone, compared

WARM_UP = 5
RUNS, RUNS_OF_PEERS = 300, 20
MOST_OF_FLOOR = {"reconcile": 1.3, "verify": 1.1, "preflight": 1.3}
MOST_OF_PYTHON, MOST_ZIP_MB = 1 / 60, 3.0


@dataclass(frozen=True)
class Start:
    """What one start took, in milliseconds; memory in MiB."""

    wall_ms: float
    cpu_ms: float
    memory_mib: float


def measure(subjects: Subjects) -> list[Row]:
    with Canned() as aws:
        variables = aws.env()
        own = starts([subjects.empty, *map(subjects.ours, FUNCTIONS)], variables, RUNS)
        peers = {peer.name: starts([peer], variables, RUNS_OF_PEERS)[peer.name] for peer in subjects.peers}
    floor = own["empty"]
    rows = [_beside_floor(name, own[name], floor) for name in FUNCTIONS]
    reconcile = medians(own["reconcile"])
    for peer, missing in subjects.everybody():
        of_python = MOST_OF_PYTHON if peer == "python" else None
        found = medians(peers[peer]) if peer in peers else None
        for name, label, most in (("wall_ms", "", of_python), ("cpu_ms", ", CPU", None)):
            ours = Figure(getattr(reconcile, name), "ms")
            theirs = Figure(getattr(found, name), "ms") if found else missing
            rows.append(compared(f"exec to first request{label}: reconcile", ours, peer, theirs, most_of_peer=most))
    for name in FUNCTIONS:
        size = zipped(Path(subjects.ours(name).command[0]))
        rows.append(alone(f"zip of {name}", Figure(size, "MB"), MOST_ZIP_MB))
    sizes = f"{zipped(PEERS / 'python' / 'handler.py'):.3f} MB and the SDK of Lambda's runtime"
    return [*rows, Row("zip of the Python peer", "", "python", sizes)]


def _beside_floor(name: str, found: list[Start], floor: list[Start]) -> Row:
    ours, theirs = Figure(medians(found).wall_ms, "ms"), Figure(medians(floor).wall_ms, "ms")
    what = f"exec to first request: {name}"
    return compared(what, ours, "empty function", theirs, ratio=slower(found, floor), most_of_peer=MOST_OF_FLOOR[name])


def starts(programs: list[Program], variables: dict[str, str], runs: int) -> dict[str, list[Start]]:
    """Starts each program many times in turn, so that what the machine does besides meets all of them.

    Our binaries are copied first: a file that a linker wrote piece by piece loads more slowly than one that was
    unpacked, as Lambda does it.
    """
    seen: dict[str, list[Start]] = {program.name: [] for program in programs}
    with socket.create_server(("127.0.0.1", 0)) as server, TemporaryDirectory() as folder:
        commands = {program.name: _copied(program.command, Path(folder)) for program in programs}
        for run in range(WARM_UP + runs):
            for program in programs:
                measured = _start(server, commands[program.name], program.variables | variables)
                if run >= WARM_UP:
                    seen[program.name].append(measured)
    return seen


def medians(measured: list[Start]) -> Start:
    return Start(*map(statistics.median, zip(*map(astuple, measured), strict=True)))


def slower(measured: list[Start], floor: list[Start]) -> float:
    """How many times the time of `floor`: the median over the pairs that were started one after the other.

    A machine that runs at another speed from one second to the next moves both of a pair, but not their ratio.
    """
    return statistics.median(one.wall_ms / other.wall_ms for one, other in zip(measured, floor, strict=True))


def zipped(path: Path) -> float:
    """Megabytes of a deployment package that holds this file, as `sam package` packs it."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(path, "bootstrap")
    return len(buffer.getvalue()) / 1e6


def _copied(command: list[str], folder: Path) -> list[str]:
    return command if len(command) > 1 else [str(shutil.copy(command[0], folder))]


def _start(server: socket.socket, command: list[str], variables: dict[str, str]) -> Start:
    """Wall and CPU milliseconds until the process asks the Runtime API for an event, and its memory then."""
    host, port = server.getsockname()
    env = {
        "AWS_LAMBDA_RUNTIME_API": f"{host}:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        **variables,
    }
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (1, 2)]
    started = time.perf_counter()
    process = os.posix_spawn(command[0], command, env, file_actions=quiet)
    connection, _ = server.accept()
    request = connection.recv(4096)
    wall = time.perf_counter() - started
    assert b"/runtime/invocation/next" in request, f"{command[0]} does not start: {request[:500]!r}"
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    os.kill(process, signal.SIGKILL)
    _, _, usage = os.wait4(process, 0)
    connection.close()
    memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return Start(wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000, memory)
