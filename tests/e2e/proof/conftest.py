"""A VPC whose inside stands on this machine: the endpoint's addresses, its resolver, and its verifier."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws import EmbeddedAws
from tests.e2e.proof.checks import ADDRESSES
from tests.harness import HOSTS, Scene
from tests.harness.inside import CIDR, VERIFIER, Inside, public_names


@pytest.fixture
def scene(aws: EmbeddedAws) -> Iterator[Scene]:
    """A VPC whose endpoint's network interfaces are on this machine."""
    scene = Scene(aws, CIDR)
    yield scene
    scene.assert_foreign_untouched()


@pytest.fixture
def inside(scene: Scene, tmp_path: Path) -> Iterator[Inside]:
    """Its inside, with the verifier that reconcile knows; all is well, until a test says otherwise."""
    names = [*HOSTS, "files.example.com", "*.files.example.com"]
    with Inside(scene.aws, scene.vpc, ADDRESSES, names, public_names(list(HOSTS)), tmp_path) as inside:
        scene.configure(VERIFIERS=f"{scene.vpc.id}={VERIFIER}")
        yield inside
