"""The loop itself."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from bus import crash
from bus.diary import diary
from bus.errors import BusError, Fenced, Overtaken
from bus.event import Batch, Output
from bus.eventlog.port import EventLog, Reader
from bus.step.hand import Hand
from bus.step.memory import Memory, Views
from bus.step.poison import Decider, Refuse
from bus.step.progress import Place, Reads, all_through, is_read, matching
from bus.step.pulse import Pulse
from bus.step.valve import Take, Valve
from bus.step.watch import Watch

POLL_S = 0.2  # how long one poll waits for records; also how soon a stop is noticed
LOOK_S = 5.0  # between two looks for new topics
FAILURES = 5  # in a row, before the step ends itself: another process, freshly started, may do better
HOPELESS = 2  # of those that trying again does not cure (no space, no such topic)
LONGEST_PAUSE_S = 5.0
_NAP_S = 0.05
_POLLS_TO_QUESTIONS = 5  # time for polls against time for asking whether all is through


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `name` is also its group. `reads`: the topics it reads, by name or by a prefix that ends in a dot ("raw.").

    `decide` is pure: batches in, outputs out, and asked twice it says the same. It raises for nothing that one record can cause;
    where it does all the same, `refuse` makes the outputs (a dead letter, an account delta) for the one record that was found guilty.
    A step that must remember what it read before has a `Memory` instead, which decides with a view of each partition.
    `after`: the steps behind its valve, each with what it reads (`bus.step.valve`); none: it takes on what there is.
    `first`: of what it reads, what is read out before the rest where much is waiting, because what the rest is to be decided on follows
    from it (it changes nothing but the speed).
    """

    name: str
    reads: Reads
    decide: Callable[[list[Batch]], Iterable[Output]] | Memory
    refuse: Refuse
    after: Mapping[str, Reads] = field(default_factory=dict)
    first: Reads = ()


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a step. `state`: a folder of this log for notes that survive a crash; `stall_s`: seconds without a sign of life
    before the process ends itself; `stopped`: asked between two batches."""

    state: Path
    batch_records: int = 2000
    stall_s: float = 120.0
    until_idle: bool = False
    stopped: Callable[[], bool] = lambda: False


def run(log: EventLog, step: Step, options: Options) -> int:
    """Run `step` until it is stopped, or (`until_idle`) until all that was published is through. The number of records committed.

    Raises the last `BusError` after `FAILURES` failures in a row; nothing is lost by that, the next run goes on."""
    calm_collector()
    with Watch(options.stall_s) as watch, Running(log, step, options, watch) as running:
        while not (running.done or options.stopped()):
            running.turn(POLL_S)
        return running.committed


def run_in_turn(log: EventLog, steps: Sequence[Step], options: Options) -> int:
    """Run `steps` one after another, each until it is idle, over and over until nothing is left for any of them: a step may write what
    one before it reads, and another process may still be at it. The number of records committed. Raises as `run`."""
    idle = replace(options, until_idle=True)
    committed = 0
    while not options.stopped():
        waiting = False
        for step in steps:
            if not all_through(log, step.name, matching(log, step.reads)):  # on Kafka much sooner asked than joined
                committed += run(log, step, idle)
                waiting = True
        if not waiting:
            break
    return committed


class Running:
    """One step at work: a batch at a time, so that several may take turns in one process. Left by an error as by its end."""

    def __init__(self, log: EventLog, step: Step, options: Options, watch: Watch) -> None:
        self._log, self._step, self._options, self._watch = log, step, options, watch
        self._stack = ExitStack()  # what the step has open as long as it works
        self._membership = ExitStack()  # and as long as it is in the group for these topics
        self._valve = Valve(log, step.name, step.reads, step.after) if step.after else None
        self._reader: Reader | None = None
        self._topics: list[str] = []
        self._much = False  # the last batch was full: more is waiting
        self._look_at = 0.0
        self._diary = diary(step.name)
        self._failures = 0
        self._again_at = 0.0
        self._ask_at = 0.0
        self._seen: dict[Place, int | None] = {}
        self.committed = 0
        self.done = False

    def __enter__(self) -> Self:
        step, state = self._step, self._options.state
        hand = self._stack.enter_context(Hand(state, step.name))
        self._pulse = self._stack.enter_context(Pulse(state, step.name))
        self._views: Views | None = None
        decide = step.decide
        if isinstance(decide, Memory):
            self._views = self._stack.enter_context(Views(self._log, step.name, decide, state, self._watch.beat))
            decide = self._views.decide
        self._decider = Decider(decide, step.refuse, hand, self._watch, self._options.stall_s)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._membership.__exit__(kind, error, trace)
        finally:
            self._stack.__exit__(kind, error, trace)

    def turn(self, poll_s: float) -> bool:
        """Work on one batch, or find within `poll_s` that there is none. Whether there was one. After a failure nothing is tried until it
        is time again. Raises the last `BusError` after `FAILURES` failures in a row."""
        self._watch.beat()
        if (left := self._again_at - time.monotonic()) > 0:
            time.sleep(min(left, poll_s, _NAP_S))
            return False
        reader = self._reader or self._joined(poll_s)
        if reader is None:
            return False
        try:
            busy = self._one_batch(reader, poll_s)
        except BusError as error:
            self._failed(error)
            self._rewound(reader)
            crash.point("after_rewind")
            return False
        idle = self._options.until_idle and not busy
        if idle or time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_S
            if matching(self._log, self._step.reads) != self._topics:
                self._leave()
                return busy
        self.done = idle and self._all_through(self._topics)
        return busy

    def _joined(self, poll_s: float) -> Reader | None:
        """Join the group on the topics there are now; None where there are none yet."""
        self._topics = matching(self._log, self._step.reads)
        if not self._topics:
            self.done = self._options.until_idle
            if not self.done:
                self._pulse.alive()
                time.sleep(poll_s)
            return None
        if self._views is not None:
            self._views.forget()
        self._reader = self._membership.enter_context(self._log.reader(self._step.name, self._topics))
        crash.point("during_init")
        self._diary.info("joined", topics=len(self._topics))
        self._look_at = time.monotonic() + LOOK_S
        return self._reader

    def _leave(self) -> None:
        self._reader = None
        self._membership.close()

    def _all_through(self, topics: list[str]) -> bool:
        """Whether it is time to end. On Kafka the question takes a while, and a group is joined in polls alone: so most of the time is
        left to them, or several workers would ask and ask and never come to work."""
        began = time.monotonic()
        if began < self._ask_at:
            return False
        through = all_through(self._log, self._step.name, topics, self._seen)
        now = time.monotonic()
        self._ask_at = now + _POLLS_TO_QUESTIONS * (now - began)
        return through

    def _one_batch(self, reader: Reader, poll_s: float) -> bool:
        batches = self._polled(reader, poll_s)
        if not batches:
            if self._views is not None:
                self._views.rest()
            self._pulse.alive()
            return False
        crash.point("after_poll")
        began = time.monotonic()
        if self._views is not None:
            self._views.catch_up(batches, reader.epoch())
        outputs = self._decider.outputs(batches)
        crash.point("after_decide")
        self._watch.beat()
        reader.commit(outputs)
        crash.point("after_commit")
        if self._views is not None:
            self._views.committed(batches)
        self._decider.settled(batches)
        records = sum(len(batch.offsets) for batch in batches)
        self.committed += records
        self._failures = 0
        self._pulse.committed(records, len(outputs), time.monotonic() - began, self._decider.refused)
        return True

    def _polled(self, reader: Reader, poll_s: float) -> list[Batch]:
        """The next records: where much is waiting, of what is to be read first as long as there is any."""
        wanted = self._options.batch_records
        batches: list[Batch] = []
        if self._much and self._step.first:
            batches = reader.poll(wanted, 0, frozenset(place for place in reader.owned() if is_read(place[0], self._step.first)))
        if not batches:
            take = self._valve.take(wanted, poll_s) if self._valve else Take(wanted)
            batches = reader.poll(take.records, poll_s, take.only)
        self._much = sum(len(batch.offsets) for batch in batches) == wanted
        return batches

    def _rewound(self, reader: Reader) -> None:
        """Back to what the log says is committed, in memory too."""
        if self._views is not None:
            self._views.forget()
        reader.rewind()

    def _failed(self, error: BusError) -> None:
        """Note a failure; raise it when there were too many in a row. What cannot be cured by trying again is raised at once."""
        self._failures += 1
        self._pulse.failed(error.code)
        self._diary.error("failed", code=error.code, place=error.place, in_a_row=self._failures)
        if self._failures >= (FAILURES if error.retriable else HOPELESS) or error.exit_status == 3:
            raise error
        if isinstance(error, Overtaken) and not self._options.until_idle:  # what stopped it so long? A new process, and one more
            raise error  # start among the figures; where somebody waits for the end nobody would start it again
        if not (isinstance(error, Fenced) and self._failures == 1):
            self._again_at = time.monotonic() + min(LONGEST_PAUSE_S, 0.05 * 4**self._failures)


def calm_collector() -> None:
    """What lives as long as the process is never looked at again, and the rest seldom: worth a third of the time per record."""
    with contextlib.suppress(AttributeError):  # gc.freeze is CPython's
        gc.collect()
        gc.freeze()
    gc.set_threshold(200_000, 20, 100)  # more than what a batch holds while it is decided on
