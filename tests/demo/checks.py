"""What stops the demo: something is not as it should be."""

from collections.abc import Mapping


class Failed(Exception):
    """The demo cannot go on. The text is for a person."""


class Mismatch(Exception):
    """A step did not end as it should. `background`: lines that help to see why."""

    def __init__(self, what: str, expected: object, seen: object, background: list[str]) -> None:
        super().__init__(f"{what}: expected {expected!r}, seen {seen!r}")
        self.what = what
        self.expected = expected
        self.seen = seen
        self.background = background


class Checks:
    """Plain comparisons. What a failed one shows as background can change from step to step."""

    def __init__(self) -> None:
        self.background: list[str] = []

    def equal(self, what: str, expected: object, seen: object) -> None:
        if expected != seen:
            raise Mismatch(what, expected, seen, self.background)

    def all(self, wanted: Mapping[str, tuple[object, object]]) -> None:
        """Each entry is what is compared, with what is expected and what was seen."""
        for what, (expected, seen) in wanted.items():
            self.equal(what, expected, seen)
