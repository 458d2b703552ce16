"""What a run calls next, for whatever it was answered: learnt from the real process, and remembered.

A process does the same again when it is answered the same. So what it did once need not be tried again; where it has
not been yet, a fresh process is brought to the point before by the answers that led there.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from tests.chaos.door import Held, Reply
from tests.chaos.order import Run
from tests.harness import Answer, Scene

# The SDK gives up on a call after 8 seconds.
STALE = 5.0
# Processes that wait where they are: the search often goes on from there.
KEPT = 24


@dataclass(eq=False)
class Point:
    """Where a run is: it has called and was answered so and so, and holds these calls or has ended."""

    number: int
    held: list[Held]
    ended: Answer | None
    before: "tuple[Point, str, Reply] | None" = None
    after: "dict[tuple[str, str], Future[Point]]" = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        return [held.key for held in self.held]


class Behaviour:
    """All points at which a run of this name has been. Threads may ask at once."""

    def __init__(self, scene: Scene, name: str, task: str) -> None:
        self._scene, self._name, self._task = scene, name, task
        self._waiting: dict[Point, Run] = {}
        self._lock = Lock()
        self.processes = self.points = 0
        self._next = self._started()
        run = self._fresh()
        run.settle()
        self.root = self._point(run)

    def after(self, point: Point, held: Held, reply: Reply) -> Point:
        """Where the run is once a call that it holds at a point is answered."""
        with self._lock:
            known = point.after.get((held.key, reply.digest))
            found = point.after.setdefault((held.key, reply.digest), Future())
        if known is None:
            try:
                found.set_result(self._tried(point, held.key, reply))
            except Exception as error:
                found.set_exception(error)
        return found.result()

    def _tried(self, point: Point, key: str, reply: Reply) -> Point:
        run = self._run_at(point)
        with _stopped_on_failure(run):
            self._answer(run, key, reply)
            run.settle()
            return self._point(run, (point, key, reply))

    def close(self) -> None:
        for run in [*self._waiting.values(), self._next]:
            run.stop()
        self._waiting.clear()

    def _fresh(self) -> Run:
        """A process at its first call. The next one starts meanwhile."""
        with self._lock:
            run, self._next = self._next, self._started()
        if run.age > STALE:
            run.stop(at_once=False)
            return self._fresh()
        return run

    def _started(self) -> Run:
        self.processes += 1
        return Run(self._scene, self._name, self._task)

    def _point(self, run: Run, before: tuple[Point, str, Reply] | None = None) -> Point:
        ended = run.ended
        if ended is not None and "panicked" in run.output():
            raise AssertionError(run.output())
        with self._lock:
            self.points += 1
            point = Point(self.points, run.held, ended, before)
            self._waiting[point] = run
            is_over = ended is not None or len(self._waiting) > KEPT
            gone = self._waiting.pop(point if ended is not None else next(iter(self._waiting))) if is_over else None
        if gone is not None:
            gone.stop(at_once=False)
        return point

    def _run_at(self, point: Point) -> Run:
        with self._lock:
            run = self._waiting.pop(point, None)
        if run is not None and run.age < STALE:
            return run
        if run is not None:
            run.stop(at_once=False)
        run = self._fresh()
        with _stopped_on_failure(run):
            for earlier, key, reply in _way_to(point):
                run.expect(earlier.keys)
                self._answer(run, key, reply)
            run.expect(point.keys)
        return run

    @staticmethod
    def _answer(run: Run, key: str, reply: Reply) -> None:
        run.answer(next(held for held in run.held if held.key == key), reply)


@contextmanager
def _stopped_on_failure(run: Run) -> Iterator[None]:
    try:
        yield
    except BaseException:
        run.stop(at_once=False)
        raise


def _way_to(point: Point) -> Iterator[tuple[Point, str, Reply]]:
    way = []
    while point.before is not None:
        way.append(point.before)
        point = point.before[0]
    return reversed(way)
