"""THE QUEUE: decisions about identity that the resolver leaves to a person, and the rulings there were, read from internal.decision."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver.join import DOUBTFUL
from bus.resolver.rulings import ORDERED, Ruling

NUMBER, ELSEWHERE, ADDRESS = "number", "elsewhere", "address"
"""The evidence of a statement under whose number another person is known · of a home that the person's other rows, or who lives there,
speak against · of one whose address fits several dwellings."""


class Doubt(NamedTuple):
    """A statement that waits for a person. `candidates`: subject → the kinds of evidence for it; `scores`: subject → its weight in bits,
    where it was weighed; `since`: ms since 1970."""

    statement: bytes
    entity: str
    candidates: Mapping[bytes, tuple[str, ...]]
    scores: Mapping[bytes, float]
    since: int

    @property
    def under(self) -> bytes | None:
        """The subject that the statement came to by its number or its address, and is not held to be about."""
        return next((subject for subject, kinds in self.candidates.items() if NUMBER in kinds or ELSEWHERE in kinds), None)


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


class Reading:
    """Reads on in the decisions of one log: what waits, what was ruled, and how many decisions there were. Not for several threads."""

    def __init__(self) -> None:
        self.doubts: dict[bytes, Doubt] = {}
        self.rulings: dict[bytes, Ruling] = {}
        self.made: Counter[str] = Counter()
        """Verdict → how many decisions were read with it, each time that one was made or made anew."""
        self._next: dict[int, int] = {}

    def read_on(self, log: EventLog) -> None:
        """Read what was decided since. Only what waits and what was ruled is kept, not what the resolver decided by itself."""
        if all(info.name != topics.DECISION for info in log.topics()):
            return
        for batch in log.scan(topics.DECISION, self._next):
            for record in batch.records:
                self._take(record)
            self._next[batch.partition] = batch.next_offset

    def _take(self, record: Record) -> None:
        key = record.key or b""
        self.doubts.pop(key, None)
        if record.value is None:
            return
        said = json.loads(record.value)
        self.made[said["verdict"]] += 1
        if said["verdict"] == DOUBTFUL:
            self.doubts[key] = _doubt(key, said, record.timestamp)
        elif said["verdict"] == ORDERED:
            self.rulings[key] = Ruling.read(key, record.timestamp, record.value)


def read(log: EventLog) -> Docket:
    """All that waits and all that was ruled."""
    reading = Reading()
    reading.read_on(log)
    return Docket(reading.doubts, reading.rulings)


def _doubt(statement: bytes, said: Mapping[str, Any], at: int) -> Doubt:
    candidates = {bytes.fromhex(subject): tuple(kinds) for subject, kinds in said["evidence"].items()}
    scores = {bytes.fromhex(subject): float(score) for subject, score in said.get("score", {}).items()}
    return Doubt(statement, said.get("entity", "resident"), candidates, scores, at)
