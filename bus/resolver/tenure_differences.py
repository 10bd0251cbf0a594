"""BY WHAT RIGHT SOMEBODY LIVES THERE, where departments differ: owned, as one says, and rented by the lease register. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from bus.keys import KeyRing
from bus.resolver.differences import Difference, Side
from bus.resolver.links import Link, Tenure
from bus.resolver.rules import Rule, Rules
from bus.resolver.survivorship import Master, Statement
from bus.sealing import row_hash

TENURE = "tenure"
"""The rule of the links of a person: who answers for it."""
OF_TENURE = "links.tenure"
"""Under which name it is asked about."""


def tenure_differences(
    subject: bytes, found: Iterable[Link], master: Master, rules: Rules, keys: KeyRing, departments: Collection[str]
) -> list[Difference]:
    """The differences about the tenure of each home of a person. `rules`: of links."""
    rows = {each.key.hex(): each for each in master.statements}
    homes: dict[str, list[Tenure]] = {}
    for link in found:
        if link.current and link.other and not link.vague:
            homes.setdefault(link.other, []).extend(said for said in link.tenures if said.row in rows)
    told: list[Difference] = []
    for home, saying in sorted(homes.items()):
        if len({said.tenure for said in saying}) > 1:
            names = ("resident", subject.hex(), OF_TENURE, home)
            told += _of_home(names, _most_trusted_first(saying, rows, rules.get(TENURE)), rows, rules, keys, departments)
    return [each for each in told if each.asked]


def _most_trusted_first(saying: Iterable[Tenure], rows: Mapping[str, Statement], rule: Rule | None) -> list[Tenure]:
    newest = sorted(saying, key=lambda said: (rows[said.row].valid_from or "", said), reverse=True)
    return sorted(newest, key=lambda said: rule.rank(said.department, said.dataset) if rule else 0)


def _of_home(
    names: Sequence[str],
    saying: Sequence[Tenure],
    rows: Mapping[str, Statement],
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
            others.setdefault(said.tenure, []).append(rows[said.row])
    owner = rules[TENURE].owner if TENURE in rules else ""
    asked = tuple(each for each in dict.fromkeys((owner, *(said.department for said in saying))) if each in departments)
    by = rows[first.row]
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
