"""Over a whole run of the tests, in all its processes: each role allows what its function asked for, and no more."""

from typing import Any

import pytest

from tests.aws.calls import USED
from tests.template.privilege import Used, differences

FOUND: set[Used] = set()
WRONG: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A process of the run has ended and hands over what was asked for in it."""
    FOUND.update(tuple(one) for one in getattr(node, "workeroutput", {}).get("used", []))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    worker = getattr(session.config, "workeroutput", None)
    if worker is not None:
        worker["used"] = sorted(USED)
        return
    if not is_whole(session.config) or exitstatus != pytest.ExitCode.OK:
        return
    wrong = differences(FOUND | USED)
    session.config.stash[WRONG] = wrong
    if wrong:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    wrong = config.stash.get(WRONG, None)
    if wrong is not None:
        terminalreporter.section("least privilege")
        terminalreporter.write_line(
            "\n".join(wrong) or "each role allows what its function asked for, and nothing else"
        )


def is_whole(config: pytest.Config) -> bool:
    """Whether every test was asked for."""
    return (
        [arg.rstrip("/") for arg in config.args] == ["tests"]
        and not config.option.keyword
        and not config.option.markexpr
    )
