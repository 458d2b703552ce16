"""Ctrl-C and kind requests to end, as an exception that clean-up code sees."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody wants the demo to end."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted" if number == signal.SIGINT else signal.Signals(number).name)
        self.exit_code = 128 + number


class Signals:
    """The first signal raises Interrupted; after it, clean-up runs undisturbed."""

    def __init__(self) -> None:
        self._is_held = False
        self._waiting: int | None = None

    def install(self) -> None:
        for number in ENDING:
            # Under nohup, a terminal that closes means nothing.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._arrived)

    def ignore(self) -> None:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal that arrives inside takes effect at the end: for steps that must not be done by half."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._waiting is not None:
            self._raise(self._waiting)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if self._is_held:
            self._waiting = number
        else:
            self._raise(number)

    def _raise(self, number: int) -> None:
        self.ignore()
        raise Interrupted(number)
