"""An empty AWS and a scene for each test; after each, nothing foreign has changed and nothing is left to do."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.aws import EmbeddedAws
from tests.harness import Scene, binary

PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedAws]:
    assert binary().exists(), f"{binary()} is not built"
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture
def aws(server: EmbeddedAws) -> EmbeddedAws:
    """Empty, and with changes that are INSYNC when first asked for; a test that is about waiting says so."""
    server.reset()
    server.insync_after = 0
    return server


@pytest.fixture
def scene(aws: EmbeddedAws, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """The usual scene. After a test that passed, whatever it was about: the neighbours are as they were, and
    planning again in a fresh process gives nothing."""
    scene = Scene(aws)
    yield scene
    if not request.node.stash.get(PASSED, False):
        return
    scene.assert_foreign_untouched()
    if scene.variables["MODE"] != "plan":
        scene.assert_planning_again_gives_nothing()
        scene.assert_foreign_untouched()
