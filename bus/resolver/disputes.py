"""DISPUTES (异议): what departments are told where they differ, and what becomes of it by their answers. Pure.

A dispute goes to the department that answers for the attribute; where none on the bus does, to the one whose value holds. It may answer

    confirmed   what holds is right: over, until another value differs
    corrected   a correction is on its way: it stays open, and is over by itself once the departments agree
    not_mine    the next who states the field is asked, in the order of trust; after the last, the data office (*escalated*)

What is open follows from the statements and the answers alone. That something *was* open is known from what was said last (`before`): a
department that was told of a dispute is told of its end too, and its clock, once started, is not set back by a newer version of a row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from bus.eventlog.dead_letter import iso
from bus.keys import KeyRing
from bus.resolver.differences import Difference, Side
from bus.sealing import row_hash
from bus.standards.working_days import WorkingDays

OPEN, ESCALATED, CLOSED = "open", "escalated", "closed"
CONFIRMED, CORRECTED, NOT_MINE, WITHDRAWN = "confirmed", "corrected", "not_mine", "withdrawn"
OFFICE = "office"
"""Who answers for the data office (主管部门)."""
LOCAL = timezone(timedelta(hours=8))  # working days are those of Asia/Shanghai

Record = Mapping[str, Any]
"""A dispute in the shape of `schemas/dispute/department`."""


class Place(NamedTuple):
    """Where a dispute is said: to which department, about which field."""

    department: str
    field: str


class Answer(NamedTuple):
    """What a department answered. `differences`: the ids (hex) it is about; `at`: ms since 1970."""

    differences: tuple[str, ...]
    answer: str
    reason: str
    by: str
    department: str
    at: int

    def encoded(self) -> bytes:
        """As it stands at the subject; the time is that of the record."""
        return json.dumps(self._asdict() | {"at": None}, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def name(self, keys: KeyRing, dispute: str) -> bytes:
        """Under which id it stands: another answer of the department to the same dispute takes its place."""
        return row_hash(keys, "answer", dispute, self.department)

    @classmethod
    def decoded(cls, value: bytes, at: int) -> Answer:
        """The inverse of `encoded`."""
        said = json.loads(value)
        return cls(**said | {"differences": tuple(said["differences"]), "at": at})


class Clock(NamedTuple):
    """How long a department has: `days` of this calendar."""

    calendar: WorkingDays
    days: int


class Settled(NamedTuple):
    """What follows: the records as they are now, by place; the differences that were confirmed and count no more."""

    records: Mapping[Place, Record]
    over: tuple[Difference, ...]


class Disputes(NamedTuple):
    """The disputes of one subject. `stating`: field → the departments that say something about it; `now`: when something last came (ms)."""

    entity: str
    subject: bytes
    keys: KeyRing
    clock: Clock
    stating: Callable[[str], Collection[str]]
    now: int

    def settled(self, found: Sequence[Difference], answers: Iterable[Answer], before: Mapping[Place, Record]) -> Settled:
        """`found`: what differs now; `before`: what was said last."""
        answered = sorted(answers, key=lambda each: (each.at, each))
        cases = [_case(each, [a for a in answered if each.id.hex() in a.differences]) for each in found]
        records: dict[Place, Record] = {}
        for place in dict.fromkeys(place for case in cases for place in case.places):
            records[place] = self._record(place, [each for each in cases if place in each.places], before.get(place))
        differ = {each.id.hex() for each in found}
        for place, last in before.items():
            if place not in records:
                records[place] = last if last["state"] == CLOSED else self._ended(last, differ)
        return Settled(records, tuple(case.difference for case in cases if case.state == CLOSED))

    def _record(self, place: Place, cases: Sequence[_Case], last: Record | None) -> Record:
        """What this department is told: what it is asked; where it is asked nothing more, how it ended."""
        live = [each for each in cases if each.state != CLOSED and each.at == place.department]
        over = [each for each in cases if each.state == CLOSED and each.at == place.department]
        told = live or over or list(cases)
        id = row_hash(self.keys, "dispute", *sorted(each.difference.id for each in told)).hex()
        state = CLOSED if not live else ESCALATED if all(each.state == ESCALATED for each in live) else OPEN
        opened = iso(min(each.since for each in told))
        if live and last is not None and (last["id"], last["state"]) == (id, state):
            opened = min(opened, last["opened_at"])
        reply = _telling((each for case in told for each in case.replies), place.department, bool(live), bool(over))
        record = {
            "id": id,
            "entity": self.entity,
            "subject": self.subject.hex(),
            "field": place.field,
            "department": place.department,
            "state": state,
            "closed_because": None if live else CONFIRMED if over else NOT_MINE,
            "holds": _side("", told[0].difference.holds),
            "others": [_side(each.difference.id.hex(), side) for each in told for side in each.difference.others],
            "opened_at": opened,
            **self._due(opened),
            "closed_at": None,
            "answer": _reply(reply) if reply else None,
            "passed_on_by": sorted({each for case in told for each in case.passed}),
        }
        return _closed(record, iso(reply.at)) if reply and not live else record

    def _ended(self, last: Record, differ: Collection[str]) -> Record:
        """The word after the last, to a department that is not asked any more. Where they differ still, somebody else is asked, who is
        trusted more or answers for the attribute now; else they agree, where both still say something, or one has withdrawn."""
        say = self.stating(last["field"])
        holds = last["holds"]["source"]["department"]
        others = {each["source"]["department"] for each in last["others"]}
        why = CORRECTED if holds in say and (others - {holds}) & set(say) else WITHDRAWN
        if any(each["difference"] in differ for each in last["others"]):
            why = NOT_MINE
        ended = {**last, "state": CLOSED, "closed_because": why}
        return _closed(ended, max(iso(self.now), last["opened_at"]))

    def _due(self, opened: str) -> dict[str, Any]:
        due = self.clock.calendar.after(datetime.fromisoformat(opened).astimezone(LOCAL).date(), self.clock.days)
        return {"due_on": due.on.isoformat(), "calendar_known": due.known}


def overdue(record: Record, today: date) -> bool:
    """Whether an answer is late. `today`: in Asia/Shanghai; a record never says it itself, because time passes without a record."""
    return bool(record["state"] != CLOSED and record["due_on"] < today.isoformat())


class _Case(NamedTuple):
    """A difference as the answers leave it. `at`: the department that is asked (of one that is over: that it ended with)."""

    difference: Difference
    state: str
    at: str
    passed: tuple[str, ...]
    since: int
    replies: tuple[Answer, ...]

    @property
    def places(self) -> list[Place]:
        return [Place(each, self.difference.field) for each in dict.fromkeys((self.at, *self.passed))]


def _case(difference: Difference, answers: Sequence[Answer]) -> _Case:
    """`answers`: those about it, in order of time: of a department the last counts."""
    said = {each.department: each for each in answers}
    asked = difference.asked
    passed = tuple(each for each in asked if each in said and said[each].answer == NOT_MINE)
    since = max((difference.since, *(said[each].at for each in passed)))
    replies = tuple(said.values())
    if confirmed := [each for each in replies if each.answer == CONFIRMED]:
        by = confirmed[-1].department
        return _Case(difference, CLOSED, by if by in asked else asked[0], passed, since, replies)
    nobody = len(passed) == len(asked)
    at = asked[0] if nobody else next(each for each in asked if each not in passed)
    return _Case(difference, ESCALATED if nobody else OPEN, at, passed, since, replies)


def _telling(replies: Iterable[Answer], department: str, live: bool, confirmed: bool) -> Answer | None:
    """The last answer that says how it stands with this department: while it is asked, its own or the data office's; once it is confirmed,
    the one that did; where it passed it on, its own."""
    if live:
        told = [each for each in replies if each.department in (department, OFFICE)]
    elif confirmed:
        told = [each for each in replies if each.answer == CONFIRMED]
    else:
        told = [each for each in replies if each.department == department]
    return max(told, key=lambda each: each.at, default=None)


def _side(difference: str, side: Side) -> dict[str, Any]:
    said = side.statement.said
    return {
        "difference": difference,
        "value": side.value,
        "source": {**said["source"], "key": dict(sorted(said["source"]["key"].items()))},
        "event_id": said["event_id"],
        "valid_from": side.statement.valid_from,
        "known_from": iso(side.statement.known_from),
    }


def _reply(answer: Answer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in ("answer", "reason", "by", "department")} | {"at": iso(answer.at)}


def _closed(record: Record, at: str) -> Record:
    """Over: the rows stay named; the values, which nobody needs any more, do not stay."""

    def empty(side: Mapping[str, Any]) -> dict[str, Any]:
        return {**side, "value": None}

    return {**record, "closed_at": at, "holds": empty(record["holds"]), "others": [empty(each) for each in record["others"]]}
