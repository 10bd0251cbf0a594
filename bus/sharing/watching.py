"""WHOM A SUBSCRIBER REGISTERED, where an agreement is limited to a watch list; read from the log, written under one exclusive writer.

    internal.watch    key: the agreement    value: JSON {"by", "add": {token: subject}, "remove": [token]}    kept for good, one partition

No number stands here: it is made a token before anything else is done with it. The number of a registration is the offset of its record, so
who is taken off the list and put on it again is registered anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing.audit import Action, act

WRITER = "watch-lists"


class Registered(NamedTuple):
    """One resident on a list: the subject that the number leads to (hex), the number of the registration, when (ms) and by whom."""

    subject: str
    entry: int
    at: int
    by: str


@dataclass(slots=True)
class WatchList:
    """The list of one agreement, by token. `next`: behind the last record that was read; `changed`: behind the last that changed it, and
    `at`, when that was (ms)."""

    agreement: str
    by_token: dict[str, Registered] = field(default_factory=dict)
    next: int = 0
    changed: int = 0
    at: int = 0

    def read_on(self, log: EventLog, stop: int | None = None) -> WatchList:
        """All that was registered since, up to before the offset `stop`."""
        for offset, record in _records(log, self.next, stop):
            self.next = offset + 1
            if record.key == self.agreement.encode() and record.value is not None:
                self._take(offset, record.timestamp, json.loads(record.value))
        return self

    def watched(self) -> dict[str, int]:
        """As the way of an event needs it: token and subject → number of the registration."""
        by_subject = {each.subject: each.entry for each in self.by_token.values()}
        return by_subject | {token: each.entry for token, each in self.by_token.items()}

    def _take(self, offset: int, at: int, said: Mapping[str, object]) -> None:
        self.at, self.changed = at, offset + 1
        for token in said["remove"]:  # type: ignore[attr-defined]
            self.by_token.pop(token, None)
        for token, subject in said["add"].items():  # type: ignore[attr-defined]
            self.by_token.setdefault(token, Registered(subject, offset, at, str(said["by"])))


def change(log: EventLog, agreement: str, by: str, at: int, add: Mapping[str, str], remove: Sequence[str], marks: Sequence[bytes]) -> None:
    """Put on the list (token → subject) and take off it, and with it the entries in the audit, of those with these marks."""
    said = {"by": by, "add": dict(add), "remove": list(remove)}
    value = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    action = Action.watched if add else Action.unwatched
    with log.writer(WRITER) as writer:
        record = Record(agreement.encode(), value, at)
        writer.append([Output(topics.WATCH, record, 0), act(action, at, by, agreement, marks)])


def _records(log: EventLog, start: int, stop: int | None) -> Iterator[tuple[int, Record]]:
    if all(info.name != topics.WATCH for info in log.topics()):
        return
    for batch in log.scan(topics.WATCH, {0: start}, None if stop is None else {0: stop}):
        yield from zip(batch.offsets, batch.records, strict=True)
