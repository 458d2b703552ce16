"""The timeline: what happened when, in 100 columns. Colour only on a terminal that wants it."""

import os
import re
import textwrap
import time
from collections.abc import Iterable
from threading import Lock
from typing import TextIO

from tests.demo.checks import Mismatch

WIDTH = 100
# Each entry has the elapsed seconds and a label before it.
TIME, LABEL = 9, 12
ROOM = WIDTH - TIME - LABEL
BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"
SIGNS = {"+": GREEN, "-": RED, "*": YELLOW}
# A change of the plan's diff: sign, name and type, then the value.
CHANGE = re.compile(r"(\s*[-+*] \S+ [A-Z]+ )(.+)")


class Screen:
    """Prints entries one by one, each with the seconds since the beginning."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started = time.monotonic()
        self._lock = Lock()
        self._has_colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def title(self, first: str, *others: str) -> None:
        self._print([self._painted(first, BOLD), *others, ""])

    def heading(self, text: str) -> None:
        self._print(["", self._painted(text, BOLD)])

    def entry(self, label: str, *lines: str, colour: str = "") -> None:
        """One entry: a label, and lines that stay in their column."""
        shown = [part for line in lines for part in textwrap.wrap(line, ROOM, break_on_hyphens=False)]
        self._entry(label, colour, shown)

    def ok(self, *lines: str) -> None:
        self.entry("ok", *lines, colour=GREEN)

    def diff(self, label: str, lines: Iterable[str]) -> None:
        """The plan's own diff, a line a change, with long values shortened in the middle."""
        fitting = [_fitted(line) for line in lines]
        self._entry(label, "", [self._painted(line, SIGNS.get(line.strip()[:1], "")) for line in fitting])

    def text(self, label: str, text: str) -> None:
        """A text as it is, line by line; long lines go on below."""
        wrap = textwrap.TextWrapper(ROOM, break_on_hyphens=False, break_long_words=False, replace_whitespace=False)
        self._entry(label, "", [part for line in text.rstrip().splitlines() for part in wrap.wrap(line) or [""]])

    def failure(self, text: str) -> None:
        first, *others = text.splitlines()
        self._print(["", f"{self._painted('STOPPED', RED)}   {first}", *others])

    def mismatch(self, mismatch: Mismatch) -> None:
        self._print(
            [
                "",
                f"{self._painted('FAILED', RED)}    {mismatch.what}",
                f"expected  {mismatch.expected}",
                f"seen      {mismatch.seen}",
                *mismatch.background,
            ]
        )

    def _entry(self, label: str, colour: str, shown: list[str]) -> None:
        first, *others = shown or [""]
        now = self._painted(f"{self.seconds:5.1f} s".ljust(TIME), DIM)
        head = f"{now}{self._painted(label.ljust(LABEL), colour or DIM)}{first}"
        self._print([head, *(" " * (TIME + LABEL) + line for line in others)])

    def _print(self, lines: list[str]) -> None:
        with self._lock:
            print("\n".join(lines), file=self._stream, flush=True)

    def _painted(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._has_colour and colour else text


def _fitted(line: str) -> str:
    """A line of the diff that fits: the name whole where that is possible, the value's ends."""
    change = CHANGE.fullmatch(line)
    if change is None or len(line) <= ROOM:
        return _ends(line, ROOM)
    before, value = change.groups()
    return _ends(before + _ends(value, max(ROOM - len(before), 20)), ROOM)


def _ends(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    behind = (room - 3) // 2
    return f"{text[: room - 3 - behind]}...{text[-behind:]}"
