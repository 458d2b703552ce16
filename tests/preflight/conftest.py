"""An empty AWS and a site for each test. Whatever a test is about: preflight only read."""

from collections.abc import Iterator

import pytest

from tests.aws import EmbeddedAws
from tests.harness import binary
from tests.preflight.site import Site


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedAws]:
    assert binary("preflight").exists(), f"{binary('preflight')} is not built"
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture
def aws(server: EmbeddedAws) -> EmbeddedAws:
    server.reset()
    server.insync_after = 0
    return server


@pytest.fixture
def site(aws: EmbeddedAws) -> Iterator[Site]:
    """A site without an endpoint. After the test, the only calls that could change something were announcements."""
    site = Site(aws)
    with site.dns:
        yield site
    assert {call.name for call in site.writes()} <= {"sns:Publish"}
    site.assert_foreign_untouched()


@pytest.fixture
def live(site: Site) -> Site:
    """A site that reconcile has made live."""
    site.live()
    return site
