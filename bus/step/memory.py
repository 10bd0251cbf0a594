"""Steps with a memory: every partition that such a step owns has a `View`, which is brought up to the batch before the batch is decided.

What is remembered is a function of the records of that partition and nothing else, so any process that takes a partition over comes to
the same memory, from its own view or from the log. Records between the view and the batch (another process worked on them, or a crash came
between the commit and the view) are folded in without outputs; a view that is ahead of the batch (the group was moved back) starts afresh.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from bus import crash
from bus.diary import diary
from bus.errors import BusError, DecodeRefused
from bus.event import Batch, Output
from bus.eventlog.partitioning import partition_of
from bus.eventlog.port import EventLog
from bus.step.origins import Origin, Origins
from bus.step.view import Changes, View

_CACHES_KIB = 49_152  # of all views of a process together: a step that reads many partitions holds no more than one that reads few
_UNWRITTEN = 24 << 20  # bytes of all views of a process together that are kept in memory before they are written
_UNWRITTEN_OF_MUCH = 72 << 20  # where much is to be done: each write rewrites nearly all pages of a large view. Else less, because it takes
# as long as there is to write, and a live record that has come meanwhile waits
_MUCH = 1000  # records of a poll that tell that much is to be done, and where; a few that come by say nothing
_CALM = 10  # polls with fewer, one after another: there is no longer much

Place = tuple[str, int]
Fold = Callable[[Batch, View], object]
Ends = dict[str, Mapping[int, tuple[int, int]]]


class Partition(NamedTuple):
    """A partition that a step reads: `number` of `of` of a topic."""

    topic: str
    number: int
    of: int

    def has(self, key: bytes) -> bool:
        """Whether records with this key are in it."""
        return partition_of(key, self.of) == self.number


Learn = Callable[[Batch, View, Partition], object]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a step does that remembers. Both are pure but for the view that they are given.

    `decide`: outputs for records of one partition; it puts into the view what is to be remembered of them, record by record, so that
    it does not matter where one batch ends and the next begins. `fold`: only that, for records decided on before (default: `decide`,
    its outputs dropped). `writes`: topic read → topics written, from which `learn` puts into the view what this step, whoever ran it,
    wrote last for what it read there; in this order. Only what was written tells that: the log may have let go of what it was written
    for. `everywhere`: it writes to all partitions of those topics, not just to the same one. `origin`: for which record one of them was
    written, where others write much there, too (it changes nothing but the speed). `asks`: the groups of the view that these
    records ask for, to be read ahead all at once (it changes nothing but the speed). `edition`: of what decides; a view that was made
    under another one is made anew from the log.
    """

    decide: Callable[[Batch, View], Iterable[Output]]
    fold: Fold | None = None
    writes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    learn: Learn | None = None
    everywhere: bool = False
    origin: Origin | None = None
    asks: Callable[[Batch], Iterable[bytes]] | None = None
    edition: str = ""


