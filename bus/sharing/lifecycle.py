"""THE LIFE OF AN AGREEMENT: what happened to it, one event a step, and how it stands by them. Pure: events in, standing out.

    draft → submitted → reviewed → approved → active ⇄ suspended → expired | revoked        or refused, with a reason, before it is active

While it is in force its stand-ins may be rotated: from then on subjects have others, and for a while both are told.
A change is a new version of the same agreement and goes the same way, while the one before stays in force until it is applied. Who acts is
what the log or the machine has authenticated; whoever submitted does not review or approve. An event that may not happen changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Literal, get_args

from bus.sharing import agreement as written
from bus.sharing.agreement import Agreement
from bus.sharing.problem import AgreementRefused

Step = Literal["submit", "review", "approve", "refuse", "apply", "suspend", "resume", "revoke", "rotate"]
State = Literal["draft", "submitted", "reviewed", "approved", "active", "suspended", "expired", "revoked", "refused"]
CITY = timezone(timedelta(hours=8))
"""Asia/Shanghai: a term ends with its day there."""
NEED_REASON = frozenset({"refuse", "suspend", "revoke"})
Words = tuple[str, str]
"""English, Chinese."""


@dataclass(frozen=True, slots=True)
class Event:
    """One step. `at`: ms since 1970; `offset`: its place in the log, which decides what came first. Of a submission: the whole `text`, its
    `share_class`, and how many must approve (`approvals`: 0 for what is open to all, 2 where it widens something sensitive). Of a rotation:
    for how many days both stand-ins are told. `department`: for which `by` acts; empty where the bus is not told who acts for whom."""

    agreement: str
    version: int
    step: Step
    by: str
    at: int
    reason: str = ""
    text: str = ""
    share_class: str = ""
    approvals: int = 0
    overlap_days: int = 0
    department: str = ""
    offset: int = -1

    def value(self) -> bytes:
        """As it stands on internal.agreement, under its agreement as key and its time as timestamp."""
        said: dict[str, Any] = {"version": self.version, "step": self.step, "by": self.by, "reason": self.reason}
        if self.step == "submit":
            said |= {"text": self.text, "share_class": self.share_class, "approvals": self.approvals}
        if self.step == "rotate":
            said["overlap_days"] = self.overlap_days
        if self.department:
            said["department"] = self.department
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def read(cls, key: bytes, at: int, value: bytes, offset: int) -> Event:
        """The inverse of `value`. Raises ValueError or TypeError for what is none."""
        said = json.loads(value)
        if said["step"] not in get_args(Step):
            raise ValueError("no step of an agreement")
        return cls(agreement=key.decode(), at=at, offset=offset, **said)


@dataclass(frozen=True, slots=True)
class Version:
    """A text that was submitted, and how far it came. `named`: as its standing has it."""

    number: int
    agreement: Agreement
    submitted: Event
    reviewed: Event | None = None
    approved: tuple[Event, ...] = ()
    named: bool = False

    @property
    def state(self) -> State:
        """submitted, reviewed or approved. What is open to all needs no approval once it was reviewed."""
        if self.reviewed is None:
            return "submitted"
        return "approved" if len(self.approved) >= self.submitted.approvals and not self.waits_for else "reviewed"

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The providers that have not approved yet: nobody gives away what another department said. Whoever approves where it is not known
        who acts for whom acts for all of them; where it is known, an approval of no department is that of a single provider alone."""
        by, providers = {each.department for each in self.approved}, self.agreement.provider
        for_all = "" in by and (not self.named or len(providers) == 1)
        return () if for_all or not self.submitted.approvals else tuple(each for each in providers if each not in by)

    @property
    def approved_at(self) -> int | None:
        """When the last approval that it needs was given (ms)."""
        if self.state != "approved" or self.reviewed is None:
            return None
        return max(each.at for each in (self.reviewed, *self.approved))


@dataclass(frozen=True, slots=True)
class Standing:
    """How an agreement stands. `pending`: the version on its way; `holding`: the last one that was applied, and `held`, what was last done
    to that; `refused`: the last version, if it was refused; `rotated`: each rotation of the stand-ins; `ignored`: events that might not
    happen, with why; `named`: who looks knows which department each acts for (principals are configured)."""

    id: str
    named: bool = False
    pending: Version | None = None
    holding: Version | None = None
    held: Event | None = None
    refused: Version | None = None
    rotated: tuple[Event, ...] = ()
    events: tuple[Event, ...] = ()
    ignored: tuple[tuple[Event, Words], ...] = ()

    @property
    def epoch(self) -> int:
        """Of its stand-ins: 1 at first, one more with each rotation."""
        return 1 + len(self.rotated)

    @property
    def versions(self) -> int:
        """How many were submitted."""
        return sum(each.step == "submit" for each in self.events)

    def state_at(self, at: int) -> State:
        """How it stands at a time (ms), all events being known: of the version in force, else of that on its way, else how it ended."""
        kept = self.kept(at)
        if kept in ("active", "suspended"):
            return kept
        if self.pending is not None:
            return self.pending.state
        return "refused" if self.refused is not None else kept

    def in_force(self, at: int) -> Agreement | None:
        """What may be shared at a time (ms): None unless it is active then."""
        return self.holding.agreement if self.holding is not None and self.kept(at) == "active" else None

    def kept(self, at: int) -> State:
        """What became, by a time (ms), of the last version that was applied; draft if none was."""
        if self.holding is None or self.held is None:
            return "draft"
        if self.held.step == "revoke":
            return "revoked"
        if day_of(at) > self.holding.agreement.until:
            return "expired"
        return "suspended" if self.held.step == "suspend" else "active"


