"""What was tested, where and by whom."""

import getpass
import hashlib
import platform
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from tests.harness.function import binary

FUNCTIONS = ("reconcile", "verify", "preflight")
PACKAGES = ("moto", "pytest", "pytest-xdist", "boto3", "botocore", "dnslib", "jinja2")
# What decides what is built, tested and deployed.
FILES = ("Cargo.lock", "template.yaml", "tests/requirements.txt", "docs/requirements.md", "tests/evidence/mapping.toml")
NOT_AWS = (
    "The embedded AWS of this project (tests/aws): moto behind a layer of our own, on one machine. It is not AWS. It "
    "was made as strict as AWS is documented to be, and does not replace a try in an account of the customer."
)


@dataclass(frozen=True)
class Product:
    name: str
    version: str
    commit: str
    committed: str
    # What differs from the commit; a report for a change request has none.
    uncommitted: tuple[str, ...]


@dataclass(frozen=True)
class Digest:
    """What a file was at the time of the report."""

    what: str
    sha256: str
    written: str


def said(root: Path, *command: str) -> str:
    """What a command says, or nothing where there is no such command or it fails."""
    try:
        ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return ran.stdout.rstrip()


def product(root: Path) -> Product:
    package = tomllib.loads((root / "Cargo.toml").read_text())
    changed = tuple(line[3:] for line in said(root, "git", "status", "--porcelain").splitlines())
    return Product(
        name=package["package"]["name"],
        version=package["workspace"]["package"]["version"],
        commit=said(root, "git", "rev-parse", "HEAD") or "not known: no repository",
        committed=said(root, "git", "log", "-1", "--format=%cI") or "not known",
        uncommitted=changed,
    )


def state(root: Path) -> str:
    """Whatever differs from one moment to another: the commit, and everything beside it."""
    asked = (("rev-parse", "HEAD"), ("status", "--porcelain"), ("diff", "HEAD"))
    return hashlib.sha256("\n".join(said(root, "git", *words) for words in asked).encode()).hexdigest()


def stale(tested: Path) -> bool:
    """Whether a binary is older than a source that it was built from; cargo lists them beside it, as for make."""
    listed = tested.with_suffix(".d")
    if not (tested.is_file() and listed.is_file()):
        return False
    sources = [Path(word) for word in listed.read_text().split(": ", 1)[-1].split()]
    return any(not path.is_file() or path.stat().st_mtime > tested.stat().st_mtime for path in sources)


def preparer(root: Path) -> str:
    """Who runs it, as git knows them, or else as the system does."""
    name, mail = said(root, "git", "config", "user.name"), said(root, "git", "config", "user.email")
    return f"{name} <{mail}>" if name and mail else name or getpass.getuser()


def surroundings(root: Path) -> dict[str, str]:
    try:
        release = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        release = "no Linux distribution"
    versions = [f"{name} {metadata.version(name)}" for name in PACKAGES]
    return {
        "Operating system": f"{release}, {platform.system()} {platform.release()}, {platform.machine()}",
        "Python": platform.python_version(),
        "Rust": said(root, "rustc", "--version") or "not found",
        "Packages": ", ".join(versions),
        "AWS": NOT_AWS,
    }


def digests(root: Path) -> list[Digest]:
    """Of the sources that count, of the binaries that the tests ran, and of those that were built for deployment."""
    found = [_digest(name, root / name) for name in FILES]
    found += [_digest(f"tested: {name}", binary(name)) for name in FUNCTIONS if binary(name).is_file()]
    built = sorted((root / ".aws-sam" / "build").glob("*/bootstrap"))
    return found + [_digest(f"built for deployment: {path.parent.name}/bootstrap", path) for path in built]


def _digest(what: str, path: Path) -> Digest:
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Digest(what, hashlib.sha256(path.read_bytes()).hexdigest(), f"{written:%Y-%m-%d %H:%M} UTC")
