"""Who takes part in a run: our functions of one build, and the peers that could be installed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import programs
from tests.bench.programs import Program


@dataclass(frozen=True)
class Subjects:
    """`missing` says of each peer that does not take part why."""

    profile: str
    peers: list[Program]
    missing: dict[str, str]

    @property
    def empty(self) -> Program:
        return programs.empty(self.profile)

    @property
    def planner(self) -> Path:
        return programs.planner(self.profile)

    def ours(self, name: str) -> Program:
        return programs.ours(self.profile, name)

    @contextmanager
    def under_test(self) -> Iterator[None]:
        """The harness of the tests runs these functions for a while, and not those of the tests."""
        names = {f"TDP_{name.upper()}": self.ours(name).command[0] for name in programs.FUNCTIONS}
        before = {name: os.environ.get(name) for name in names}
        os.environ.update(names)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def everybody(self) -> Iterator[tuple[str, str]]:
        """The peers' names in order, each with why it does not take part, or nothing."""
        for name in ("python", "node"):
            yield name, self.missing.get(name, "")


def gather(profile: str) -> Subjects:
    found = {"python": programs.install_python(), "node": programs.install_node()}
    made = {"python": programs.python, "node": programs.node}
    missing = {name: why for name, why in found.items() if why is not None}
    return Subjects(profile, [made[name]() for name in made if name not in missing], missing)
