"""Several runs at once, whose calls the embedded AWS processes one at a time, in an order that the caller decides.

Each process has a door of its own to the embedded AWS: a server that holds every call until it is told the answer. So
the processes are told apart, and one can be brought where it was before by giving it the same answers again.
"""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Self

from tests.chaos.door import Door, Held, Reply, process
from tests.harness import Answer, Function, Scene
from tests.harness.runtime import Invocation

# A process has this long for getting to its next call or its end; the pauses of a lost race are in it.
PATIENCE = 20.0
# Two looks at a process, this long apart, that show the same: it waits for an answer.
LOOK_EVERY = 0.002
# The SDK gives up on a call after 8 seconds and makes it again, which is another order than the one that is played.
GIVES_UP = 7.5


class Unsteady(AssertionError):
    """A process did something else than before with the same answers: a pause of its own ended at another moment."""


class Run:
    """One run in a process of its own, which waits wherever it calls. Its name is in its ids and markers."""

    def __init__(self, scene: Scene, name: str, task: str) -> None:
        self.name = name
        self._began = time.monotonic()
        self._door = Door(scene.aws)
        door = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._door.server_port}", "AWS_ACCESS_KEY_ID": f"run-{name}"}
        self._function = Function(scene.variables | door).start()
        runtime, process = self._function._runtime, self._function._process
        assert runtime is not None and process is not None
        self._pid = process.pid
        self._asleep: object = None
        self._invocation = Invocation(json.dumps({"task": task}).encode(), 100.0, id=f"run-{name}")
        runtime._open[self._invocation.id] = self._invocation
        runtime._queue.put(self._invocation)

    @property
    def held(self) -> list[Held]:
        return sorted(self._door.held, key=lambda held: held.key)

    @property
    def ended(self) -> Answer | None:
        if not self._invocation.done.is_set():
            return None
        if self._invocation.kind == "died":
            raise AssertionError(f"the process died: {self._function.output()}")
        body = json.loads(self._invocation.body)
        return Answer(body, None) if self._invocation.kind == "response" else Answer(None, body)

    @property
    def age(self) -> float:
        """Seconds since it made the oldest of the calls that it holds, or since it started."""
        return time.monotonic() - min((held.since for held in self._door.held), default=self._began)

    def output(self) -> str:
        return self._function.output()

    def answer(self, held: Held, reply: Reply) -> None:
        self._door.held.remove(held)
        self._asleep = self._work()
        held.tell(reply)

    def settle(self) -> None:
        """Until the process has ended its invocation, or waits for answers and does nothing else."""
        before: object = None
        for _ in self._looks():
            if self._door.held:
                now = self._look()
                if now is not None and now == before:
                    return
                before = now

    def expect(self, keys: Sequence[str] | None) -> None:
        """Until the process holds exactly these calls, as it did the last time; None: until it has ended."""
        for _ in self._looks():
            found = [held.key for held in self.held]
            if keys is not None and len(found) >= len(keys):
                different = [one[:200] for one in sorted({*found} ^ {*keys})]
                if different:
                    raise Unsteady(f"run {self.name} is not as it was before at the same point: {different}")
                return

    def _looks(self) -> Iterator[None]:
        """A look every now and then, and at every call that arrives; over when the invocation has ended."""
        until = time.monotonic() + PATIENCE
        while not self._invocation.done.is_set():
            assert time.monotonic() < until, f"run {self.name} does nothing: {self.output()}"
            yield
            with self._door.changed:
                self._door.changed.wait(LOOK_EVERY)

    def _look(self) -> object:
        """What tells whether a process does anything: None while it runs or has not woken up for its answer yet."""
        work = self._work()
        if work is None or work == self._asleep or not self._door.is_quiet():
            return None
        return len(self._door.held), work

    def _work(self) -> object:
        """How long each thread has run; None while one does."""
        work = []
        for thread in sorted(Path(f"/proc/{self._pid}/task").iterdir()):
            try:
                if (thread / "stat").read_text().rpartition(")")[2].split()[0] != "S":
                    return None
                work.append((thread.name, (thread / "schedstat").read_text()))
            except FileNotFoundError:
                return None
        return tuple(work)

    def stop(self, *, at_once: bool = True) -> None:
        """The end of the process; whoever has other things to do need not wait until all is cleaned up."""
        self._function.kill()
        cleaning = Thread(target=self._clean_up, daemon=True)
        cleaning.start()
        if at_once:
            cleaning.join()

    def _clean_up(self) -> None:
        self._function.stop()
        self._door.close()


class Order:
    """Runs that are under way together. `release` has one of their calls processed, and waits until all is quiet."""

    def __init__(self, scene: Scene, names: Iterable[str], task: str = "drift") -> None:
        self._scene = scene
        self.log: list[str] = []
        self.was_slow = False
        self.runs = {name: Run(scene, name, task) for name in names}

    def __enter__(self) -> Self:
        for run in self.runs.values():
            run.settle()
        return self

    def __exit__(self, *_: object) -> None:
        for run in self.runs.values():
            run.stop()

    def waiting(self) -> dict[str, list[Held]]:
        """The held calls of each run that has not ended."""
        return {name: run.held for name, run in self.runs.items() if run.ended is None}

    def release(self, name: str, held: Held | None = None) -> None:
        run = self.runs[name]
        held = held or run.held[0]
        reply = process(self._scene.aws, held)
        self.was_slow |= time.monotonic() - held.since > GIVES_UP
        self.log.append(f"{name} {held.name}")
        run.answer(held, reply)
        run.settle()

    def play(self, order: Iterable[str]) -> None:
        """Releases calls as the order says, `A route53:ListHostedZones`; then what is left, run by run."""
        for step in order:
            name, _, call = step.partition(" ")
            found = [held for held in self.runs[name].held if held.name == call]
            assert found, f"{step}: the run holds {[held.name for held in self.runs[name].held]}"
            self.release(name, found[0])
        for name in self.runs:
            while name in self.waiting():
                self.release(name)
