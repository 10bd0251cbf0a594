"""What a subscriber gets, as typed events: first the state, then every change, in order; from the beginning, a time, or where it stands.

A subscriber keeps its own position, partition → next offset, *together with* what it did (`connectors` show how): then it has every event
once in effect, however often it is killed. Nothing of it is kept here, so one subscriber never holds up another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from bus.contracts.codec import Decoder
from bus.errors import WrongUse
from bus.event import Batch
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing.worker import ROTATED

_HEAD = frozenset({"subject", "operation", "event_id", "corrects", "disputed", *ROTATED})
_IDLE_S = 0.5
ERASED = "erased"
"""The operation of a tombstone: the subject was taken out of the log altogether, without a word more."""


class Event(NamedTuple):
    """One event of an agreement. `operation`: created, changed, corrected, ended, erased; `at`: ms since 1970 UTC; `fields`: what is
    granted, by name (None: nothing known, or said by no provider; of an erased subject there is none); `corrects`: events got before that
    were wrong; `disputed`: fields of which another department says otherwise; `formerly`: the stand-in that the subject had before they
    were rotated, for a while; `becomes`: of one that ended by that, the one that the subject has now."""

    agreement: str
    partition: int
    offset: int
    at: int
    subject: str
    operation: str
    event_id: str
    corrects: tuple[str, ...]
    disputed: tuple[str, ...]
    fields: Mapping[str, Any]
    formerly: str | None = None
    becomes: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the subject is no longer within the agreement: what is held of it has to go."""
        return self.operation in ("ended", ERASED)


class Part(NamedTuple):
    """Consecutive events of one partition, and the offset to go on at once they are done."""

    partition: int
    events: list[Event]
    next_offset: int


def events_of(agreement: str, batch: Batch, decode: Decoder) -> Part:
    """The events of a batch."""
    events = []
    for offset, record in zip(batch.offsets, batch.records, strict=True):
        place = agreement, batch.partition, offset, record.timestamp
        events.append(_erased(*place, record.key or b"") if record.value is None else _event(*place, decode(record.value)[1]))
    return Part(batch.partition, events, batch.next_offset)


def follow(
    log: EventLog,
    agreement: str,
    decode: Decoder,
    start: Mapping[int, int],
    more: Callable[[], bool] = lambda: True,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Part]:
    """All parts from `start` (partition → offset; a partition that is not named: from its beginning) on. At the end of what there is,
    `more` says whether to wait for what comes. Raises `WrongUse` when there is no such agreement (any longer)."""
    topic, position = topics.share(agreement), dict(start)
    while not stopped():
        quiet = True
        for batch in log.scan(_there(log, topic), position):
            part = events_of(agreement, batch, decode)
            yield part
            position[part.partition] = part.next_offset
            quiet = False
            if stopped():
                return
        if quiet:
            if not more():
                return
            time.sleep(_IDLE_S)


def since(log: EventLog, agreement: str, at: int) -> dict[int, int]:
    """Where to start for all that a department said at a time (ms since 1970) or later: in each partition at the first such event."""
    return log.offsets_at(_there(log, topics.share(agreement)), at)


def after(log: EventLog, agreement: str, event_ids: Collection[str], decode: Decoder) -> dict[int, int]:
    """Where to start behind these events, the last that were done of each partition. Of a partition in which none of them stands nothing
    was done, so it starts at its beginning: partitions have no order among them. Raises `WrongUse` for an event that is not there."""
    left, start = set(event_ids), dict[int, int]()
    for batch in log.scan(_there(log, topics.share(agreement))):
        for event in events_of(agreement, batch, decode).events:
            if event.event_id in left:
                left.discard(event.event_id)
                start[event.partition] = event.offset + 1
        if not left:
            return start
    raise WrongUse(
        "There is no such event (any longer).",
        "没有该事件（或已过保留期）。",
        place=", ".join(sorted(left)),
        hint="Start from a time or from the beginning.",
        hint_zh="请从某一时间或从头开始。",
    )


def _there(log: EventLog, topic: str) -> str:
    if all(info.name != topic for info in log.topics()):
        raise WrongUse(
            "Nothing is delivered under this agreement.",
            "该协议没有交付内容。",
            place=topic,
            hint="Is it applied, and has it not ended? (civicbus agreement show)",
            hint_zh="协议是否已生效、尚未终止？（civicbus agreement show）",
        )
    return topic


def _event(agreement: str, partition: int, offset: int, at: int, value: dict[str, Any]) -> Event:
    fields = {name: each for name, each in value.items() if name not in _HEAD}
    said = (value["subject"], value["operation"], value["event_id"], tuple(value["corrects"]), tuple(value["disputed"]))
    return Event(agreement, partition, offset, at, *said, fields, value.get("formerly"), value.get("becomes"))


def _erased(agreement: str, partition: int, offset: int, at: int, key: bytes) -> Event:
    """A tombstone has no identifier of its own, so one is made of its place."""
    event_id = blake2b(f"{agreement}/{partition}/{offset}".encode(), digest_size=16).hexdigest()
    return Event(agreement, partition, offset, at, key.decode("ascii"), ERASED, event_id, (), (), {})
