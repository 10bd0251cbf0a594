"""Last step of the resolver, the owner of each subject: what has come to it becomes its master record, and what else follows is sent on.
internal.* → master.*, dispute.*, internal.*

All that concerns a subject comes to one owner, whose view holds the latest of each. What follows is a function of that and the rules, so it
does not matter in which order it came, nor when it is looked at; it is written only where it differs from the one before.

Where much is waiting, what comes is only kept, and the subject put in line once more: by the time its turn comes the rest of what is
said about it has come as well, and it is decided once instead of at each word. What is in line stands in the log, so nothing is
forgotten: each record that came is followed by a decision or by a `LOOK` further back in the same partition.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.resolver.routing import ID_BYTES, Routes, owners, split
from bus.resolver.subject import (
    AFRESH,
    BODY,
    DECISION,
    FORWARD,
    HELD,
    LINKS,
    LOOK,
    MEMBER,
    SENT,
    WAITS,
    WRITTEN,
    Arrived,
    Change,
    Due,
    arrived,
    changes,
    digest,
    dispute_item,
    kept_of,
    packed,
    stamped,
)
from bus.resolver.tally import counted
from bus.step import Memory, Partition, View

Follows = Callable[[bytes, Arrived], Due]
"""(subject, what has come to it) → what follows from it."""
MANY = 100
"""So many records of a partition in one batch mean that a long line is waiting."""


class Merge:
    """The decision of the step. `follows`: entity → what follows from what has come to one of its subjects; `departments`: those that
    are told of disputes; `many`: how long a batch is from which on subjects are put in line once more."""

    def __init__(self, follows: Mapping[str, Follows], routes: Routes, departments: Collection[str] = (), many: int = MANY) -> None:
        self._follows, self._routes, self._many = follows, routes, many
        self._disputes = tuple(map(topics.dispute, sorted(departments)))

    def memory(self) -> Memory:
        """What the step does, for the loop."""
        writes = {topics.internal(each): (topics.master(each), topics.errands(each), *self._disputes) for each in self._follows}
        return Memory(self.decide, self.fold, writes, self.learn, asks=self._due)

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """The masters and errands that this batch changes; or, of a long line, a look at each subject when its turn comes."""
        entity = topics.entity_of(batch.topic)
        outputs: list[Output] = []
        more = newest = 0
        due = self._due(batch)
        for subject, at in keep(batch, view).items():
            if subject not in due:
                outputs += _later(batch, subject, at, view)
                continue
            if waits := view.get(subject, WAITS):
                at = max(at, int.from_bytes(waits, "big"))
                view.delete(subject, WAITS)
            said, masters = self._settled(entity, subject, at, batch.partition, view)
            outputs += said
            more += masters
            newest = max(newest, at)
        return outputs + counted(entity, more, newest)

    def fold(self, batch: Batch, view: View) -> None:
        """Remember a batch that was decided on before. What was written and sent then is learnt from where it was written, not decided
        anew: under other rules it would be held to have been said. That a look is on its way is forgotten: at most it comes twice."""
        for subject in keep(batch, view):
            view.delete(subject, WAITS)

    def _due(self, batch: Batch) -> set[bytes]:
        """The subjects to be decided on: all, or of a long line those whose turn has come."""
        if len(batch.records) < self._many:
            return owners(batch)
        return {record.key for record in batch.records if record.key is not None and len(record.key) == ID_BYTES}

    def _settled(self, entity: str, subject: bytes, at: int, partition: int, view: View) -> tuple[list[Output], int]:
        """What is to be said anew of one subject, and how many masters more there are then. `at`: when something last came to it."""
        items = view.items(subject)
        come = arrived(items)
        due = self._follows[entity](subject, come)
        outputs = []
        now, before = digest(due.master), items.get(WRITTEN, b"")
        if now != before:
            view.put(subject, WRITTEN, now)
            when = at if due.master is None else due.at
            outputs.append(Output(topics.master(entity), Record(subject.hex().encode(), due.master, when), partition))
        if due.body != come.body:
            view.put(subject, BODY, due.body)
        for place, told in due.disputes.items():
            if come.disputes.get(place) != told.value:
                view.put(subject, dispute_item(place), told.value)
                department, _, field = place.partition(":")
                said = Record(f"{subject.hex()}:{field}".encode(), told.value, told.at)
                outputs.append(Output(topics.dispute(department), said, partition))
        return outputs + self._sent(entity, subject, come, due, at, partition, view), bool(now) - bool(before)

    def _sent(self, entity: str, subject: bytes, come: Arrived, due: Due, at: int, partition: int, view: View) -> list[Output]:
        """What is to be said anew to other owners, and the note of what is said to them now."""
        if (kept := kept_of(due.errands)) == come.sent:
            return []
        outputs = [self._said(entity, subject, change) for change in changes(come.sent, due.errands, kept, at)]
        note = packed(kept)
        if note is None:
            view.delete(subject, SENT)
        else:
            view.put(subject, SENT, note)
        return [*outputs, Output(topics.errands(entity), Record(subject, note, at), partition)]

    def _said(self, entity: str, subject: bytes, change: Change) -> Output:
        match change.kind:
            case kind if kind == FORWARD:
                return self._routes.about(entity, change.owner, change.id, subject, change.value, change.at)
            case kind if kind == DECISION:
                return self._routes.decision(change.id, change.value, change.at)
            case kind if kind == MEMBER:
                return self._routes.on_link(change.id, MEMBER, subject, change.value, change.at)
            case kind if kind == LINKS:
                return self._routes.told("dwelling", change.owner, HELD, subject, change.value, change.at)
        raise ValueError(f"no errand of kind {change.kind!r}")

    def learn(self, batch: Batch, view: View, _read: Partition) -> None:
        """What was written last: masters, errands, and disputes about a subject of this view (its topic has those of all entities)."""
        errands = batch.topic in map(topics.errands, self._follows)
        for record in batch.records:
            if errands:
                _learn_errands(record, view)
                continue
            name, _, field = (record.key or b"").decode("ascii").partition(":")
            subject = bytes.fromhex(name)
            if not field:
                view.put(subject, WRITTEN, digest(record.value))
            elif record.value is not None and view.get(subject, WRITTEN) is not None:
                view.put(subject, dispute_item(f"{topics.entity_of(batch.topic)}:{field}"), record.value)


def _learn_errands(record: Record, view: View) -> None:
    subject = record.key or b""
    if record.value is None:
        view.delete(subject, SENT)
    else:
        view.put(subject, SENT, record.value)


def _later(batch: Batch, subject: bytes, at: int, view: View) -> list[Output]:
    """A look at the subject, at the end of the line, unless one is on its way. `at`: when something last came to it."""
    waits = view.get(subject, WAITS)
    view.put(subject, WAITS, max(at.to_bytes(8, "big"), waits or b""))
    return [] if waits else [Output(batch.topic, Record(subject, LOOK, at), batch.partition)]


def keep(batch: Batch, view: View) -> dict[bytes, int]:
    """Keep what has come; the subjects touched, and when (ms) they were last. A record with the subject alone asks to look again."""
    touched: dict[bytes, int] = {}
    for record in batch.records:
        if record.key is None:
            continue
        subject, item = split(record.key)
        touched[subject] = max(record.timestamp, touched.get(subject, 0))
        if not item:
            if record.value == AFRESH:
                view.delete(subject, BODY)
            continue
        if record.value is None:
            view.delete(subject, item)
        else:
            view.put(subject, item, stamped(record.timestamp, record.value))
    return touched
