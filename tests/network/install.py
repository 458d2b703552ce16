"""Finds BIND 9, Unbound and dnsmasq, and unpacks the distribution's packages of those that are not installed.

`make prepare` runs this file before .venv holds any package, so it needs Python alone. It never needs root and
installs nothing: packages are unpacked into .venv/dns, and run there with their own libraries.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

VENV = Path(__file__).resolve().parent.parent.parent / ".venv"
UNPACKED = VENV / "dns"
# Debian's package, and the programs of it that the tests run.
PROGRAMS = {
    "bind9": ("named", "named-checkconf"),
    "unbound": ("unbound", "unbound-checkconf"),
    "dnsmasq-base": ("dnsmasq",),
}
VERSION = {"named": "-v", "unbound": "-V", "dnsmasq": "--version"}
BY_HAND = (
    "Install BIND 9 (named, named-checkconf), Unbound (unbound, unbound-checkconf) and dnsmasq, "
    "or put them on the PATH: without them the tests of the DNS servers fail."
)
# Servers are in folders that are not on everybody's PATH.
SYSTEM = (*os.environ.get("PATH", "").split(os.pathsep), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin")
TIMEOUT_SECONDS = 300


class Unavailable(Exception):
    """A server is not there; the message says what to do."""


@dataclass(frozen=True)
class Program:
    """A program of a server, with the environment that it needs to find its libraries."""

    path: Path
    env: dict[str, str]


def program(name: str) -> Program:
    """Where a server's program is: on the system, or unpacked."""
    package = next(package for package, names in PROGRAMS.items() if name in names)
    if found := _installed(package) or _unpacked(package, UNPACKED):
        return found[name]
    raise Unavailable(f"{name} is not here. `make prepare` gets it where there is apt-get; otherwise: {BY_HAND}")


def _installed(package: str) -> dict[str, Program] | None:
    """All of a package's programs or none, so that a server is never checked by another version's checker."""
    found = {name: shutil.which(name, path=os.pathsep.join(SYSTEM)) for name in PROGRAMS[package]}
    return _complete({name: Path(path) for name, path in found.items() if path}, package, dict(os.environ))


def _unpacked(package: str, root: Path) -> dict[str, Program] | None:
    places = [(name, root / "usr" / folder / name) for name in PROGRAMS[package] for folder in ("bin", "sbin")]
    patterns = ("usr/lib/*/lib*.so*", "lib/*/lib*.so*")
    libraries = sorted({str(library.parent) for pattern in patterns for library in root.glob(pattern)})
    env = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries)}
    return _complete({name: path for name, path in places if path.is_file()}, package, env)


def _complete(paths: dict[str, Path], package: str, env: dict[str, str]) -> dict[str, Program] | None:
    return {name: Program(path, env) for name, path in paths.items()} if len(paths) == len(PROGRAMS[package]) else None


def install() -> None:
    """Unpack what is missing, if anything is."""
    absent = [package for package in PROGRAMS if not _installed(package)]
    if all(_unpacked(package, UNPACKED) for package in absent):
        return
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable(f"There is no apt-get here to get the DNS servers of the tests with. {BY_HAND}")
    print(f"Unpacking {', '.join(absent)} into .venv/dns for the tests; nothing is installed.", flush=True)
    work = VENV / "dns.part"
    shutil.rmtree(work, ignore_errors=True)
    try:
        _get(absent, work)
        shutil.rmtree(UNPACKED, ignore_errors=True)
        # Only what is complete and runs gets the name by which it is found.
        (work / "root").rename(UNPACKED)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _get(packages: list[str], work: Path) -> None:
    """Try with the system's package lists first, and where they are empty or stale with fresh ones of our own."""
    own = [f"Dir::State::Lists={work}/lists", f"Dir::Cache={work}/cache", "APT::Sandbox::User=root"]
    problem = ""
    for settings in ([], own):
        shutil.rmtree(work, ignore_errors=True)
        for folder in ("lists/partial", "cache/archives/partial", "root", "packages"):
            (work / folder).mkdir(parents=True)
        try:
            if settings:
                # Hooks of the system may fail without root. Whether the lists came is seen in the next step.
                _apt(["update"], settings, work, check=False)
            _unpack(packages, settings, work)
            return
        except (subprocess.SubprocessError, OSError) as error:
            said = getattr(error, "stderr", None) or str(error)
            problem = "\n".join(str(said).strip().splitlines()[-5:])
    raise Unavailable(f"{', '.join(packages)} could not be got with apt-get:\n{problem}\n{BY_HAND}")


def _unpack(packages: list[str], settings: list[str], work: Path) -> None:
    plan = _apt(["install", "--simulate", "--no-install-recommends", *packages], settings, work)
    wanted = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    # A package that is installed without its programs on the PATH is in no plan.
    _apt(["download", *sorted({*wanted, *packages})], settings, work)
    for archive in (work / "packages").glob("*.deb"):
        _run(["dpkg-deb", "--extract", str(archive), str(work / "root")], work, dict(os.environ))
    for package in packages:
        if not (found := _unpacked(package, work / "root")):
            raise OSError(f"the package {package} does not hold {' and '.join(PROGRAMS[package])}")
        name = PROGRAMS[package][0]
        _run([str(found[name].path), VERSION[name]], work, found[name].env)


def _apt(arguments: list[str], settings: list[str], work: Path, check: bool = True) -> str:
    options = [*settings, "Acquire::Retries=1", "Acquire::http::Timeout=20", "Acquire::https::Timeout=20"]
    command = ["apt-get", "--quiet", *(f"--option={option}" for option in options), *arguments]
    return _run(command, work / "packages", {**os.environ, "LC_ALL": "C"}, check)


def _run(command: list[str], folder: Path, env: dict[str, str], check: bool = True) -> str:
    return subprocess.run(
        command, cwd=folder, env=env, check=check, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    ).stdout


def main() -> int:
    try:
        install()
    except Unavailable as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
