"""Masters to be looked up by subject or by source row: a view of master.* and internal.* on disk, brought up to the log when asked.
Delete it at any time: it is read anew from the log, which alone is the truth.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bus.contracts.codec import Decoder
from bus.event import Batch
from bus.eventlog import topics
from bus.eventlog.partitioning import partition_of
from bus.eventlog.port import EventLog
from bus.keys import KeyRing
from bus.resolver.alias import is_claim, meaning
from bus.resolver.join import TOGETHER
from bus.resolver.linking import held_by
from bus.resolver.master import by_themselves, opened
from bus.resolver.merge import keep
from bus.resolver.routing import ABOUT, ID_BYTES, split
from bus.resolver.rulings import Ruling, settled
from bus.resolver.subject import ALL, MEMBER, MOVE, Arrived, arrived
from bus.resolver.survivorship import Statement
from bus.step.memory import followed
from bus.step.view import View

_EDITION = "2"  # of how a view is folded; to be raised when that changes
_MASTER = b""
_ROW = b"row\0"  # longer than a subject with what follows, or not of its length: never a subject


class Store:
    """The masters of one entity."""

    def __init__(self, log: EventLog, entity: str, decode: Decoder, keys: KeyRing, state: Path) -> None:
        """`state`: the folder of this log's views."""
        self._log, self._entity, self._decode, self._keys, self._folder = log, entity, decode, keys, state / "views" / "show"
        self._partitions = next((len(info.ends) for info in log.topics() if info.name == topics.master(entity)), 0)

    def master(self, subject: bytes) -> dict[str, Any] | None:
        """The master record of a subject, None where there is none."""
        if not self._partitions:
            return None
        with self._view(self._home(subject), topics.master(self._entity)) as view:
            value = view.get(subject, _MASTER)
        return self._decode(value)[1] if value else None

    def statements(self, subject: bytes) -> list[Statement]:
        """What is said about a subject, by key; without what a ruling or a contradiction sent elsewhere."""
        come = self.arrived(subject)
        said = opened(come.statements, self._decode)
        stay, _ = settled(subject, come, by_themselves(said, self._keys))
        here = {each.key for each in stay}
        return sorted((each for each in said if each.key in here), key=lambda each: each.key)

    def joined_to(self, subject: bytes) -> bytes:
        """The subject whose file a person joined this one to; itself where none did."""
        seen = {subject}
        while (told := self.arrived(subject).told.get(MOVE, {}).get(ALL)) is not None and told.value not in seen:
            subject = told.value
            seen.add(subject)
        return subject

    def arrived(self, subject: bytes) -> Arrived:
        """All that has come to a subject."""
        if not self._partitions:
            return arrived({})
        with self._view(self._home(subject), topics.internal(self._entity)) as view:
            return arrived(view.items(subject))

    def meant(self, alias: bytes) -> bytes:
        """The subject that an alias of a dwelling means."""
        if not self._partitions:
            return alias
        with self._view(self._home(alias), topics.ALIAS) as view:
            return meaning(alias, view.items(alias).values())

    def holder(self, statement: bytes) -> bytes | None:
        """The subject that a statement which a link names is held to be about; None where nobody holds it."""
        if not self._partitions:
            return None
        with self._view(self._home(statement), topics.LINK) as view:
            return held_by(view.items(statement)).subject or None

    def ruling(self, id: bytes) -> Ruling | None:
        """A ruling by its id, None where there is none."""
        with self._view(self._home(id), topics.DECISION) as view:
            record = view.get(id)
        return Ruling.read(id, 0, record) if record else None

    def evidence(self, subject: bytes, statements: Sequence[Statement]) -> dict[bytes, tuple[str, ...]]:
        """Statement key → the kinds of evidence that led it to the subject, of those that evidence led there."""
        found: dict[bytes, tuple[str, ...]] = {}
        for each in statements:
            with self._view(self._home(each.key), topics.DECISION) as view:
                decided = view.get(each.key)
            if decided is None:
                continue
            told = json.loads(decided)
            kinds = told["evidence"].get(subject.hex())
            if told["verdict"] == TOGETHER:  # its group may have come to mean somebody
                kinds = next(iter(told["evidence"].values()))
            if kinds:
                found[each.key] = tuple(kinds)
        return found

    def of_row(self, dataset: str, key: str) -> list[bytes]:
        """The subjects of which a source row speaks: `key` as `row_key` has it."""
        found: list[bytes] = []
        for partition in range(self._partitions):
            with self._view(partition, topics.master(self._entity)) as view:
                found += view.items(_row(dataset, key))
        return sorted(found)

    def walk(self) -> Iterator[tuple[bytes, dict[str, Any], Callable[[], Arrived]]]:
        """Every subject with its master record, and what has come to it when asked; one at a time, so memory does not grow with them."""
        for partition in range(self._partitions):
            masters, come = self._view(partition, topics.master(self._entity)), self._view(partition, topics.internal(self._entity))
            with masters as records, come as items:
                after = b""
                while groups := records.groups(after):
                    for subject in groups:
                        if len(subject) == ID_BYTES and (value := records.get(subject, _MASTER)):
                            yield subject, self._decode(value)[1], partial(_come, items, subject)
                    after = groups[-1]

    @contextmanager
    def opened(self) -> Iterator[Callable[[bytes], dict[str, Any] | None]]:
        """Subject → its master record, for many questions at once: as the log was when it was opened."""
        with ExitStack() as stack:
            views = [stack.enter_context(self._view(each, topics.master(self._entity))) for each in range(self._partitions)]

            def master(subject: bytes) -> dict[str, Any] | None:
                value = views[self._home(subject)].get(subject, _MASTER) if views else None
                return self._decode(value)[1] if value else None

            yield master

    def _home(self, subject: bytes) -> int:
        return partition_of(subject, self._partitions)

    def _view(self, partition: int, topic: str) -> AbstractContextManager[View]:
        folds = {
            topics.master(self._entity): self._learn_masters,
            topics.DECISION: _learn_decisions,
            topics.ALIAS: _learn_claims,
            topics.LINK: _learn_holders,
        }
        return followed(self._log, self._folder, topic, partition, folds.get(topic, keep), _EDITION)

    def _learn_masters(self, batch: Batch, view: View) -> None:
        for record in batch.records:
            subject = bytes.fromhex((record.key or b"").decode("ascii"))
            if (before := view.get(subject, _MASTER)) is not None:
                for row in self._rows(before):
                    view.delete(row, subject)
            if record.value is None:
                view.delete(subject, _MASTER)
                continue
            view.put(subject, _MASTER, record.value)
            for row in self._rows(record.value):
                view.put(row, subject, b"")

    def _rows(self, value: bytes) -> Iterator[bytes]:
        for source in self._decode(value)[1]["sources"]:
            yield _row(source["dataset"], row_key(source["key"]))


