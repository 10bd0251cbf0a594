"""Last step of the resolver, the owner of each subject: what has come to it becomes its master record, and what else follows is sent on.
internal.* → master.*, dispute.*, internal.*

All that concerns a subject comes to one owner, whose view holds the latest of each. What follows is a function of that and the rules, so it
does not matter in which order it came; it is written only where it differs from the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.resolver.routing import Routes, owners, split
from bus.resolver.subject import (
    DECISION,
    FORWARD,
    HELD,
    LINKS,
    MEMBER,
    WRITTEN,
    Arrived,
    Change,
    Due,
    arrived,
    changes,
    digest,
    dispute_item,
    sent_item,
    stamped,
)
from bus.resolver.tally import counted
from bus.step import Memory, Partition, View

Follows = Callable[[bytes, Arrived], Due]
"""(subject, what has come to it) → what follows from it."""


class Merge:
    """The decision of the step. `follows`: entity → what follows from what has come to one of its subjects; `departments`: those that
    are told of disputes."""

    def __init__(self, follows: Mapping[str, Follows], routes: Routes, departments: Collection[str] = ()) -> None:
        self._follows, self._routes = follows, routes
        self._disputes = tuple(map(topics.dispute, sorted(departments)))

    def memory(self) -> Memory:
        """What the step does, for the loop."""
        writes = {topics.internal(entity): (topics.master(entity), *self._disputes) for entity in self._follows}
        return Memory(self.decide, self.fold, writes, self.learn, asks=owners)

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """The masters and errands that this batch changes."""
        entity = topics.entity_of(batch.topic)
        outputs: list[Output] = []
        more = newest = 0
        for subject, at in keep(batch, view).items():
            before = view.get(subject, WRITTEN)
            outputs += self._settled(entity, subject, at, batch.partition, view)
            more += bool(view.get(subject, WRITTEN)) - bool(before)
            newest = max(newest, at)
        return outputs + counted(entity, more, newest)

    def fold(self, batch: Batch, view: View) -> None:
        """Remember a batch that was decided on before. What was written then is learnt from where it was written, not decided anew: under
        other rules it would be held to have been said."""
        entity = topics.entity_of(batch.topic)
        for subject, at in keep(batch, view).items():
            come = arrived(view.items(subject))
            self._sent(entity, subject, come, self._follows[entity](subject, come), at, view)

    def _settled(self, entity: str, subject: bytes, at: int, partition: int, view: View) -> list[Output]:
        """What is to be said anew of one subject. `at`: when something last came to it."""
        items = view.items(subject)
        come = arrived(items)
        due = self._follows[entity](subject, come)
        outputs = []
        if (now := digest(due.master)) != items.get(WRITTEN, b""):
            view.put(subject, WRITTEN, now)
            when = at if due.master is None else due.at
            outputs.append(Output(topics.master(entity), Record(subject.hex().encode(), due.master, when), partition))
        for place, told in due.disputes.items():
            if come.disputes.get(place) != told.value:
                view.put(subject, dispute_item(place), told.value)
                department, _, field = place.partition(":")
                said = Record(f"{subject.hex()}:{field}".encode(), told.value, told.at)
                outputs.append(Output(topics.dispute(department), said, partition))
        return outputs + self._sent(entity, subject, come, due, at, view)

    def _sent(self, entity: str, subject: bytes, come: Arrived, due: Due, at: int, view: View) -> list[Output]:
        """What is to be said anew to other owners."""
        outputs = []
        for change in changes(come.sent, due.errands, at):
            outputs.append(self._said(entity, subject, change))
            if change.kept is None:
                view.delete(subject, sent_item(change))
            else:
                view.put(subject, sent_item(change), change.kept)
        return outputs

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
        """What was written last: masters, and disputes about a subject of this view (its topic has those of all entities)."""
        for record in batch.records:
            name, _, field = (record.key or b"").decode("ascii").partition(":")
            subject = bytes.fromhex(name)
            if not field:
                view.put(subject, WRITTEN, digest(record.value))
            elif record.value is not None and view.get(subject, WRITTEN) is not None:
                view.put(subject, dispute_item(f"{topics.entity_of(batch.topic)}:{field}"), record.value)


def keep(batch: Batch, view: View) -> dict[bytes, int]:
    """Keep what has come; the subjects touched, and when (ms) they were last. A record with the subject alone asks to look again."""
    touched: dict[bytes, int] = {}
    for record in batch.records:
        if record.key is None:
            continue
        subject, item = split(record.key)
        touched[subject] = max(record.timestamp, touched.get(subject, 0))
        if not item:
            continue
        if record.value is None:
            view.delete(subject, item)
        else:
            view.put(subject, item, stamped(record.timestamp, record.value))
    return touched
