"""BLIND SPOTS (盲区): what no department can see alone, counted in the joined files. Pure. Source: domain facts §5.2.

Each question has those it was asked of (n) and those of whom it is so. Who is dead is asked no question about the living.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bus.resolver.ends import Benefit
from bus.resolver.links import OCCUPANTS, day_of, passed
from bus.resolver.suppression import Area

HOMES = frozenset({"residence", "complete_residence"})
"""Uses of a dwelling that make it a home."""
_NOT_THERE = frozenset({"planned", "demolished"})
_COUNTY, _STREET, _COMMUNITY = 6, 9, 12
_ANY = frozenset({*OCCUPANTS, "owner"})


class Question(NamedTuple):
    """What is asked, and of whom, in two languages."""

    zh: str
    en: str
    of_zh: str
    of_en: str


QUESTIONS: Mapping[str, Question] = {
    "dwellings_without_resident": Question("无人居住登记的住宅", "dwellings with no resident", "住宅", "dwellings"),
    "residents_without_grid": Question("未落网格的居民", "residents in no grid", "居民", "residents"),
    "empty_registrations": Question("空挂户", "registered where nobody lives", "已采集居民", "residents surveyed"),
    "allowances_without_dwelling": Question("领待遇而无住房关联", "allowances with no dwelling", "在领待遇居民", "people paid"),
    "paid_after_death": Question("身故后仍在发放", "paid after death", "在领待遇居民", "people paid"),
    "paid_in_two_counties": Question("两区县重复发放", "allowance in two counties", "在领待遇居民", "people paid"),
}
"""By name, in the order in which they are shown."""


class Answer(NamedTuple):
    """One subject: which question, where, and whether it is so."""

    question: str
    area: Area
    so: bool


class Tally:
    """Counts by question and place. Their number grows with the grids of the city, not with its people."""

    def __init__(self) -> None:
        self.asked: dict[str, Counter[Area]] = {name: Counter() for name in QUESTIONS}
        self.so: dict[str, Counter[Area]] = {name: Counter() for name in QUESTIONS}

    def add(self, answers: Iterator[Answer]) -> None:
        """Count the answers of one file."""
        for question, area, so in answers:
            self.asked[question][area] += 1
            self.so[question][area] += so


def of_dwelling(master: Mapping[str, Any]) -> Iterator[Answer]:
    """What is asked of a dwelling: of a home that stands (status, use), whether anybody is known to live there."""
    fields = master["fields"]
    if _value(fields, "kind") == "unit" and _value(fields, "usage") in HOMES and _value(fields, "status") not in _NOT_THERE:
        yield Answer(
            "dwellings_without_resident", area(division_of(fields), _value(fields, "grid_code")), not any(map(lived_in, master["links"]))
        )


def of_resident(
    master: Mapping[str, Any], benefits: Sequence[Benefit], placed: Collection[str], homes: Sequence[Mapping[str, Any]], dead: bool
) -> Iterator[Answer]:
    """What is asked of a resident. `benefits`: what is said of his; `placed`: the dwellings at the other end of his links that can be told
    from others; `homes`: files of dwellings that say where he is if his own does not; `dead`: whether a department knows that he died."""
    fields = master["fields"]
    now = day_of(max((each.known_from for each in benefits), default=0))
    paid = [each for each in benefits if each.paid and not passed(each.until_on, now)]
    grid = _value(fields, "grid_code") or next((found for each in homes if (found := _value(each["fields"], "grid_code"))), None)
    within = (division_of(fields), *(division_of(each["fields"]) for each in homes), *(each.division for each in paid))
    where = area(next((each for each in within if each), None), grid)
    current = [link for link in master["links"] if link["current"] and link["entity"] == "dwelling"]
    if not dead and (division_of(fields) or any(map(lived_in, current))):
        yield Answer("residents_without_grid", where, grid is None)
    if not dead and (status := _value(fields, "residence_status")):
        yield Answer("empty_registrations", where, status == "empty_hukou")
    if not paid:
        return
    if not dead:
        yield Answer("allowances_without_dwelling", where, not any(link["kind"] in _ANY and link["other"] in placed for link in current))
    yield Answer("paid_after_death", where, dead)
    yield Answer("paid_in_two_counties", where, len({each.division[:_COUNTY] for each in paid if each.division}) > 1)


def lived_in(link: Mapping[str, Any]) -> bool:
    """Whether somebody lives by this link in the dwelling now."""
    return bool(link["current"] and link["kind"] in OCCUPANTS)


def area(division: str | None, grid: str | None) -> Area:
    """County, street, community, grid of a place; empty from where it is not known. `division`: 12 digits, zeros where it says no more
    (GB/T 10114)."""
    code = division or (grid or "")[:_COMMUNITY]
    known = [
        code[:digits] if code[start:digits].strip("0") else ""
        for start, digits in ((0, _COUNTY), (_COUNTY, _STREET), (_STREET, _COMMUNITY))
    ]
    for at in (1, 2):
        known[at] = known[at] if known[at - 1] else ""
    return (*known, (grid or "") if known[2] else "")


def division_of(fields: Mapping[str, Any]) -> str | None:
    """Where a dwelling is, or a person lives: of the division that is stated and the one in the address the finer."""
    stated = (_value(fields, "residence_division"), _value(fields, "division_code"))
    within = ((_value(fields, name) or {}).get("division_code") for name in ("residence_address", "address"))
    return max((each for each in (*stated, *within) if each), key=lambda code: len(code.rstrip("0")), default=None)


def _value(fields: Mapping[str, Any], name: str) -> Any:
    return fields[name]["value"] if name in fields else None