def _come(view: View, subject: bytes) -> Arrived:
    return arrived(view.items(subject))


def row_key(key: dict[str, str]) -> str:
    """A department's own key in one line: its values by column name, joined by a comma."""
    return ",".join(value for _, value in sorted(key.items()))


def _row(dataset: str, key: str) -> bytes:
    return _ROW + f"{dataset}\0{key}".encode().ljust(ID_BYTES, b"\0")


def _learn_decisions(batch: Batch, view: View) -> None:
    for record in batch.records:
        if record.value is None:
            view.delete(record.key or b"")
        else:
            view.put(record.key or b"", b"", record.value)


def _learn_claims(batch: Batch, view: View) -> None:
    """The claims on aliases; their questions are of the step `alias` alone."""
    for record in batch.records:
        alias, item = split(record.key or b"")
        if is_claim(alias, item) and record.value is not None:
            view.put(alias, item, record.value)
        else:
            view.delete(alias, item)


def _learn_holders(batch: Batch, view: View) -> None:
    """Whom statements are held to be about; the links on their way are of the step `link` alone."""
    for record in batch.records:
        statement, item = split(record.key or b"")
        if item[:1] not in (ABOUT, MEMBER):
            continue
        if record.value is None:
            view.delete(statement, item)
        else:
            view.put(statement, item, record.value)
