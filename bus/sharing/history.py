"""The events of agreements in the log: read, and written under one exclusive writer, so that two who decide at once decide once."""

from __future__ import annotations

from collections.abc import Iterator

from bus.errors import LogRefused, WrongUse
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing.lifecycle import Event, Standing, fold, objection

WRITER = "agreements"


def events(log: EventLog, start: int = 0) -> Iterator[Event]:
    """All that happened from an offset on, the first first; nothing where no agreement was submitted yet. Raises `LogRefused` at a record
    that cannot be read: who does not know what was revoked must not share."""
    if all(info.name != topics.AGREEMENT for info in log.topics()):
        return
    for batch in log.scan(topics.AGREEMENT, {0: start}):
        for offset, record in zip(batch.offsets, batch.records, strict=True):
            if record.key is not None and record.value is not None:
                yield _read(record.key, record.timestamp, record.value, offset)


def _read(key: bytes, at: int, value: bytes, offset: int) -> Event:
    try:
        return Event.read(key, at, value, offset)
    except (ValueError, TypeError, KeyError):
        raise LogRefused(
            "An event of an agreement cannot be read; nothing is shared until it can.",
            "有一条协议事件无法读取，在此之前不共享任何数据。",
            place=f"{topics.AGREEMENT}@{offset}",
        ) from None


def standings(log: EventLog) -> dict[str, Standing]:
    """Agreement → how it stands."""
    return fold(events(log))


def write(log: EventLog, event: Event) -> None:
    """Add an event. Raises `WrongUse` saying why where it may not happen, `Fenced` when another person wrote at the same moment."""
    with log.writer(WRITER) as writer:
        now = standings(log).get(event.agreement, Standing(event.agreement))
        if (why := objection(now, event)) is not None:
            raise WrongUse(*why, place=event.agreement, hint="civicbus agreement show ID", hint_zh="请查看 civicbus agreement show 编号")
        record = Record(event.agreement.encode(), event.value(), event.at)
        writer.append([Output(topics.AGREEMENT, record)])