def day_of(at: int) -> date:
    """The day of a time (ms) in the city."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(CITY).date()


def fold(events: Iterable[Event], named: bool) -> dict[str, Standing]:
    """Agreement → how it stands; `named` as there. The order in which events are handed in does not matter, nor that one comes twice."""
    standings: dict[str, Standing] = {}
    done = set()
    for event in sorted(set(events), key=lambda each: (each.offset, each.agreement, each.at, each.value())):
        if (once := replace(event, offset=-1)) in done:
            continue
        done.add(once)
        standings[event.agreement] = after(standings.get(event.agreement, Standing(event.agreement, named)), event)
    return standings


def after(standing: Standing, event: Event) -> Standing:
    """How it stands after one more event; as before, with the reason noted, where it may not happen."""
    if (why := objection(standing, event)) is not None:
        return replace(standing, ignored=(*standing.ignored, (event, why)))
    return replace(_DOES[event.step](standing, event), events=(*standing.events, event))


def objection(standing: Standing, event: Event) -> Words | None:
    """Why this may not happen now; None if it may."""
    if event.step in NEED_REASON and not event.reason.strip():
        return "This needs a reason.", "须写明理由。"
    if event.step == "submit":
        return _cannot_submit(standing, event)
    if event.step in ("suspend", "resume", "revoke", "rotate"):
        return _cannot_hold(standing, event)
    pending = standing.pending
    if pending is None or event.version != pending.number:
        return "No such version is on its way.", "没有待办理的该版本。"
    state = pending.state
    if event.step in ("review", "approve") and event.by == pending.submitted.by:
        return "Whoever submitted it cannot review or approve it.", "提交人不能审核或批准。"
    if event.step == "approve" and event.by in [each.by for each in pending.approved]:
        return "Another person has to approve it too.", "须由另一人批准。"
    if event.step == "apply" and day_of(event.at) > pending.agreement.until:
        return "Its term is over.", "使用时限已过。"
    needed = {"review": "submitted", "approve": "reviewed", "apply": "approved"}.get(event.step, state)
    return None if state == needed else (f"It is {state}, not {needed}.", f"当前状态为 {state}，须为 {needed}。")


def _cannot_submit(standing: Standing, event: Event) -> Words | None:
    if event.version != standing.versions + 1:
        return "Another version was submitted meanwhile.", "期间已有其他版本提交。"
    if (found := _read(event.text)) is None:
        return "Its text is no agreement.", "文本不是有效协议。"
    if standing.holding is not None and found.entity != standing.holding.agreement.entity:
        return "Another entity needs an agreement of its own.", "更换实体须另行订立协议。"
    return None if found.id == event.agreement else ("Its text is of another agreement.", "文本属于其他协议。")


def _cannot_hold(standing: Standing, event: Event) -> Words | None:
    state = standing.kept(event.at)
    if standing.holding is None or event.version != standing.holding.number:
        return "No such version is in force.", "该版本未生效。"
    needed = {"suspend": ("active",), "resume": ("suspended",)}.get(event.step, ("active", "suspended"))
    return None if state in needed else (f"It is {state}.", f"当前状态为 {state}。")


@lru_cache(maxsize=1024)
def _read(text: str) -> Agreement | None:
    """A text, once: reading YAML takes longer than all else here together."""
    try:
        return written.read(text, "")[0]
    except AgreementRefused:
        return None


def texts(standing: Standing) -> list[Agreement]:
    """What each version of an agreement said, the first first."""
    return [found for each in standing.events if each.step == "submit" and (found := _read(each.text)) is not None]


def _submit(standing: Standing, event: Event) -> Standing:
    found = _read(event.text)
    assert found is not None  # noqa: S101 - `objection` saw to it
    return replace(standing, pending=Version(event.version, found, event, named=standing.named), refused=None)


def _decide(standing: Standing, event: Event) -> Standing:
    assert standing.pending is not None  # noqa: S101 - `objection` saw to it
    pending = standing.pending
    if event.step == "review":
        return replace(standing, pending=replace(pending, reviewed=event))
    if event.step == "approve":
        return replace(standing, pending=replace(pending, approved=(*pending.approved, event)))
    if event.step == "refuse":
        return replace(standing, pending=None, refused=pending)
    return replace(standing, pending=None, holding=pending, held=event)


def _rotate(standing: Standing, event: Event) -> Standing:
    return replace(standing, rotated=(*standing.rotated, event))


def _hold(standing: Standing, event: Event) -> Standing:
    return replace(standing, held=event)


_DOES: Mapping[Step, Callable[[Standing, Event], Standing]] = {
    "submit": _submit,
    **dict.fromkeys(("review", "approve", "refuse", "apply"), _decide),
    **dict.fromkeys(("suspend", "resume", "revoke"), _hold),
    "rotate": _rotate,
}


def in_force(standings: Iterable[Standing], at: int) -> Sequence[Agreement]:
    """All agreements that may be shared under at a time (ms), by id."""
    return [found for each in sorted(standings, key=lambda each: each.id) if (found := each.in_force(at)) is not None]
