"""All interleavings of two runs: from each state the next call of either run is processed.

A state is the world, and for each run which calls it made with which answers. Where two orders lead to the same state
they have the same future, so it is followed once. What a run calls next comes from the real process; what AWS answers,
from the embedded AWS, gone back to that state.
"""

import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from math import comb
from threading import Lock

from tests.aws import EmbeddedAws
from tests.chaos.behaviour import Behaviour, Point
from tests.chaos.door import Held, Reply, process
from tests.chaos.order import Order, Unsteady
from tests.chaos.saved import Saved, Stage
from tests.chaos.scenarios import Scenario
from tests.chaos.story import Broken
from tests.harness import Answer

RUNS = "AB"
# How many preemptions are executed whole, one number after the other; None: all there are.
BOUNDS = (0, 1, 2, 3, 4, 5, None)
# Which part of the time is for following; the rest is for checking the ends.
FOLLOWING = 0.7
# States that are followed at once: mostly, that is to wait for processes which pause after a lost race.
AT_ONCE = 12
# A run that another one overtook may ask for its event once more; nothing else may go wrong.
OVERTAKEN = ("stale", "nosuchhostedzone")


@dataclass(frozen=True)
class Violation:
    """What was broken, and the order of calls that leads there: `replay` takes it."""

    scenario: str
    what: str
    order: list[str]

    def __str__(self) -> str:
        return f"{self.scenario}: {self.what}\n  after {self.order}"


@dataclass
class Explored:
    """`alone`: how many calls a run makes when it is alone. `orders`: of how many different orders the states are.

    `bound`: everything with so many preemptions was executed, which are changes from a run that could have gone on;
    None: everything. `left`: states beyond that which are not followed. `unsteady`: calls that are not followed, because
    a process could not be brought there a second time. `unchecked`: worlds that there was no time for.
    """

    scenario: str
    alone: int
    states: int = 0
    steps: int = 0
    processes: int = 0
    orders: int = 0
    ends: int = 0
    worlds: int = 0
    again: int = 0
    told: Counter[int] = field(default_factory=Counter)
    bound: int | None = -1
    left: int = 0
    unsteady: int = 0
    unchecked: int = 0
    seconds: float = 0.0
    broken: list[Violation] = field(default_factory=list)

    @property
    def unpruned(self) -> int:
        """How many interleavings two runs of this length have."""
        return comb(2 * self.alone, self.alone)


@dataclass(eq=False)
class State:
    """`ways`: how many orders lead here. `before`: the last call of a shortest of them."""

    world: str
    points: tuple[Point, ...]
    last: int | None = None
    preemptions: int = 0
    after: "list[tuple[str, State]]" = field(default_factory=list)
    before: "tuple[State, str] | None" = None
    ways: int = 0

    @property
    def has_ended(self) -> bool:
        return all(point.ended for point in self.points)

    def order(self) -> list[str]:
        steps, state = [], self
        while state.before is not None:
            state, step = state.before
            steps.append(step)
        return steps[::-1]


