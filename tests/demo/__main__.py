"""Plays the demo. Exit code 0: every step ended as it should."""

import importlib
import os
import shutil
import sys
from contextlib import ExitStack

from tests.demo import environment
from tests.demo.checks import Failed, Mismatch
from tests.demo.screen import Screen
from tests.demo.signals import Interrupted, Signals

FROM_VENV = "is missing: `make prepare` puts it into .venv, and `make demo` runs in that"
NEEDED_MODULES = ("boto3", "dns", "dnslib", "moto")


def main() -> int:
    screen, signals, stack = Screen(sys.stdout), Signals(), ExitStack()
    signals.install()
    try:
        code = _perform(screen, signals, stack)
    finally:
        signals.ignore()
        is_clean = _close(screen, stack)
    return code if is_clean else 1


def _perform(screen: Screen, signals: Signals, stack: ExitStack) -> int:
    try:
        _check_parts()
        environment.isolate()
        screen.title(
            "TDP PrivateLink: from an accepted endpoint to proved private DNS, by the real functions",
            "AWS is embedded and listens on this machine only: no account, no credentials, no cost",
        )
        # moto takes a second to load, and Ctrl-C should work in that second too.
        importlib.import_module("tests.demo.steps").play(screen, stack, signals)
        return 0
    except Mismatch as mismatch:
        screen.mismatch(mismatch)
    except Failed as failed:
        screen.failure(str(failed))
    except Interrupted as interrupted:
        screen.failure(f"{interrupted}; ending what was started")
        return interrupted.exit_code
    except BrokenPipeError:
        # Nobody reads any more; the interpreter must not try to flush at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _close(screen: Screen, stack: ExitStack) -> bool:
    try:
        stack.close()
    except Failed as failed:
        screen.failure(str(failed))
        return False
    return True


def _check_parts() -> None:
    """Everything that the demo runs is there, or a person learns what makes it."""
    try:
        for module in NEEDED_MODULES:
            importlib.import_module(module)
    except ModuleNotFoundError as missing:
        raise Failed(f"the Python module {missing.name} {FROM_VENV}") from None
    if not environment.cargo_lambda().exists():
        raise Failed(f"cargo-lambda {FROM_VENV}")
    for name in (environment.FUNCTION, environment.VERIFIER, environment.PREFLIGHT):
        if not environment.binary(name).exists():
            raise Failed(f"{environment.shown(environment.binary(name))} is missing: `make prepare` builds it")
    if not shutil.which("cargo"):
        raise Failed("cargo is not on the PATH: install Rust, see https://rustup.rs")


if __name__ == "__main__":
    sys.exit(main())
