"""WHO BELONGS WHERE, SINCE WHEN. All that is said about the links of one subject → its links over time. Pure: a function of the set of what
is said, so no order, repetition or delay changes it.

What is said about one kind of link to one other end is one link for each time that it lasted. Nothing is deleted: a link ends, and says by
what. Source of what ends what: domain facts §4.4 (never delete, end-date), §2.7 (homes that nobody closed).

    stated       the department says that it ended, or the day it named has passed
    move         the same department knows a later home of the person (迁出未闭合: the old one was never closed)
    divorce      of a marriage; annulment makes that a marriage (or any other link) never was
    death        of either end: who is dead resides, rents and is married no more. Ownership stays: it is the estate's until the register
                 names the heirs; so does letting, which heirs enter into (Civil Code art. 1122, 1161)
    demolition   of the dwelling

There is no clock: what is so *now* is told for the day on which the newest of what is known was learned, or for the one that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

OWNER, LESSOR, LESSEE, CO_RESIDENT = "owner", "lessor", "lessee", "co_resident"
RESIDENT, MEMBER, SPOUSE = "resident", "member", "spouse"
OCCUPANTS = frozenset({LESSEE, CO_RESIDENT, RESIDENT})
"""Kinds of links by which somebody lives in a dwelling."""
STATED, MOVE, DIVORCE, ANNULMENT, DEATH, DEMOLITION = "stated", "move", "divorce", "annulment", "death", "demolition"
_OUTLIVES = frozenset({OWNER, LESSOR})
_CITY = timezone(timedelta(hours=8))
_made = tuple.__new__  # as in `survivorship`


class Stated(NamedTuple):
    """What one statement says about one link.

    `kind`, `entity`, `other`: as in the master record; `known_from`: when its record was published (ms); `from_on`, `until_on`: ISO 8601,
    as precise as they are known; `seen`: when the department saw or changed it; `state`: live, ended or annulled; `act`: of a marriage,
    what the row registers; `vague`: the dwelling has no identity but this statement's own, so two may be one; `gone`: the other end is no
    more; `delivery`: with which the department said it; `row`: the statement (hex) about the one in whose file the link is kept, of the
    same row; `tenure`: by what right somebody lives there, as the department says, and `source`: where it says so, as JSON."""

    kind: str
    entity: str
    other: str | None
    department: str
    dataset: str
    event_id: str
    known_from: int
    from_on: str | None = None
    until_on: str | None = None
    seen: str | None = None
    state: str = "live"
    act: str | None = None
    share: str | None = None
    relation: str | None = None
    vague: bool = False
    gone: bool = False
    delivery: str = ""
    row: str = ""
    tenure: str | None = None
    source: str = ""


class Tenure(NamedTuple):
    """By what right somebody lives somewhere, as one row says. See `Stated`."""

    tenure: str
    department: str
    dataset: str
    event_id: str
    known_from: int
    seen: str | None
    row: str
    source: str


class Link(NamedTuple):
    """A link as it stands in a master record; the names are those of the schema."""

    kind: str
    entity: str
    other: str | None
    department: str
    dataset: str
    event_id: str
    known_from: int
    from_on: str | None
    until_on: str | None
    current: bool
    ended_by: str | None
    agree: int
    disputed: bool
    share: str | None
    relation: str | None
    vague: bool
    row: str
    tenures: tuple[Tenure, ...] = ()
    """These three are not in the record: see `Stated`; `tenures`: what those say of it who say that the link lasts."""


class Contradiction(NamedTuple):
    """Links that cannot be so at one time, as two departments say (or one, of two marriages)."""

    kind: str
    links: tuple[Link, ...]


def links(said: Iterable[Stated], dead: bool = False, day: str | None = None) -> list[Link]:
    """The links of a subject, in one order. `dead`: whether the person is known to have died; `day`: another *now* (ISO 8601)."""
    everything = sorted(set(said), key=_order)
    if not everything:
        return []
    today = day or day_of(max([each.known_from for each in everything]))
    moved = _moved(everything, today)
    found: list[Link] = []
    for group in _grouped(everything):
        periods = _marriages(group) if group[0].kind == SPOUSE else [_Period(tuple(each), "") for each in _periods(group)]
        found += [_link(period, today, dead, moved) for period in periods]
    if cannot_be := {link for each in contradictions(found) for link in each.links}:
        found = [link._replace(disputed=link in cannot_be) for link in found]
    return sorted(found, key=_place)


def contradictions(found: Sequence[Link]) -> list[Contradiction]:
    """What cannot be so at one time: homes in two dwellings, each said to be the present one by a department that does not know the other;
    two marriages. A dwelling that cannot be told from others contradicts nothing: it may be the same."""
    if len(found) < 2:
        return []
    homes = [each for each in found if each.kind == RESIDENT and each.current and each.other and not each.vague]
    by_department: dict[str, set[str | None]] = {}
    for each in homes:
        by_department.setdefault(each.department, set()).add(each.other)
    apart = [a for a in homes if any(a.other not in of for department, of in by_department.items() if department != a.department)]
    wed = [each for each in found if each.kind == SPOUSE and each.current and each.other]
    several = [(RESIDENT, apart, {each.other for each in apart}), (SPOUSE, wed, {each.other for each in wed})]
    return [Contradiction(kind, tuple(sorted(of, key=_place))) for kind, of, others in several if len(others) > 1]


@lru_cache(maxsize=4096)
def day_of(ms: int) -> str:
    """The day in the city (Asia/Shanghai), ISO 8601."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_CITY).date().isoformat()