class Views:
    """The views of one process of a step, opened when first asked for."""

    def __init__(self, log: EventLog, step: str, memory: Memory, state: Path, beat: Callable[[], None] = lambda: None) -> None:
        """`beat` is called now and then while a view is brought up."""
        self._log, self._memory, self._beat = log, memory, beat
        self._folder = state / "views" / step
        self._identity = log.identity() + memory.edition
        self._views: dict[Place, View] = {}
        self._origins = Origins(log, memory.origin, beat) if memory.origin is not None else None
        self._polls_of_few = _CALM
        self._busiest: Place | None = None
        self._seen_in: dict[Place, int] = {}  # the reader's epoch in which the view followed the partition without a gap
        self._epoch = -1
        self._ends: Ends = {}  # of all topics as the epoch began: who has not worked on a partition since has written nothing for it since

    def catch_up(self, batches: list[Batch], epoch: int) -> None:
        """Bring the views of these partitions up to the batches, which were polled in this `epoch` of the reader."""
        self._attend(batches)
        if epoch != self._epoch:
            self._epoch, self._ends = epoch, {}
        for batch in batches:
            place = batch.topic, batch.partition
            view = self._view(place)
            if self._seen_in.get(place) == epoch and view.position(batch.topic) <= batch.offsets[0]:
                continue
            if view.position(batch.topic) > batch.offsets[0]:
                view.clear()
            self._read_on(view, place, batch.offsets[0])
            self._seen_in[place] = epoch

    def decide(self, batches: list[Batch]) -> list[Output]:
        """The step's decision, each partition with its own view. What it changes is kept only if it does not raise."""
        with self._undone_when_raised({(b.topic, b.partition) for b in batches}):
            for each in batches:
                self._read_ahead(each, self._views[each.topic, each.partition])
            return [output for b in batches for output in self._memory.decide(b, self._views[b.topic, b.partition])]

    def committed(self, batches: list[Batch]) -> None:
        """The outputs of these batches are in the log: keep what was remembered with them."""
        ends = {(batch.topic, batch.partition): batch.next_offset for batch in batches}
        for place, end in ends.items():
            self._keep(self._views[place], {place[0]: end})
        crash.point("after_views")

    def rest(self) -> None:
        """There is time: write what is kept."""
        for view in self._views.values():
            if view.unwritten:
                view.save()

    def forget(self) -> None:
        """What was decided and not committed never was; how far the log is must be found out anew."""
        self._seen_in.clear()
        self._ends = {}
        for view in self._views.values():
            view.restore({})

    def close(self) -> None:
        """Close all views."""
        with ExitStack() as stack:
            for view in self._views.values():
                stack.enter_context(closing(view))
        self._views.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _view(self, place: Place) -> View:
        view = self._views.get(place)
        if view is not None and not view.there:  # somebody deleted it: a new one is due
            self._views.pop(place).close()
            self._seen_in.pop(place, None)
            self._ends = {}
            view = None
        if view is None:
            view = self._views[place] = View(self._folder, f"{place[0]}.{place[1]}", self._identity)
            self._divide_cache()
        return view

    def _attend(self, batches: Sequence[Batch]) -> None:
        """Look to how much is to be done, and where: a long line is read partition by partition."""
        records = {(each.topic, each.partition): len(each.records) for each in batches}
        self._polls_of_few += 1
        if sum(records.values()) >= _MUCH:
            self._polls_of_few = 0
            most = max(records, key=lambda place: records[place])
            busiest = most if 2 * records[most] > sum(records.values()) else None
            if busiest != self._busiest:
                self._busiest = busiest
                self._divide_cache()

    def _divide_cache(self) -> None:
        """Three quarters to the view of the partition that has most of the work, the rest to the others; else the same to all."""
        others = len(self._views.keys() - {self._busiest})
        most = _CACHES_KIB * 3 // 4 if self._busiest in self._views else 0
        for place, view in self._views.items():
            view.share_cache(most if place == self._busiest else (_CACHES_KIB - most) // others)

    def _read_on(self, view: View, place: Place, end: int) -> None:
        topic, partition = place
        behind = not view.position(topic)  # or, if others worked on it: their marks alone (Kafka's transactions) are not records
        for batch in between(self._log, topic, partition, view.position(topic), end):
            self._beat()
            self._read_ahead(batch, view)
            self._folded(batch, view, self._memory.fold or self._memory.decide)
            self._keep(view, {topic: batch.next_offset})
            behind = True
        if self._memory.learn is not None and behind:
            self._learn(view, place, self._memory.learn)

    def _learn(self, view: View, place: Place, learn: Learn) -> None:
        topic, partition = place
        ends = self._ends = self._ends or {info.name: info.ends for info in self._log.topics()}
        read = Partition(topic, partition, len(ends[topic]))
        for written in self._memory.writes.get(topic, ()):
            stop = {
                number: end if self._memory.everywhere or number == partition else 0 for number, (_, end) in ends.get(written, {}).items()
            }
            so_far = {number: written if number == partition else f"{written}.{number}" for number in stop}
            start = {number: view.position(name) for number, name in so_far.items()}
            if all(start[number] >= stop[number] for number in stop):
                continue
            if self._origins is not None and not self._origins.has(written, *read, stop):
                self._keep(view, {so_far[number]: end for number, end in stop.items()})
                continue
            for batch in self._log.scan(written, start, stop):
                self._beat()
                self._folded(batch, view, lambda some, into: learn(some, into, read))
                self._keep(view, {so_far[batch.partition]: batch.next_offset})

    def _keep(self, view: View, positions: Mapping[str, int]) -> None:
        view.keep(positions)
        most = _UNWRITTEN if self._polls_of_few >= _CALM else _UNWRITTEN_OF_MUCH
        if sum(each.unwritten for each in self._views.values()) > most:
            max(self._views.values(), key=attrgetter("unwritten")).save()

    def _read_ahead(self, batch: Batch, view: View) -> None:
        if self._memory.asks is not None:
            view.read_ahead(self._memory.asks(batch))

    def _folded(self, batch: Batch, view: View, fold: Fold) -> None:
        """Fold records in; one that was set aside when it was decided on leaves no trace now either."""
        before = view.mark()
        try:
            _consume(fold(batch, view))
        except Exception as error:
            if isinstance(error, BusError) and not isinstance(error, DecodeRefused):
                raise
            view.restore(before)
            if len(batch.offsets) == 1:
                diary("step").error("record passed over", topic=batch.topic, partition=batch.partition, offset=batch.offsets[0])
                return
            for offset, record in zip(batch.offsets, batch.records, strict=True):
                self._folded(batch._replace(offsets=[offset], records=[record]), view, fold)

    @contextmanager
    def _undone_when_raised(self, places: Iterable[Place]) -> Iterator[None]:
        before: dict[Place, Changes] = {place: self._views[place].mark() for place in places}
        try:
            yield
        except BaseException:
            for place, mark in before.items():
                self._views[place].restore(mark)
            raise


def between(log: EventLog, topic: str, partition: int, start: int, end: int | None = None) -> Iterator[Batch]:
    """The records of one partition from offset `start` to before `end` (default: its end as it is now)."""
    if end is not None and start >= end:
        return
    info = next((each for each in log.topics() if each.name == topic), None)
    if info is None:
        return
    stop = dict.fromkeys(info.ends, 0) | {partition: info.ends[partition][1] if end is None else end}
    if start < stop[partition]:
        yield from log.scan(topic, {partition: start}, stop)


@contextmanager
def followed(log: EventLog, folder: Path, topic: str, partition: int, fold: Fold, edition: str = "") -> Iterator[View]:
    """The view of one partition that no step works on, in `folder`, brought up to the end of the partition as it is now. `edition`: of what
    folds; a view that was made under another one is made anew from the log."""
    with closing(View(folder, f"{topic}.{partition}", log.identity() + edition)) as view:
        for batch in between(log, topic, partition, view.position(topic)):
            fold(batch, view)
            view.save({topic: batch.next_offset})
        yield view


def _consume(found: object) -> None:
    """A generator works only while it is read."""
    if isinstance(found, Iterable):
        for _ in found:
            pass
