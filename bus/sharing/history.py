"""The events of agreements in the log: read, and written under one exclusive writer, so that two who decide at once decide once."""

from __future__ import annotations

from collections.abc import Iterator

from bus.errors import WrongUse
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing.lifecycle import Event, Standing, fold, objection

WRITER = "agreements"


def events(log: EventLog) -> Iterator[Event]:
    """All that happened, the first first; nothing where no agreement was submitted yet."""
    if all(info.name != topics.AGREEMENT for info in log.topics()):
        return
    for batch in log.scan(topics.AGREEMENT):
        for offset, record in zip(batch.offsets, batch.records, strict=True):
            if record.key is not None and record.value is not None:
                yield Event.read(record.key, record.timestamp, record.value, offset)


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