def passed(until: str | None, today: str) -> bool:
    """Whether a day, month or year named as the end is over."""
    return until is not None and until < today[: len(until)]


class _Period(NamedTuple):
    """The statements about one link while it lasted; `ended_by`: by what, where the acts of a marriage tell."""

    said: tuple[Stated, ...]
    ended_by: str
    until_on: str | None = None


def _order(each: Stated) -> tuple[str, str, int, str, str, str]:
    """By start, then by when it was seen; what is left is settled in some way, but always in the same."""
    return (_start(each), each.seen or "", each.known_from, each.event_id, each.kind, each.other or "")


def _place(link: Link) -> tuple[str, str, str, str]:
    return (link.kind, link.from_on or "", link.other or "", link.event_id)


def _grouped(said: Iterable[Stated]) -> list[list[Stated]]:
    """By kind and other end; ends that are not known are each their own."""
    groups: dict[tuple[str, ...], list[Stated]] = {}
    for each in said:
        groups.setdefault((each.kind, each.entity, each.other or f"?{each.event_id}"), []).append(each)
    return [groups[name] for name in sorted(groups)]


def _periods(group: Iterable[Stated]) -> Iterator[list[Stated]]:
    """One list for each time that the link lasted: a statement whose start is not before the end of all the others begins a new one."""
    open_: list[Stated] = []
    for each in group:
        ends = [other.until_on for other in open_]
        if open_ and each.from_on and all(end is not None and end <= each.from_on for end in ends):
            yield open_
            open_ = []
        open_.append(each)
    yield open_


def _marriages(group: Sequence[Stated]) -> list[_Period]:
    """The marriages of two people, by the acts registered: one that is issued again is no other marriage."""
    acts = [each for each in group if each.state != "annulled"]
    if not acts:
        return [_Period(tuple(group), ANNULMENT)]
    found: list[_Period] = []
    open_: list[Stated] = []
    for each in acts:
        open_.append(each)
        if each.act in ("divorce", "divorce_reissue"):
            found.append(_Period(tuple(open_), DIVORCE, each.from_on))
        elif each.act == "annulment":
            found.append(_Period(tuple(open_), ANNULMENT))
        else:
            continue
        open_ = []
    if open_:
        found.append(_Period(tuple(open_), ""))
    return _joined(found)


def _joined(periods: Sequence[_Period]) -> list[_Period]:
    """A divorce that is issued again, with no marriage between, is the same divorce."""
    found: list[_Period] = []
    for each in periods:
        if found and each.ended_by == found[-1].ended_by and all(said.act not in ("marriage", "marriage_reissue") for said in each.said):
            found[-1] = found[-1]._replace(said=found[-1].said + each.said)
        else:
            found.append(each)
    return found


def _moved(said: Sequence[Stated], today: str) -> dict[tuple[str, str | None], str]:
    """(department, dwelling) → since when the same department knows a later home (empty: the day is not known)."""
    homes: dict[str, dict[str | None, list[Stated]]] = {}
    for each in said:
        if each.kind == RESIDENT and each.state == "live" and not passed(each.until_on, today) and each.other and _start(each):
            homes.setdefault(each.department, {}).setdefault(each.other, []).append(each)
    found: dict[tuple[str, str | None], str] = {}
    for department, of in homes.items():
        if len(of) < 2 or (last := _last_home(of)) is None:
            continue
        since = max(map(_start, of[last]))
        for other, stated in of.items():
            if other != last and (start := max(map(_start, stated))) <= since:
                found[department, other] = since[:10] if start < since else ""
    return found


