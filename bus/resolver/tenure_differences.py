"""BY WHAT RIGHT SOMEBODY LIVES THERE, where departments differ: owned, as one says, and rented by the lease register. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

from bus.keys import KeyRing
from bus.resolver.differences import Difference, Side
from bus.resolver.links import Link, Tenure
from bus.resolver.rules import Rule, Rules
from bus.resolver.survivorship import Statement
from bus.sealing import row_hash

TENURE = "tenure"
"""The rule of the links of a person: who answers for it."""
OF_TENURE = "links.tenure"
"""Under which name it is asked about."""


def tenure_differences(
    subject: bytes, found: Iterable[Link], rules: Rules, keys: KeyRing, departments: Collection[str]
) -> list[Difference]:
    """The differences about the tenure of each home of a person. `rules`: of links."""
    homes: dict[str, list[Tenure]] = {}
    for link in found:
        if link.current and link.other and not link.vague:
            homes.setdefault(link.other, []).extend(link.tenures)
    told: list[Difference] = []
    for home, saying in sorted(homes.items()):
        if len({said.tenure for said in saying}) > 1:
            names = ("resident", subject.hex(), OF_TENURE, home)
            told += _of_home(names, _most_trusted_first(saying, rules.get(TENURE)), rules, keys, departments)
    return [each for each in told if each.asked]


def _most_trusted_first(saying: Iterable[Tenure], rule: Rule | None) -> list[Tenure]:
    newest = sorted(saying, key=lambda said: (said.seen or "", said.event_id), reverse=True)
    return sorted(newest, key=lambda said: rule.rank(said.department, said.dataset) if rule else 0)


def _of_home(
    names: Sequence[str],
    saying: Sequence[Tenure],
    rules: Rules,
    keys: KeyRing,
    departments: Collection[str],
) -> list[Difference]:
    """A department that also says what holds does not contradict."""
    first = saying[0]
    agreeing = {said.department for said in saying if said.tenure == first.tenure}
    others: dict[str, list[Statement]] = {}
    for said in saying:
        if said.department not in agreeing:
            others.setdefault(said.tenure, []).append(_statement(said))
    owner = rules[TENURE].owner if TENURE in rules else ""
    asked = tuple(each for each in dict.fromkeys((owner, *(said.department for said in saying))) if each in departments)
    by = _statement(first)
    return [
        Difference(
            row_hash(keys, "difference", *names, first.tenure, tenure),
            OF_TENURE,
            asked,
            Side(first.tenure, by),
            tuple(Side(tenure, each) for each in statements),
            max(by.known_from, min(each.known_from for each in statements)),
        )
        for tenure, statements in sorted(others.items())
    ]


def _statement(said: Tenure) -> Statement:
    """What the row of the link says, as far as it is asked about; marked by the person's statement, under which the link is kept."""
    told = {"source": json.loads(said.source), "event_id": said.event_id, "recorded_at": said.seen}
    return Statement(bytes.fromhex(said.row), said.known_from, told)
