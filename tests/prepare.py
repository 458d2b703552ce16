"""Prepares a checkout: pinned Python tools and DNS servers in .venv, and the binaries that the demo and the tests run.

The tools are installed while one very large crate leaves a core free. Needs Python 3 and cargo only; without the DNS
servers, which come from the distribution's packages, only the tests of them fail.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "tests" / "requirements.txt"
VENV = ROOT / ".venv"
STAMP = VENV / "requirements.sha256"
BUILD = ["cargo", "build", "--locked", "--profile", "quick"]
DNS_SERVERS = ROOT / "tests" / "network" / "install.py"
LARGEST = "aws-sdk-ec2"
SAY_EVERY = 15.0


class Tools(threading.Thread):
    """Installs the Python tools, unless what is there is what the requirements ask for."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.error: str | None = None
        self.wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()

    def is_done(self) -> bool:
        return STAMP.is_file() and STAMP.read_text() == self.wanted

    def run(self) -> None:
        pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for command in ([sys.executable, "-m", "venv", str(VENV)], [*pip, "--requirement", str(REQUIREMENTS)]):
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode:
                self.error = f"{' '.join(command)}\n{result.stdout}{result.stderr}"
                return
        STAMP.write_text(self.wanted)


class Build:
    """Runs cargo and knows how far it is."""

    def __init__(self) -> None:
        env = {**os.environ, "CARGO_TERM_PROGRESS_WHEN": "never", "CARGO_TERM_COLOR": "never"}
        self.process = subprocess.Popen(BUILD, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
        self.total = (ROOT / "Cargo.lock").read_text().count("[[package]]")
        self.begun = 0
        self.latest = ""
        self.has_largest = False
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if match := re.match(r"\s+Compiling (\S+)", line):
                self.begun += 1
                self.latest = match[1]
                self.has_largest |= match[1] == LARGEST

    def wait(self) -> int:
        code = self.process.wait()
        self.reader.join()
        return code


def missing() -> str | None:
    """What has to be installed by hand and is not there."""
    if sys.version_info < (3, 11):
        return f"Python 3.11 or later is needed; this is {sys.version.split()[0]}. Set PYTHON=… for make."
    if shutil.which("cargo") is None:
        return "cargo is not on the PATH: install Rust first."
    return None


def main() -> int:
    started = time.monotonic()
    if problem := missing():
        print(problem, file=sys.stderr)
        return 1
    tools = Tools()
    # It says itself what it does and what it lacks.
    servers = subprocess.Popen([sys.executable, str(DNS_SERVERS)])
    build = Build()
    try:
        follow(build, tools, started)
        servers.wait()
    except KeyboardInterrupt:
        build.process.terminate()
        servers.terminate()
        print("\nStopped. What was built so far stays, and the next run goes on from there.")
        return 130
    if tools.error or not tools.is_done():
        print(f"The Python tools could not be installed:\n{tools.error}", file=sys.stderr)
        return 1
    if build.wait():
        print("The build failed:\n" + "".join(build.lines), file=sys.stderr)
        return 1
    if build.begun:
        print(f"Built in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def follow(build: Build, tools: Tools, started: float) -> None:
    """Says every few seconds how far the build is, until both are done."""
    told_length = False
    said = started
    needs_tools = not tools.is_done()
    while build.process.poll() is None or needs_tools or tools.is_alive():
        time.sleep(0.1)
        if needs_tools and (build.has_largest or build.process.poll() is not None):
            needs_tools = False
            print("Installing the pinned Python tools into .venv (about a minute).", flush=True)
            tools.start()
        if not told_length and build.begun > 50:
            told_length = True
            print(f"A first build takes 6 to 10 minutes on 2 cores; most of it is one crate, {LARGEST}.", flush=True)
        if build.begun and time.monotonic() - said > SAY_EVERY:
            said = time.monotonic()
            where = f"{build.begun} of at most {build.total} crates begun, the latest is {build.latest}"
            print(f"  {said - started:4.0f} s  {where}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
