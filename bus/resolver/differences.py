"""WHERE DEPARTMENTS DIFFER about a subject, and who is to be asked. Pure.

A *difference* is one other value for one field, whoever says it. It is known by what differs, not by who came when: the same two values
of a subject are the same difference in a replay, in another delivery, in another file.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from bus.keys import KeyRing
from bus.resolver.rules import Rule, Rules
from bus.resolver.survivorship import Held, Master, Statement, candidates, same
from bus.sealing import row_hash


class Side(NamedTuple):
    """Who says what: a value as it may be shown, and the statement it stands in."""

    value: Any
    statement: Statement


class Difference(NamedTuple):
    """One other value. `asked`: the departments that may know, the one that answers for the attribute first; `holds`: what holds;
    `others`: those who say otherwise; `since`: when both values were known (ms)."""

    id: bytes
    field: str
    asked: tuple[str, ...]
    holds: Side
    others: tuple[Side, ...]
    since: int


def differences(entity: str, subject: bytes, master: Master, rules: Rules, keys: KeyRing, departments: Collection[str]) -> list[Difference]:
    """All differences about the fields of a master, in the order of the rules, that somebody can be asked about. `departments`: those on
    the bus."""
    found: list[Difference] = []
    for rule in rules.values():
        held = master.fields.get(rule.field)
        if held is not None and held.differing:
            found += _of_field((entity, subject.hex(), rule.field), master, held, rule, keys, departments)
    return [each for each in found if each.asked]


def without(master: Master, rules: Rules, over: Collection[Difference]) -> Master:
    """The master with these differences no longer held against what holds: a department looked, and it is right."""
    settled = {(each.field, other.statement.key) for each in over for other in each.others}
    if not settled:
        return master
    fields = dict(master.fields)
    for rule in rules.values():
        for name in (rule.field, *rule.beside):
            if (held := fields.get(name)) is not None and held.differing:
                left = tuple(each for each in held.differing if (rule.field, each.statement.key) not in settled)
                fields[name] = held._replace(differing=left)
    return master._replace(fields=fields)


def stating(master: Master | None, rules: Rules, field: str) -> frozenset[str]:
    """The departments that now say something about a field."""
    if master is None or field not in rules:
        return frozenset()
    return frozenset(each.statement.department for each in candidates(master.statements, rules[field]) if each.live)


def _of_field(
    names: tuple[str, str, str], master: Master, held: Held, rule: Rule, keys: KeyRing, departments: Collection[str]
) -> list[Difference]:
    everybody = candidates(master.statements, rule)
    first = everybody[0]
    current = [each for each in everybody if each.live == first.live]
    like = [each for each in current if same(first, each, rule)]
    form = next(each.form for each in like if each.statement.key == held.by.key)
    said_since = min(each.statement.known_from for each in like)
    owner = rule.owner if rule.owner in departments else held.by.department
    asked = dict.fromkeys(each for each in (owner, *(each.statement.department for each in current)) if each in departments)
    by_form: dict[str, list[Side]] = {}
    for each in held.differing:
        by_form.setdefault(_text(each.form), []).append(_side(rule.field, each.value, each.statement))
    return [
        Difference(
            row_hash(keys, "difference", *names, _text(form), other),
            rule.field,
            tuple(asked),
            _side(rule.field, held.value, held.by),
            tuple(sides),
            max(said_since, min(side.statement.known_from for side in sides)),
        )
        for other, sides in sorted(by_form.items())
    ]


def _side(field: str, value: Any, statement: Statement) -> Side:
    return Side(shown(field, value, statement.said), statement)


def shown(field: str, value: Any, said: Mapping[str, Any]) -> Any:
    """A value as a department that is asked may read it: a number and phones by their masked forms, an address as it was written."""
    if field == "id_token":
        return said.get("id_masked")
    if isinstance(value, Mapping):
        return value.get("text") or "".join(part for name, part in value.items() if part and not name.endswith("code"))
    if isinstance(value, list | tuple):
        return [each["masked"] if isinstance(each, Mapping) else each for each in value]
    return value


def _text(form: Any) -> str:
    """What two values are compared by, as text."""
    return json.dumps(form, ensure_ascii=False, sort_keys=True)
