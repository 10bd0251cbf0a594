"""The events of agreements in the log: read, and written under one exclusive writer, so that two who decide at once decide once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bus.errors import LogRefused, NotInForce, WrongUse
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing.audit import Action, act
from bus.sharing.lifecycle import Event, Standing, Step, Version, after, fold, objection

WRITER = "agreements"
_ACTS: Mapping[Step, Action] = {
    "submit": Action.submitted,
    "review": Action.reviewed,
    "approve": Action.approved,
    "refuse": Action.refused,
    "apply": Action.applied,
    "suspend": Action.suspended,
    "resume": Action.resumed,
    "revoke": Action.revoked,
    "rotate": Action.key_rotated,
}


class Watch:
    """How one agreement stands, asked again and again: only new events are read each time. Not for several threads."""

    def __init__(self, log: EventLog, agreement: str, named: bool) -> None:
        """`named`: whether principals are configured (`Standing`)."""
        self._log, self._agreement = log, agreement
        self._standing = Standing(agreement, named)
        self._next = 0

    def standing(self) -> Standing:
        """How it stands by all that has happened."""
        for event in events(self._log, self._next):
            self._next = event.offset + 1
            if event.agreement == self._agreement:
                self._standing = after(self._standing, event)
        return self._standing

    def in_force(self, at: int) -> Version:
        """The version in force at a time (ms). Raises `NotInForce`."""
        standing = self.standing()
        if standing.holding is None or standing.in_force(at) is None:
            raise NotInForce(place=self._agreement)
        return standing.holding


def events(log: EventLog, start: int = 0) -> Iterator[Event]:
    """All that happened from an offset on, the first first; nothing where no agreement was submitted yet. Raises `LogRefused` at a record
    that cannot be read: who does not know what was revoked must not share."""
    if not start and all(info.name != topics.AGREEMENT for info in log.topics()):
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


def standings(log: EventLog, named: bool) -> dict[str, Standing]:
    """Agreement → how it stands. `named`: whether principals are configured (`Standing`)."""
    return fold(events(log), named)


def write(log: EventLog, event: Event, named: bool) -> None:
    """Add an event, and with it its entry in the audit; `named` as for `standings`. Raises `WrongUse` saying why where it may not happen,
    `Fenced` when another person wrote at the same moment."""
    with log.writer(WRITER) as writer:
        now = standings(log, named).get(event.agreement, Standing(event.agreement, named))
        if (why := objection(now, event)) is not None:
            raise WrongUse(*why, place=event.agreement, hint="civicbus agreement show ID", hint_zh="请查看 civicbus agreement show 编号")
        record = Record(event.agreement.encode(), event.value(), event.at)
        writer.append([Output(topics.AGREEMENT, record), act(_ACTS[event.step], event.at, event.by, event.agreement)])
