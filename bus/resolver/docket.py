"""THE QUEUE: decisions about identity that the resolver leaves to a person, and the rulings there were, read from internal.decision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver.join import DOUBTFUL
from bus.resolver.rulings import ORDERED, Ruling

NUMBER = "number"
"""The evidence of a statement under whose number another person is known."""


class Doubt(NamedTuple):
    """A statement that waits for a person. `candidates`: subject → the kinds of evidence for it; `since`: ms since 1970."""

    statement: bytes
    entity: str
    candidates: Mapping[bytes, tuple[str, ...]]
    since: int

    @property
    def under(self) -> bytes | None:
        """The subject of the number that the statement bears, where another person is known under it."""
        return next((subject for subject, kinds in self.candidates.items() if NUMBER in kinds), None)


class Docket(NamedTuple):
    """What waits, by statement, and the rulings by id."""

    doubts: Mapping[bytes, Doubt]
    rulings: Mapping[bytes, Ruling]

    @property
    def undone(self) -> frozenset[bytes]:
        """The rulings that were taken back."""
        return frozenset(each.undoes for each in self.rulings.values() if each.undoes)

    @property
    def in_force(self) -> frozenset[bytes]:
        """The rulings that can be taken back."""
        return frozenset(each.id for each in self.rulings.values() if not each.undoes) - self.undone


def read(log: EventLog) -> Docket:
    """All that waits and all that was ruled. Only that is held in memory, not what the resolver decided by itself."""
    doubts: dict[bytes, Doubt] = {}
    rulings: dict[bytes, Ruling] = {}
    if all(info.name != topics.DECISION for info in log.topics()):
        return Docket(doubts, rulings)
    for batch in log.scan(topics.DECISION):
        for record in batch.records:
            key = record.key or b""
            doubts.pop(key, None)
            said = json.loads(record.value) if record.value else {}
            if said.get("verdict") == DOUBTFUL:
                doubts[key] = _doubt(key, said, record.timestamp)
            elif said.get("verdict") == ORDERED and record.value:
                rulings[key] = Ruling.read(key, record.timestamp, record.value)
    return Docket(doubts, rulings)


def _doubt(statement: bytes, said: Mapping[str, Any], at: int) -> Doubt:
    candidates = {bytes.fromhex(subject): tuple(kinds) for subject, kinds in said["evidence"].items()}
    return Doubt(statement, said.get("entity", "resident"), candidates, at)
