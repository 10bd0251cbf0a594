"""The loop itself."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bus import crash
from bus.diary import diary
from bus.errors import BusError, Fenced
from bus.event import Batch, Output
from bus.eventlog.port import EventLog, Reader
from bus.step.hand import Hand
from bus.step.memory import Memory, Views
from bus.step.poison import Decider, Refuse
from bus.step.progress import Place, Reads, all_through, matching
from bus.step.pulse import Pulse
from bus.step.valve import Valve
from bus.step.watch import Watch

POLL_S = 0.2  # how long one poll waits for records; also how soon a stop is noticed
LOOK_S = 5.0  # between two looks for new topics
FAILURES = 5  # in a row, before the step ends itself: another process, freshly started, may do better
HOPELESS = 2  # of those that trying again does not cure (no space, no such topic)
LONGEST_PAUSE_S = 5.0
_POLLS_TO_QUESTIONS = 5  # time for polls against time for asking whether all is through


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `name` is also its group. `reads`: the topics it reads, by name or by a prefix that ends in a dot ("raw.").

    `decide` is pure: batches in, outputs out, and asked twice it says the same. It raises for nothing that one record can cause;
    where it does all the same, `refuse` makes the outputs (a dead letter, an account delta) for the one record that was found guilty.
    A step that must remember what it read before has a `Memory` instead, which decides with a view of each partition.
    `after`: the steps behind its valve, each with what it reads (`bus.step.valve`); none: it takes on what there is.
    """

    name: str
    reads: Reads
    decide: Callable[[list[Batch]], Iterable[Output]] | Memory
    refuse: Refuse
    after: Mapping[str, Reads] = field(default_factory=dict)


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
    with Hand(options.state, step.name) as hand, Watch(options.stall_s) as watch, Pulse(options.state, step.name) as pulse:
        with contextlib.closing(_Loop(log, step, options, hand, watch, pulse)) as loop:
            while not loop.done:
                loop.one_membership()
        return loop.committed


def run_in_turn(log: EventLog, steps: Sequence[Step], options: Options) -> int:
    """Run `steps` one after another, each until it is idle, over and over until nothing is left for any of them: a step may write what
    one before it reads, and another process may still be at it. The number of records committed. Raises as `run`."""
    idle = replace(options, until_idle=True)
    committed = 0
    while not options.stopped():
        committed += sum(run(log, step, idle) for step in steps)
        if all(all_through(log, step.name, matching(log, step.reads)) for step in steps):
            break
    return committed


class _Loop:
    """What one run holds together."""

    def __init__(self, log: EventLog, step: Step, options: Options, hand: Hand, watch: Watch, pulse: Pulse) -> None:
        self._log, self._step, self._options = log, step, options
        self._watch, self._pulse = watch, pulse
        self._valve = Valve(log, step.after) if step.after else None
        self._views: Views | None = None
        if isinstance(step.decide, Memory):
            self._views = Views(log, step.name, step.decide, options.state, watch.beat)
            decide: Callable[[list[Batch]], Iterable[Output]] = self._views.decide
        else:
            decide = step.decide
        self._decider = Decider(decide, step.refuse, hand, watch, options.stall_s)
        self._diary = diary(step.name)
        self._failures = 0
        self._ask_at = 0.0
        self._seen: dict[Place, int | None] = {}
        self.committed = 0
        self.done = False

    def one_membership(self) -> None:
        """Join the group on the topics there are now, and work until there are others, or it is time to end."""
        self._watch.beat()
        topics = matching(self._log, self._step.reads)
        if not topics:
            self.done = self._options.until_idle or self._options.stopped()
            if not self.done:
                self._pulse.alive()
                time.sleep(POLL_S)
            return
        if self._views is not None:
            self._views.forget()
        with self._log.reader(self._step.name, topics) as reader:
            crash.point("during_init")
            self._diary.info("joined", topics=len(topics))
            self._work(reader, topics)

    def _work(self, reader: Reader, topics: list[str]) -> None:
        look_at = time.monotonic() + LOOK_S
        while not (self.done or self._options.stopped()):
            try:
                busy = self._one_batch(reader)
            except BusError as error:
                self._failed(error)
                self._rewound(reader)
                crash.point("after_rewind")
                continue
            idle = self._options.until_idle and not busy
            if idle or time.monotonic() >= look_at:
                look_at = time.monotonic() + LOOK_S
                if matching(self._log, self._step.reads) != topics:
                    return
            self.done = idle and self._all_through(topics)
        self.done = True

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

    def _one_batch(self, reader: Reader) -> bool:
        self._watch.beat()
        wanted = self._options.batch_records
        batches = reader.poll(self._valve.room(wanted) if self._valve else wanted, POLL_S)
        if not batches:
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

    def _rewound(self, reader: Reader) -> None:
        """Back to what the log says is committed, in memory too."""
        if self._views is not None:
            self._views.forget()
        reader.rewind()

    def close(self) -> None:
        """Close what the loop opened."""
        if self._views is not None:
            self._views.close()

    def _failed(self, error: BusError) -> None:
        """Note a failure; raise it when there were too many in a row. What cannot be cured by trying again is raised at once."""
        self._failures += 1
        self._pulse.failed(error.code)
        self._diary.error("failed", code=error.code, place=error.place, in_a_row=self._failures)
        if self._failures >= (FAILURES if error.retriable else HOPELESS) or error.exit_status == 3:
            raise error
        until = time.monotonic() + min(LONGEST_PAUSE_S, 0.05 * 4**self._failures)
        while time.monotonic() < until and not (isinstance(error, Fenced) and self._failures == 1):
            self._watch.beat()
            time.sleep(0.05)


def calm_collector() -> None:
    """What lives as long as the process is never looked at again, and the rest seldom: worth a third of the time per record."""
    with contextlib.suppress(AttributeError):  # gc.freeze is CPython's
        gc.collect()
        gc.freeze()
    gc.set_threshold(50_000, 20, 100)
