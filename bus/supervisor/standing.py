"""How the disputes of a log stand, in figures: open, overdue, nobody's, and how old the oldest is, by department."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from bus.contracts.codec import Decoder
from bus.diary import diary
from bus.errors import DecodeRefused
from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.metrics import Sample
from bus.resolver.disputes import CLOSED, ESCALATED, LOCAL, overdue

_PREFIX = topics.dispute("")


class _Open(NamedTuple):
    """Of a dispute that is open, what is counted."""

    state: str
    opened: float
    due_on: str

    def overdue(self, today: date) -> bool:
        return overdue(self._asdict(), today)


class Standing:
    """Follows the disputes: only new records are read each time; only those that are open are kept in memory."""

    def __init__(self, decode: Decoder) -> None:
        self._decode = decode
        self._open: dict[str, dict[bytes, _Open]] = {}
        self._next: dict[str, dict[int, int]] = {}

    def look(self, log: EventLog) -> None:
        """Read on to the end of the log."""
        for topic in [info.name for info in log.topics() if info.name.startswith(_PREFIX)]:
            kept, ends = self._open.setdefault(topics.entity_of(topic), {}), self._next.setdefault(topic, {})
            for batch in log.scan(topic, ends):
                for record in batch.records:
                    self._one(record, kept)
                ends[batch.partition] = batch.next_offset

    def _one(self, record: Record, kept: dict[bytes, _Open]) -> None:
        key = record.key or b""
        try:
            said = self._decode(record.value)[1] if record.value is not None else None
        except DecodeRefused as refused:  # one record must not take all other figures away
            diary("gauge").error("dispute not counted", code=refused.code)
            return
        if said is None or said["state"] == CLOSED:
            kept.pop(key, None)
        else:
            kept[key] = _Open(said["state"], datetime.fromisoformat(said["opened_at"]).timestamp(), said["due_on"])

    def samples(self) -> list[Sample]:
        """The figures now."""
        return [sample for department, kept in sorted(self._open.items()) for sample in _figures(department, list(kept.values()))]


def _figures(department: str, kept: Sequence[_Open]) -> list[Sample]:
    now = time.time()
    today = datetime.fromtimestamp(now, LOCAL).date()
    labels = (department,)
    return [
        Sample("civicbus_disputes_open", labels, len(kept)),
        Sample("civicbus_disputes_overdue", labels, sum(each.overdue(today) for each in kept)),
        Sample("civicbus_disputes_escalated", labels, sum(each.state == ESCALATED for each in kept)),
        Sample("civicbus_disputes_oldest_seconds", labels, max((max(0.0, now - each.opened) for each in kept), default=0.0)),
    ]
