"""Making masters anew from the log, while all goes on.

Views need no help: one that is deleted is rebuilt by whoever works on its partition. What is asked for here is that every subject be
looked at again, under the rules as they are now: a record with the subject alone as its key, on the topic where its statements come, is
taken by the one owner of that subject in its turn. A master that comes out as it was is not written again. So it is with statements of
people without a number, under the weights of evidence as they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver.routing import ID_BYTES
from bus.resolver.routing import LOOK as WEIGH
from bus.resolver.subject import AFRESH
from bus.step.memory import between

_MANY = 2000


def look_again(log: EventLog, entity: str) -> int:
    """Ask for every subject of `entity` to be looked at again; how many. The subjects of one partition are held in memory at a time."""
    return _ask(log, topics.internal(entity), partial(_subjects, log, entity))


def weigh_again(log: EventLog) -> int:
    """Ask for every statement about a person without a number to be decided on anew; how many. Those of one partition are held in memory
    at a time."""
    return _ask(log, topics.PENDING, partial(_owners, log, topics.PENDING), WEIGH)


def _ask(log: EventLog, topic: str, owners: Callable[[int], Mapping[bytes, int]], item: bytes = b"") -> int:
    """`owners`: partition → what is to be looked at, each with the time of what was last said of it; `item`: the rest of the key."""
    asked = 0
    with log.writer(f"rebuild.{topic.partition('.')[2]}") as writer:
        for partition in next(sorted(info.ends) for info in log.topics() if info.name == topic):
            found = owners(partition)
            asked += len(found)
            for some in _slices(sorted(found.items())):
                writer.append([Output(topic, Record(owner + item, AFRESH, at), partition) for owner, at in some])
    return asked


def _owners(log: EventLog, topic: str, partition: int) -> dict[bytes, int]:
    """Of whom anything was said there, each with the time of what was last said."""
    found: dict[bytes, int] = {}
    for batch in between(log, topic, partition, 0):
        for record in batch.records:
            owner = (record.key or b"")[:ID_BYTES]
            found[owner] = max(record.timestamp, found.get(owner, 0))
    return found


def _subjects(log: EventLog, entity: str, partition: int) -> dict[bytes, int]:
    """Those with statements and those with a master, each with the time of what was last said."""
    found = _owners(log, topics.internal(entity), partition)
    for batch in between(log, topics.master(entity), partition, 0):
        for record in batch.records:
            found.setdefault(bytes.fromhex((record.key or b"").decode("ascii")), record.timestamp)
    return found


def _slices(items: list[tuple[bytes, int]]) -> Iterator[list[tuple[bytes, int]]]:
    for at in range(0, len(items), _MANY):
        yield items[at : at + _MANY]
