"""What is measured: our functions as they are deployed, the empty one, and the peers; and how they are built."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import botocore

from tests.bench.answers import SERVICE, VPC
from tests.harness import HOSTS, OWNER, PLATFORM

ROOT = Path(__file__).parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
PEERS = Path(__file__).parent / "peers"
INSTALLED = TARGET / "bench"
FUNCTIONS = ("reconcile", "verify", "preflight")
# The examples are built apart: what only they need must not end up in the functions.
BUILDS = (
    ["--bins"],
    ["--package", "verify", "--example", "empty"],
    ["--package", "planner", "--example", "plan"],
)
# What the functions trust; and what the peers do, as many roots as Lambda has, the same on every machine.
OURS = ROOT / "functions/aws/amazon-roots.pem"
ROOTS = Path(botocore.__file__).parent / "cacert.pem"


@dataclass(frozen=True)
class Program:
    """One Lambda function: how its process is started, and its variables beside those of Lambda and of the AWS."""

    name: str
    command: list[str]
    variables: dict[str, str] = field(default_factory=dict)


def build(profile: str) -> bool:
    """Builds the functions and examples. `profile` is `release`, or another one for a dry run."""
    for arguments in BUILDS:
        if subprocess.run(["cargo", "build", "--locked", "--profile", profile, *arguments], cwd=ROOT).returncode:
            return False
    return True


def ours(profile: str, name: str) -> Program:
    variables = {"OWNER_ID": OWNER, "TDP_PLATFORM_HOST": PLATFORM, "MODE": "apply", "VPC_ID": VPC}
    path = TARGET / profile / name
    return Program(name, [str(path)], _common(HOSTS) | (variables if name != "verify" else {}))


def empty(profile: str) -> Program:
    return Program("empty", [str(TARGET / profile / "examples" / "empty")])


def planner(profile: str) -> Path:
    return TARGET / profile / "examples" / "plan"


def python() -> Program:
    """The boto3 peer, under the runtime client that AWS's own base images have."""
    command = [str(_python()), "-m", "awslambdaric", "handler.handler"]
    return Program("python", command, _common(HOSTS) | {"PYTHONPATH": str(PEERS / "python")})


def octodns() -> list[str]:
    return [str(_python()), str(PEERS / "octodns_planner.py")]


def node() -> Program:
    return Program("node", [str(shutil.which("node")), str(INSTALLED / "node" / "runtime.mjs")], _common(HOSTS))


def install_python() -> str | None:
    """The Python peers in an environment of their own; returns why not, if so."""
    requirements = PEERS / "python" / "requirements.txt"
    commands = [
        [sys.executable, "-m", "venv", str(INSTALLED / "python")],
        [str(_python()), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)],
    ]
    return _install("python", [requirements], commands)


def install_node() -> str | None:
    """The Node.js peer with its pinned SDK; returns why not, if so."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "node and npm are not installed"
    folder = INSTALLED / "node"
    folder.mkdir(parents=True, exist_ok=True)
    locked = [PEERS / "node" / name for name in ("package.json", "package-lock.json")]
    for path in [*locked, *(PEERS / "node").glob("*.mjs")]:
        shutil.copy(path, folder)
    return _install("node", locked, [["npm", "ci", "--no-audit", "--no-fund", "--prefix", str(folder)]])


def _install(name: str, wanted: list[Path], commands: list[list[str]]) -> str | None:
    """Runs the commands, unless what is there is what is wanted."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in wanted)).hexdigest()
    stamp = INSTALLED / f"{name}.sha256"
    if stamp.is_file() and stamp.read_text() == digest:
        return None
    print(f"Installing the {name} peer.", flush=True)
    for command in commands:
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            # Its whole text may name folders of this machine, which are not for the page.
            print(result.stderr or result.stdout, file=sys.stderr)
            return "not installed: its registry could not be reached, or lacks a package"
    stamp.write_text(digest)
    return None


def _python() -> Path:
    return INSTALLED / "python" / "bin" / "python"


def _common(hosts: dict[str, str]) -> dict[str, str]:
    topic = "arn:aws:sns:us-east-1:123456789012:news"
    return {"TDP_SERVICE_NAME": SERVICE, "TOPIC_ARN": topic, "HOSTS": ",".join(hosts)}
