"""LINKS THAT CANNOT BE SO AT ONE TIME, as differences: the departments are asked as they are about a field. Pure.

Two present homes by two departments, two marriages. What a row says of a home stands in its address too: where the same rows already differ
about the address, that is the dispute, and nobody is asked the same twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from bus.keys import KeyRing
from bus.resolver.differences import Difference, Side
from bus.resolver.links import RESIDENT, SPOUSE, Contradiction, Link, contradictions
from bus.resolver.rules import Rules
from bus.resolver.survivorship import Master, Statement
from bus.resolver.tenure_differences import OF_TENURE
from bus.sealing import row_hash

FIELDS = {RESIDENT: "links.resident", SPOUSE: "links.spouse"}
"""Kind of link → under which name it is asked about."""
ADDRESS = "residence_address"
"""Who answers for it answers for homes (domain facts §4.5)."""


def link_differences(
    subject: bytes, master: Master, found: Sequence[Link], rules: Rules, keys: KeyRing, departments: Collection[str]
) -> list[Difference]:
    """The differences about the links of a person that somebody on the bus can be asked about."""
    rows = {each.key.hex(): each for each in master.statements}
    told: list[Difference] = []
    for each in contradictions(found):
        sides = [(link, rows[link.row]) for link in each.links if link.row in rows]
        if len({link.other for link, _ in sides}) > 1 and not _by_address(each, sides, master):
            told += _differ(subject, each.kind, _most_trusted_first(each.kind, sides, rules), rules, keys, departments)
    return [each for each in told if each.asked]


def agree(found: Collection[Link]) -> bool:
    """Whether nothing that these links say can be a difference."""
    tenures = {(link.other, said.tenure) for link in found for said in link.tenures}
    return not any(link.disputed for link in found) and len(tenures) == len({other for other, _ in tenures})


def settled_links(found: Iterable[Link], all_: Collection[Difference], over: Collection[Difference]) -> list[Link]:
    """The links, those no longer marked about which nothing is left to be answered."""
    open_, closed = _rows(each for each in all_ if each not in over), _rows(over)
    by_tenure = _rows((each for each in all_ if each not in over), (OF_TENURE,))
    return [
        each._replace(
            disputed=(each.disputed and (each.row not in closed or each.row in open_))
            or any(said.row in by_tenure for said in each.tenures)
        )
        for each in found
    ]


def stating_links(found: Iterable[Link], field: str) -> frozenset[str]:
    """The departments that now say where somebody lives, by what right, or to whom he is married."""
    if field == OF_TENURE:
        return frozenset(said.department for each in found for said in each.tenures)
    return frozenset(each.department for each in found if FIELDS.get(each.kind) == field and each.current)


def _rows(differences: Iterable[Difference], fields: Collection[str] = tuple(FIELDS.values())) -> set[str]:
    return {side.statement.key.hex() for each in differences if each.field in fields for side in (each.holds, *each.others)}


def _by_address(each: Contradiction, sides: Sequence[tuple[Link, Statement]], master: Master) -> bool:
    held = master.fields.get(ADDRESS)
    if each.kind != RESIDENT or held is None:
        return False
    differing = {held.by.key, *(other.statement.key for other in held.differing)}
    return bool(held.differing) and {statement.key for _, statement in sides} <= differing


def _most_trusted_first(kind: str, sides: Iterable[tuple[Link, Statement]], rules: Rules) -> list[tuple[Link, Statement]]:
    """Of equals the one that was seen last; what is left is settled by the row, always alike."""
    rule = rules.get(ADDRESS) if kind == RESIDENT else None
    newest = sorted(sides, key=lambda side: (side[1].valid_from or "", side[1].key), reverse=True)
    return sorted(newest, key=lambda side: rule.rank(side[0].department, side[0].dataset) if rule else 0)


def _differ(
    subject: bytes,
    kind: str,
    sides: Sequence[tuple[Link, Statement]],
    rules: Rules,
    keys: KeyRing,
    departments: Collection[str],
) -> list[Difference]:
    (first, by), *rest = sides
    owner = rules[ADDRESS].owner if kind == RESIDENT and ADDRESS in rules else ""
    asked = tuple(each for each in dict.fromkeys((owner, *(link.department for link, _ in sides))) if each in departments)
    by_other: dict[str, list[Side]] = {}
    for link, statement in rest:
        if link.other and link.other != first.other:
            by_other.setdefault(link.other, []).append(_side(kind, link, statement))
    names = ("resident", subject.hex(), FIELDS[kind], first.other or "")
    return [
        Difference(
            row_hash(keys, "difference", *names, other),
            FIELDS[kind],
            asked,
            _side(kind, first, by),
            tuple(others),
            max(by.known_from, min(side.statement.known_from for side in others)),
        )
        for other, others in sorted(by_other.items())
    ]


def _side(kind: str, link: Link, statement: Statement) -> Side:
    """The address as the row writes it; else the other end's subject, which only its file explains."""
    address = statement.said.get(ADDRESS) if kind == RESIDENT else None
    return Side((address or {}).get("text") or link.other, statement)