class Exploration:
    """All orders of the calls of two runs, in one scenario."""

    def __init__(self, stage: Stage, seconds: float) -> None:
        self._stage, self._began = stage, time.monotonic()
        self._follow_until, self._until = self._began + seconds * FOLLOWING, self._began + seconds
        self._worlds: dict[str, Saved] = {}
        self._steps: dict[tuple[str, str, str], tuple[str, Reply, str]] = {}
        self._states: dict[tuple[object, ...], State] = {}
        self._wrong: list[tuple[str, State, list[str]]] = []
        self._runs: list[Behaviour] = []
        self._unsteady = 0
        # There is one embedded AWS, and one collection of states.
        self._at_aws, self._noting = Lock(), Lock()
        self.found = Explored(stage.scenario.name, _alone(stage))

    def explore(self) -> Explored:
        """With more and more preemptions, and then with any number of them, as far as the time reaches."""
        found = self.found
        beyond: list[Violation] = []
        self._stage.restore()
        world = self._keep(self._stage.digest())
        self._runs = [Behaviour(self._stage.scene, name, "drift") for name in RUNS]
        try:
            for bound in BOUNDS:
                before = self._states, self._wrong, found.steps
                self._states, self._wrong, found.steps, self._unsteady = {}, [], 0, 0
                root, _ = self._state(world, tuple(run.root for run in self._runs), None, 0)
                is_whole = self._follow(root, bound)
                _count_ways(root)
                if not is_whole:
                    # What is wrong is wrong; the rest is told of what was executed whole.
                    beyond = self._violations()
                    if before[0]:
                        self._states, self._wrong, found.steps = before
                    break
                found.bound, found.unsteady = bound, self._unsteady
        finally:
            for run in self._runs:
                run.close()
        self._check_ends()
        found.states, found.processes = len(self._states), sum(run.processes for run in self._runs)
        broken = self._violations()
        known = {one.what for one in broken}
        broken += [one for one in beyond if one.what not in known]
        found.broken = sorted(broken, key=lambda one: len(one.order))
        found.seconds = time.monotonic() - self._began
        return found

    def _violations(self) -> list[Violation]:
        name = self._stage.scenario.name
        return [Violation(name, what, [*state.order(), *steps]) for what, state, steps in self._wrong]

    def _follow(self, root: State, bound: int | None) -> bool:
        """Depth first: a process that waits at a point is most often the one that goes on from there. Returns whether
        there was the time for all of it.
        """
        open_states, under_way = [root], set[Future[list[State]]]()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while open_states or under_way:
                if time.monotonic() > self._follow_until:
                    self.found.left = len(open_states) + len(under_way)
                    return False
                while open_states and len(under_way) < AT_ONCE:
                    under_way.add(pool.submit(self._beyond, open_states.pop(), bound))
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for one in done:
                    open_states += one.result()
        return True

    def _beyond(self, state: State, bound: int | None) -> list[State]:
        """The states after the next call of each run, those that nobody has come to yet."""
        found = [self._go(state, which, point.held[0], bound) for which, point in enumerate(state.points) if point.held]
        return [one for one in found if one is not None]

    def _go(self, state: State, which: int, held: Held, bound: int | None) -> State | None:
        """The next call of one of the runs. None where somebody was before, where that is over the bound, or where
        something is broken for good.
        """
        preemptions, last = 0, None
        if bound is not None:
            is_preempted = state.last not in (None, which) and bool(state.points[1 - which].held)
            preemptions, last = state.preemptions + is_preempted, which
            if preemptions > bound:
                return None
        step = f"{RUNS[which]} {held.name}"
        try:
            with self._at_aws:
                world, reply, early = self._process(state.world, RUNS[which], held)
            points = list(state.points)
            points[which] = self._runs[which].after(points[which], held, reply)
        except Unsteady:
            with self._noting:
                self._unsteady += 1
            return None
        except AssertionError as error:
            with self._noting:
                self._wrong.append((str(error), state, [step]))
            return None
        with self._noting:
            if early:
                self._wrong.append((early, state, [step]))
            after, is_new = self._state(world, tuple(points), last, preemptions)
            state.after.append((step, after))
            self.found.steps += 1
        return after if is_new else None

    def _state(self, world: str, points: tuple[Point, ...], last: int | None, preemptions: int) -> tuple[State, bool]:
        """The state, and whether it is new."""
        known = self._states.get((world, points, last, preemptions))
        if known is not None:
            return known, False
        found = self._states[world, points, last, preemptions] = State(world, points, last, preemptions)
        return found, True

    def _process(self, world: str, name: str, held: Held) -> tuple[str, Reply, str]:
        """Has the embedded AWS process a call in an earlier world. What it did there before, it does again."""
        known = self._steps.get((world, name, held.key))
        if known is None:
            self._stage.restore(self._worlds[world])
            reply = process(self._stage.aws, held)
            early = self._stage.story.early()
            after = self._stage.digest()
            if after != world:
                self._stage.story.check_several(len(RUNS))
            known = self._steps[world, name, held.key] = self._keep(after), reply, early
        return known

    def _keep(self, digest: str) -> str:
        if digest not in self._worlds:
            self._worlds[digest] = self._stage.save()
        return digest

    def _check_ends(self) -> None:
        """What comes after the runs depends only on the world: each world once."""
        worlds: dict[str, State] = {}
        for end in (state for state in self._states.values() if state.has_ended):
            self.found.ends += 1
            self.found.orders += end.ways
            worlds.setdefault(end.world, end)
            try:
                self.found.again += any([overtaken(point.ended) for point in end.points])
            except Broken as error:
                self._wrong.append((str(error), end, []))
        for end in worlds.values():
            if time.monotonic() > self._until:
                self.found.unchecked += 1
                continue
            self._stage.restore(self._worlds[end.world])
            self.found.worlds += 1
            try:
                self._stage.story.check_several(len(RUNS))
                check_end(self._stage)
            except AssertionError as error:
                self._wrong.append((str(error), end, []))
            self.found.told[self._stage.scene.news().count(self._stage.scenario.news)] += 1


def _count_ways(root: State) -> None:
    """By the number of calls: all ways to a state are known before those that go on from it."""
    root.ways, level = 1, [root]
    while level:
        following: dict[State, None] = {}
        for state in level:
            for step, after in state.after:
                after.before = after.before or (state, step)
                after.ways += state.ways
                following[after] = None
        level = list(following)


def _alone(stage: Stage) -> int:
    stage.restore()
    with Order(stage.scene, "A") as order:
        order.play([])
    return len(order.log)


def overtaken(answer: Answer | None) -> bool:
    """Whether a run ended in asking for its event once more, as it may when another one overtook it."""
    if answer is None or answer.ok:
        return False
    if any(reason in answer.message.lower() for reason in OVERTAKEN):
        return True
    raise Broken(f"a run failed: {answer.message}")


def check_end(stage: Stage) -> None:
    """Whatever the runs left: further runs come to rest, and the scenario's goal is reached."""
    stage.story.settle()
    stage.scenario.check_end(stage.story)


def explore(aws: EmbeddedAws, scenario: Scenario, seconds: float = 3600.0) -> Explored:
    """All interleavings of two runs, call by call, or as many as there is time for."""
    return Exploration(Stage(aws, scenario), seconds).explore()
