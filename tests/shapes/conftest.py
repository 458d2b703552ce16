"""One server for the tests of this package; each shape empties it first."""

from collections.abc import Iterator

import pytest

from tests.aws import EmbeddedAws
from tests.harness import binary


@pytest.fixture(scope="package")
def aws() -> Iterator[EmbeddedAws]:
    assert binary().exists(), f"{binary()} is not built"
    with EmbeddedAws() as aws:
        yield aws
