"""Where in canonical.<entity> each version of a statement stands, and what versions named (subjects; of links the statements that are their
ends): a view on disk, brought up to the log when asked. It keeps places and keyed hashes, nothing that was said: a version is read from the
log itself. So what the log has let go of is gone from here too, whatever the reason, and a view that is read anew gives the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from bus.contracts.codec import Decoder
from bus.event import Batch
from bus.eventlog import topics
from bus.eventlog.partitioning import partition_of
from bus.eventlog.port import EventLog
from bus.keys import KeyRing
from bus.resolver.history import Version
from bus.resolver.identify import version_order
from bus.resolver.survivorship import Statement
from bus.step.memory import followed
from bus.step.view import View

_OFFSET_BYTES = 8
_NAMED = b"named\0"  # with what follows longer than the key of a statement

Names = Callable[[Mapping[str, Any]], Collection[bytes]]
"""What a statement says → what it names, by which it is to be found (16 bytes each)."""


class Versions:
    """The versions of all statements about one entity."""

    def __init__(self, log: EventLog, entity: str, decode: Decoder, keys: KeyRing, names: Names, state: Path) -> None:
        """`state`: the folder of this log's views."""
        self._log, self._topic, self._decode, self._keys, self._names = log, topics.canonical(entity), decode, keys, names
        self._folder = state / "views" / "versions"
        self._partitions = next((len(info.ends) for info in log.topics() if info.name == self._topic), 0)

    def of(self, statements: Collection[bytes], named: Collection[bytes] = ()) -> dict[bytes, list[Version]]:
        """By statement, all versions that the log has: of these statements, and of those of which a version names one of `named`."""
        found: dict[bytes, list[Version]] = {}
        for partition, view in self._views():
            keys = _naming(view, named) | {key for key in statements if partition_of(key, self._partitions) == partition}
            found |= {key: list(self._read(partition, key, view)) for key in keys}
        return found

    def naming(self, named: Collection[bytes]) -> set[bytes]:
        """The statements of which a version names one of these."""
        return {key for _, view in self._views() for key in _naming(view, named)}

    def _views(self) -> Iterator[tuple[int, View]]:
        for partition in range(self._partitions):
            with followed(self._log, self._folder, self._topic, partition, self._learn) as view:
                yield partition, view

    def _read(self, partition: int, statement: bytes, view: View) -> Iterator[Version]:
        """The versions of a statement; where the log has let go of one there is nothing."""
        nowhere_else = dict.fromkeys(range(self._partitions), 0)
        for place in view.items(statement):
            offset = int.from_bytes(place, "big")
            scan = self._log.scan(self._topic, {partition: offset}, {**nowhere_else, partition: offset + 1})
            record = next((each.records[0] for each in scan), None)
            if record is not None and record.value is not None:
                _, said = self._decode(record.value)
                order = version_order(record.timestamp, said, record.value, self._keys)
                yield Version(order, Statement(statement, record.timestamp, said))

    def _learn(self, batch: Batch, view: View) -> None:
        for offset, record in zip(batch.offsets, batch.records, strict=True):
            if record.key is None or record.value is None:
                continue
            place = offset.to_bytes(_OFFSET_BYTES, "big")
            view.put(record.key, place, b"")
            for named in self._names(self._decode(record.value)[1]):
                view.put(_NAMED + named, place, record.key)


def _naming(view: View, named: Collection[bytes]) -> set[bytes]:
    return {key for each in named for key in view.items(_NAMED + each).values()}