def _last_home(homes: Mapping[str | None, Sequence[Stated]]) -> str | None:
    """Into which of its homes a department says that a person moved last; None where that is not certain. Of two that it dates alike the
    one that a later delivery named beside the other. A dwelling that cannot be told from others is none: it may be the same."""
    known = {other: stated for other, stated in homes.items() if not all(each.vague for each in stated)}
    latest = max((max(map(_start, stated)) for stated in known.values()), default="")
    last = [other for other, stated in known.items() if max(map(_start, stated)) == latest]
    if len(last) < 2:
        return last[0] if last else None
    newest = max(last, key=lambda other: (max(each.known_from for each in known[other]), other))
    came = {(each.dataset, each.delivery): each.known_from for each in known[newest]}
    before = [each for other in last if other != newest for each in known[other]]
    later = all((each.dataset, each.delivery) not in came and each.known_from < min(came.values()) for each in before)
    return newest if later else None


def _start(each: Stated) -> str:
    return each.from_on or each.seen or ""


def _link(period: _Period, today: str, dead: bool, moved: dict[tuple[str, str | None], str]) -> Link:
    real = [each for each in period.said if each.state != "annulled"]
    latest = {each.department: each for each in sorted(real, key=_last_known)}
    ends = {department: _ended(each, today, moved) for department, each in latest.items()}
    live = [latest[department] for department, end in ends.items() if not end]
    by = _shown(live or list(latest.values()) or period.said)
    same = [each for each in period.said if each.department == by.department]
    from_on = by.from_on or min([each.from_on for each in period.said if each.from_on], default=None)
    until_on = period.until_on or by.until_on or max([each.until_on for each in same if each.until_on], default=None)
    ended_by = period.ended_by or ("" if real else ANNULMENT) or ("" if live else ends[by.department]) or _outlived(by, dead)
    if ended_by == MOVE:
        until_on = until_on or moved.get((by.department, by.other))
    if by.act:
        from_on = min((each.from_on for each in period.said if each.from_on and "marriage" in (each.act or "")), default=None)
    begun = not (from_on and from_on > today[: len(from_on)])
    current, agree = not ended_by and begun, len(live) or len({each.department for each in period.said})
    share = by.share or next((each.share for each in same if each.share), None)
    relation = by.relation or next((each.relation for each in same if each.relation), None)
    lasting = [] if ended_by else [each for each in real if each.tenure and each.source and not _ended(each, today, moved)]
    who = (by.kind, by.entity, by.other, by.department, by.dataset, by.event_id, by.known_from)
    what = (from_on, until_on, current, ended_by or None, agree, False, share, relation)
    return _made(Link, (*who, *what, by.vague, by.row, tuple(map(_tenure, lasting))))


def _tenure(each: Stated) -> Tenure:
    assert each.tenure  # noqa: S101 - asked before
    return Tenure(each.tenure, each.department, each.dataset, each.event_id, each.known_from, each.seen, each.row, each.source)


def _last_known(each: Stated) -> str:
    """By when it was seen. What is equal stays as it stands, which is by `_order`."""
    return each.seen or each.from_on or ""


def _shown(said: Sequence[Stated]) -> Stated:
    """The statement that stands for the others: one that names a start, then the one seen last."""
    if len(said) == 1:
        return said[0]
    return max(said, key=lambda each: (each.from_on is not None, each.seen or "", _order(each)))


def _ended(each: Stated, today: str, moved: dict[tuple[str, str | None], str]) -> str:
    """By what the link ended, as its own department has it; empty while it lasts."""
    if each.state == "ended" or passed(each.until_on, today):
        return STATED
    return MOVE if each.kind == RESIDENT and (each.department, each.other) in moved else ""


def _outlived(by: Stated, dead: bool) -> str:
    """By what a link ends that no department closed."""
    if by.gone and by.entity == "dwelling":
        return DEMOLITION
    return DEATH if (dead and by.kind not in _OUTLIVES) or (by.gone and by.entity == "resident") else ""
