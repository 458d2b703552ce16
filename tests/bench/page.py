"""docs/benchmarks.md: the table with the machine that it was measured on. `python -m tests.bench --write` makes it."""

import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.programs import PEERS, ROOT
from tests.bench.table import Row, lines

TEXT = Path(__file__).parent / "benchmarks.md"
# What `python -m tests.bench.profiles` measured stays when the other figures are measured again.
PROFILES = re.compile(r"(?<=<!-- profiles -->\n).*?(?=<!-- end of profiles -->)", re.DOTALL)


def write(path: Path, rows: list[Row], seconds: float, profile: str) -> None:
    """The page, from its text with the figures put in."""
    before = PROFILES.search(path.read_text()) if path.exists() else None
    broken = [row.what for row in rows if row.kept is False]
    kept = sum(row.kept is True for row in rows)
    promised = len(broken) + kept
    values = {
        "machine": "\n".join(f"- {name}: {value}" for name, value in machine(profile).items()),
        "table": "\n".join(lines(rows)),
        "summary": f"{kept} of {promised} promises are kept." if broken else f"All {promised} promises are kept.",
        "minutes": f"{seconds / 60:.0f}",
        "profiles": before[0] if before else "Not measured yet.\n",
    }
    path.write_text(re.sub(r"\{(\w+)\}", lambda found: values[found[1]], TEXT.read_text()))


def write_profiles(path: Path, table: str) -> None:
    path.write_text(PROFILES.sub(lambda _: f"{table}\n", path.read_text()))


def machine(profile: str) -> dict[str, str]:
    """What the figures depend on. No names of hosts, and no paths."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = os.getloadavg()
    return {
        "Processor": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory",
        "System": f"Linux {platform.release().split('-')[0]}, {_system()}",
        "Load when it ended, over 1, 5 and 15 minutes": ", ".join(f"{one:.1f}" for one in load),
        "Built with": f"{_said('rustc', '--version')}, profile `{profile}`",
        "Peers": f"{_said('node', '--version', name='Node.js')}, Python {platform.python_version()}, {_pinned()}",
        "Embedded AWS": f"moto {version('moto')} with this project's corrections",
        "Measured": f"{datetime.now(UTC):%Y-%m-%d}, commit {_commit()}",
    }


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _system() -> str:
    found = re.search(r'^PRETTY_NAME="?(.+?)"?$', Path("/etc/os-release").read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def _pinned() -> str:
    packages = (PEERS / "python" / "requirements.txt").read_text().split()
    node = re.findall(r'"(@aws-sdk/[^"]+)": "([^"]+)"', (PEERS / "node" / "package.json").read_text())
    return ", ".join([one.replace("==", " ") for one in packages] + [f"{name} {number}" for name, number in node])


def _commit() -> str:
    changed = _said("git", "status", "--porcelain", "--", "functions", "Cargo.toml", "Cargo.lock")
    commit = _said("git", "rev-parse", "--short", "HEAD")
    return f"{commit} with changes" if changed else commit


def _said(*command: str, name: str = "") -> str:
    if shutil.which(command[0]) is None:
        return f"no {command[0]}"
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return f"{name} {output}".strip()
