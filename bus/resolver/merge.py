"""Last step of the resolver: all that is said about a subject becomes its master record. internal.* → master.*

All statements about a subject come to one owner, whose view holds the latest of each. A master is a function of those and the rules, so it
does not matter in which order they came; it is written only where it differs from the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.resolver.routing import ID_BYTES, owners, split
from bus.step import Memory, View

_WRITTEN = b""  # the item that holds the digest of the master written last


class Kept(NamedTuple):
    """A statement as it is kept: its key, when it was published (ms), its bytes as in canonical.*"""

    key: bytes
    known_from: int
    value: bytes


Master = Callable[[bytes, Sequence[Kept]], bytes]
"""(subject, statements by key, at least one) → the bytes of the master record."""


class Merge:
    """The decision of the step. `masters`: entity → how its master record is made."""

    def __init__(self, masters: Mapping[str, Master]) -> None:
        self._masters = masters

    def memory(self) -> Memory:
        """What the step does, for the loop."""
        writes = {topics.internal(entity): topics.master(entity) for entity in self._masters}
        return Memory(self.decide, self.fold, writes, self.learn, owners)

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """The masters that these statements change."""
        entity = topics.entity_of(batch.topic)
        make, topic = self._masters[entity], topics.master(entity)
        outputs = []
        for subject, touched_at in self.fold(batch, view).items():
            items = view.items(subject)
            before = items.pop(_WRITTEN, None)
            kept = newest(items)
            value = make(subject, kept) if kept else None
            if (now := digest(value)) == (before or digest(None)):
                continue
            view.put(subject, _WRITTEN, now)
            when = max((each.known_from for each in kept), default=touched_at)
            outputs.append(Output(topic, Record(subject.hex().encode(), value, when), batch.partition))
        return outputs

    def fold(self, batch: Batch, view: View) -> dict[bytes, int]:
        """Keep what is said; the subjects touched, and when they were last. A record without a statement only asks to look again."""
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
                view.put(subject, item, record.timestamp.to_bytes(8, "big") + record.value)
        return touched

    def learn(self, batch: Batch, view: View) -> None:
        """What the masters written last were."""
        for record in batch.records:
            if record.key is not None:
                view.put(bytes.fromhex(record.key.decode("ascii")), _WRITTEN, digest(record.value))


def newest(items: Mapping[bytes, bytes]) -> list[Kept]:
    """The statements by key; of one that came by several decisions (it is on its way from one to the other) the latest."""
    found: dict[bytes, Kept] = {}
    for item, value in items.items():
        said = Kept(item[:ID_BYTES], int.from_bytes(value[:8], "big"), value[8:])
        if (other := found.get(said.key)) is None or other[1:] < said[1:]:
            found[said.key] = said
    return list(found.values())


def digest(value: bytes | None) -> bytes:
    """What tells one master record from another; empty for none."""
    return b"" if value is None else blake2b(value, digest_size=16).digest()
