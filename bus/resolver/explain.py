"""WHY this value and not another, and why these rows are one subject. Pure: values in, values out; told from the statements themselves with
the same functions that made the master, so that it cannot say anything else than what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from bus.resolver.identity import goes_by_words, identities, may_be
from bus.resolver.rules import Rule, Rules
from bus.resolver.survivorship import Candidate, Statement, candidates, merge, same

VERDICTS = {
    "holds": ("此值有效", "this value holds"),
    "agrees": ("说法一致", "says the same"),
    "ended": ("已终止", "ended"),
    "less_trusted": ("来源次序在后", "another source is trusted more"),
    "older": ("同一来源次序，时间较早", "as trusted, but earlier"),
    "annulled": ("自始无效", "annulled: never was so"),
}
"""Verdict → how it is said to people (Chinese, English)."""


class Considered(NamedTuple):
    """A statement that was considered for a field, and what became of it (`VERDICTS`). `differs`: another value than the one that holds."""

    statement: Statement
    value: Any
    verdict: str
    differs: bool


class Reason(NamedTuple):
    """Why a field holds what it does: the kind of rule, the declared order, who was considered, the one that holds first."""

    field: str
    rule: str
    order: tuple[str, ...]
    considered: tuple[Considered, ...]


FITS = "fits"
"""By what a statement came that names no dwelling: of those that its address fits there is this one alone."""
WORDS = "words"
"""By what a statement came that goes by a number that the person left in what he wrote."""
NO_EVIDENCE: Mapping[bytes, tuple[str, ...]] = MappingProxyType({})


class Bond(NamedTuple):
    """Why a statement is held to be about the subject: the kind of identity it shares (None: it names none), and with how many others;
    or what evidence led it there (`bus.resolver.evidence`). `as_today`: told of today, because the version shown names no identity."""

    statement: Statement
    by: str | None
    shared_with: int
    evidence: tuple[str, ...] = ()
    as_today: bool = False


def reasons(statements: Sequence[Statement], rules: Rules, field: str | None = None) -> list[Reason]:
    """Why each field (or the one named) holds its value, in the order of the rules."""
    master = merge(statements, rules)
    found = []
    for rule in rules.values():
        held = master.fields.get(rule.field)
        if held is not None and field in (None, rule.field, *rule.beside):
            order = ("recency",) if rule.recency else rule.order
            found.append(Reason(rule.field, held.rule, order, tuple(_considered(master.statements, rule, held.by))))
    return found


def bonds(entity: str, statements: Sequence[Statement], evidence: Mapping[bytes, tuple[str, ...]] = NO_EVIDENCE) -> list[Bond]:
    """By what each statement came to this subject: the strongest identity that it shares with another, else its own strongest, else the
    evidence (statement key → kinds); of one that names no dwelling: that it fits this one alone."""
    named = [identities(entity, each.said) or () for each in statements]
    found = []
    for at, statement in enumerate(statements):
        shares = [(sum(name in other for other in named) - 1, name) for name in named[at]]
        shared, name = next(((n, name) for n, name in shares if n), shares[0] if shares else (0, ""))
        by = name.partition(":")[0] or (FITS if entity == "dwelling" and may_be(statement.said) and len(statements) > 1 else None)
        found.append(Bond(statement, WORDS if goes_by_words(statement.said) else by, shared, evidence.get(statement.key, ())))
    return found


def bonds_then(
    entity: str, then: Sequence[Statement], today: Sequence[Statement], evidence: Mapping[bytes, tuple[str, ...]] = NO_EVIDENCE
) -> list[Bond]:
    """By what the versions of another time come to this subject: by the identities that they name themselves; one that names none, by what
    is decided of its statement `today`, from what that says now."""
    now = {bond.statement.key: bond for bond in bonds(entity, today, evidence)}
    return [
        now[bond.statement.key]._replace(statement=bond.statement, as_today=True) if bond.by is None and bond.statement.key in now else bond
        for bond in bonds(entity, then)
    ]


def _considered(statements: Sequence[Statement], rule: Rule, by: Statement) -> list[Considered]:
    competing = candidates(statements, rule)
    held = next(each for each in competing if each.statement.key == by.key)
    competing.sort(key=lambda c: c.statement.key != by.key)
    annulled = [s for s in statements if s.said["operation"] == "annulled" and s.said.get(rule.field) not in (None, [])]
    return [
        *(Considered(c.statement, c.value, _verdict(c, held, rule), not same(held, c, rule)) for c in competing),
        *(Considered(s, s.said[rule.field], "annulled", False) for s in annulled),
    ]


def _verdict(one: Candidate, held: Candidate, rule: Rule) -> str:
    if one.statement.key == held.statement.key:
        return "holds"
    if one.live != held.live:
        return "ended"
    if same(held, one, rule):
        return "agrees"
    return "less_trusted" if one.rank > held.rank else "older"


def as_json(
    entity: str, subject: str, bonds: Sequence[Bond], statements: Sequence[Statement], rules: Rules, field: str | None = None
) -> dict[str, Any]:
    """The explanation for programs."""
    return {
        "entity": entity,
        "subject": subject,
        "statements": [
            {
                "source": dict(b.statement.said["source"]),
                "event_id": b.statement.said["event_id"],
                "joined_by": b.by,
                "shared_with": b.shared_with,
                "evidence": list(b.evidence),
                "as_decided_today": b.as_today,
            }
            for b in bonds
        ],
        "fields": {
            r.field: {"rule": r.rule, "order": list(r.order), "considered": [_line(c) for c in r.considered]}
            for r in reasons(statements, rules, field)
        },
    }


def _line(c: Considered) -> Mapping[str, Any]:
    said = c.statement.said
    return {
        "verdict": c.verdict,
        "differs": c.differs,
        "value": c.value,
        "department": c.statement.department,
        "dataset": said["source"]["dataset"],
        "row": said["source"]["row"],
        "file": said["source"]["file"],
        "operation": said["operation"],
        "event_id": said["event_id"],
        "valid_from": c.statement.valid_from,
        "known_from_ms": c.statement.known_from,
        "mapping": said["mapping"],
    }
