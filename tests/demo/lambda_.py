"""The functions' processes under cargo lambda's emulator, and the way to invoke them."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.demo import environment
from tests.demo.checks import Failed
from tests.demo.processes import Background
from tests.demo.signals import Signals

ADDRESS = "127.0.0.1"
ATTEMPTS = 3
START_SECONDS = 20
POLL_SECONDS = 0.05
LOOK_SECONDS = 0.25
# What cargo lambda writes when the function's process is gone; it waits for an answer all the same.
FUNCTION_ENDED = "ERROR command "
# An invocation takes at most a few seconds; the first one has cargo look whether the binary is up to date.
INVOKE_SECONDS = 60


class EmulatedFunction:
    """`cargo lambda watch` runs the binaries with their variables; `cargo lambda invoke` sends a file to one of them.
    reconcile in turn invokes verify through the same emulator: it speaks Lambda's own API."""

    def __init__(self, variables: Mapping[str, str], signals: Signals) -> None:
        self.port = 0
        self._env = os.environ | dict(variables)
        self._signals = signals
        self._watch: Background | None = None
        self._folder = TemporaryDirectory(prefix="tdp-demo-")

    @property
    def log(self) -> list[str]:
        """The last lines that cargo and the function wrote."""
        lines = list(self._watch.lines) if self._watch else []
        return [line for line in lines if not line.startswith(" INFO")]

    def start(self) -> None:
        for _ in range(ATTEMPTS):
            self.port = _free_port()
            self._env["AWS_ENDPOINT_URL_LAMBDA"] = f"http://{ADDRESS}:{self.port}"
            with self._signals.held():
                self._watch = Background(self._watch_command(), self._env, environment.ROOT)
            if self._listens():
                return
            self._stop_watch()
        raise Failed("cargo lambda watch does not start:\n" + "\n".join(self.log))

    def deploy(self, variables: Mapping[str, str]) -> None:
        """Start it again with these variables changed, as a deployment does: nothing is remembered."""
        self._stop_watch()
        self._env |= variables
        self.start()

    def stop(self) -> None:
        """End the emulator and the function, and remove the temporary files."""
        self._stop_watch()
        self._folder.cleanup()

    def invoke(self, name: str, ids: Mapping[str, str], function: str = environment.FUNCTION) -> dict[str, Any]:
        """Send a file of events/ to a function; where it names example ids, a copy that names these."""
        command: list[str | Path] = [environment.cargo_lambda(), "lambda", "invoke", function]
        command += ["--invoke-address", ADDRESS, "--invoke-port", str(self.port)]
        command += ["--data-file", self._payload(name, ids)]
        code, output, errors = self._run(command, name)
        if code:
            raise Failed(self._explained(f"the function answered {name} with an error:\n{output}{errors}"))
        return _parsed(output)

    def _run(self, command: list[str | Path], name: str) -> tuple[int, str, str]:
        """Exit code and output of an invocation; it ends early when there is nobody to answer it."""
        process = subprocess.Popen(
            command,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        end = time.monotonic() + INVOKE_SECONDS
        try:
            while True:
                try:
                    output, errors = process.communicate(timeout=LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    self._check_alive(name, end)
                else:
                    return process.returncode, output, errors
        finally:
            process.kill()
            process.wait()

    def _check_alive(self, name: str, end: float) -> None:
        assert self._watch
        self._watch.remember()
        if any(line.startswith(FUNCTION_ENDED) for line in self._watch.lines):
            raise Failed(self._explained(f"the function ended before it answered {name}"))
        if time.monotonic() > end:
            raise Failed(self._explained(f"no answer to {name} within {INVOKE_SECONDS} s"))

    def _payload(self, name: str, ids: Mapping[str, str]) -> Path:
        original = environment.EVENTS / name
        if not names_example(name, ids):
            return original
        text = original.read_text()
        for example, real in ids.items():
            text = text.replace(example, real)
        copy = Path(self._folder.name) / name
        copy.write_text(text)
        return copy

    def _watch_command(self) -> list[str | Path]:
        return [
            environment.cargo_lambda(), "lambda", "watch", "--quiet", "--ignore-changes",
            # What `cargo build` made is up to date for these; nothing is downloaded.
            "--profile", environment.PROFILE, "--frozen",
            "--invoke-address", ADDRESS, "--invoke-port", str(self.port),
        ]  # fmt: skip

    def _listens(self) -> bool:
        end = time.monotonic() + START_SECONDS
        while self._watch and self._watch.is_running and time.monotonic() < end:
            try:
                socket.create_connection((ADDRESS, self.port), timeout=1).close()
            except OSError:
                time.sleep(POLL_SECONDS)
            else:
                # Whoever had the port before makes cargo lambda end at once.
                time.sleep(POLL_SECONDS)
                return self._watch.is_running
        return False

    def _stop_watch(self) -> None:
        if self._watch and not self._watch.stop():
            raise Failed("something that cargo lambda watch started is still running")

    def _explained(self, what: str) -> str:
        return "\n".join([what.rstrip(), "The last lines of the function:", *self.log])


def names_example(name: str, examples: Iterable[str]) -> bool:
    """Whether a file of events/ names an example of something that is really there."""
    text = (environment.EVENTS / name).read_text()
    return any(example in text for example in examples)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def _parsed(text: str) -> dict[str, Any]:
    try:
        report = json.loads(text)
    except ValueError:
        raise Failed(f"the function answered something that is no report:\n{text}") from None
    if not isinstance(report, dict) or not {"connections", "findings"} & set(report):
        raise Failed(f"the function answered something that is no report:\n{text}")
    return report
