"""Making masters anew from the log, while all goes on.

Views need no help: one that is deleted is rebuilt by whoever works on its partition. What is asked for here is that every subject be
looked at again, under the rules as they are now: a record with the subject alone as its key, on the topic where its statements come, is
taken by the one owner of that subject in its turn. A master that comes out as it was is not written again.
"""

from __future__ import annotations

from collections.abc import Iterator

from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver.routing import ID_BYTES
from bus.resolver.subject import AFRESH
from bus.step.memory import between

_MANY = 2000


def look_again(log: EventLog, entity: str) -> int:
    """Ask for every subject of `entity` to be looked at again; how many. The subjects of one partition are held in memory at a time."""
    topic = topics.internal(entity)
    asked = 0
    with log.writer(f"rebuild.{entity}") as writer:
        for partition in next(sorted(info.ends) for info in log.topics() if info.name == topic):
            subjects = _subjects(log, entity, partition)
            asked += len(subjects)
            for some in _slices(sorted(subjects.items())):
                writer.append([Output(topic, Record(subject, AFRESH, at), partition) for subject, at in some])
    return asked


def _subjects(log: EventLog, entity: str, partition: int) -> dict[bytes, int]:
    """Those with statements and those with a master, each with the time of what was last said."""
    found: dict[bytes, int] = {}
    for batch in between(log, topics.internal(entity), partition, 0):
        for record in batch.records:
            subject = (record.key or b"")[:ID_BYTES]
            found[subject] = max(record.timestamp, found.get(subject, 0))
    for batch in between(log, topics.master(entity), partition, 0):
        for record in batch.records:
            found.setdefault(bytes.fromhex((record.key or b"").decode("ascii")), record.timestamp)
    return found


def _slices(items: list[tuple[bytes, int]]) -> Iterator[list[tuple[bytes, int]]]:
    for at in range(0, len(items), _MANY):
        yield items[at : at + _MANY]
