"""THE RIGHTS that follow from departments and agreements, as rules of the log, and how they differ from the rules there are. Pure.

Whoever has no rule may do nothing. A department writes what is its own (`raw.<department>.`), a step what it makes, a subscriber nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from bus.access.principals import Principals
from bus.eventlog import topics
from bus.eventlog.rules import CLUSTER, Deed, Rule, Thing
from bus.sharing.required import MayRead

SHARE = "share"
"""The steps of all agreements, which have a group each: `share.<agreement>`."""
_ALL = ""  # as a prefix: every name of the namespace


class Needs(NamedTuple):
    """Topics that a step reads and writes; one that ends in a dot means all whose name begins so."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


_RESIDENT, _DWELLING = map(topics.internal, topics.MASTERS)
_ERRANDS = tuple(map(topics.errands, topics.MASTERS))
STEPS: Mapping[str, Needs] = {
    "normalizer": Needs(("raw.",), ("canonical.", "deadletter.", topics.ACCOUNT)),
    "identify": Needs(
        (*map(topics.canonical, topics.MASTERS), _RESIDENT, topics.ALIAS, topics.EVIDENCE, topics.PENDING),
        (_RESIDENT, _DWELLING, topics.ALIAS, topics.EVIDENCE, topics.PENDING, topics.LINK, topics.REFUSED),
    ),
    "alias": Needs((topics.ALIAS,), (_RESIDENT, _DWELLING, topics.ALIAS, topics.LINK, topics.REFUSED)),
    "match": Needs((topics.EVIDENCE,), (topics.EVIDENCE, topics.ALIAS, topics.PENDING, topics.REFUSED)),
    "join": Needs(
        (topics.PENDING, _RESIDENT, topics.ALIAS, topics.DECISION),
        (_RESIDENT, topics.ALIAS, topics.DECISION, topics.LINK, topics.REFUSED),
    ),
    "link": Needs((topics.LINK, *map(topics.canonical, topics.OF_LINKS)), (topics.LINK, _RESIDENT, _DWELLING, topics.REFUSED)),
    "merge": Needs(
        (_RESIDENT, _DWELLING, *_ERRANDS, "master.", "dispute."),
        ("master.", "dispute.", _RESIDENT, _DWELLING, *_ERRANDS, topics.DECISION, topics.LINK, topics.TALLY, topics.REFUSED),
    ),
    "audit-chain": Needs((topics.AUDIT, topics.AUDIT_CHAIN), (topics.AUDIT_CHAIN, topics.REFUSED)),
    SHARE: Needs(
        ("master.", "canonical.", topics.AGREEMENT, topics.SCHEMA, topics.WATCH, topics.TOLD),
        ("share.", topics.SCHEMA, topics.AUDIT, topics.ACCOUNT, topics.REFUSED, topics.TOLD),
    ),
}
"""What each step needs. That nothing is missing is tried on a real broker (`tests/access`)."""
_BEHIND_THE_VALVE = ("identify", "alias", "match", "join", "link", "merge")
"""Steps whose positions the normalizer looks at (`bus.step.valve`)."""


class Changes(NamedTuple):
    """What must happen to the rules. `by_hand`: rules that forbid what should be allowed, perhaps; a person made them and has to decide."""

    missing: list[Rule]
    extra: list[Rule]
    by_hand: list[Rule]


def desired(principals: Principals, departments: Iterable[str], readers: Iterable[MayRead], prefix: str) -> set[Rule]:
    """All rules there must be. `departments`: all of the catalog; `prefix`: the namespace and a dot, or nothing."""
    found: set[Rule] = set()
    every = tuple(departments)
    for name, principal in principals.items():
        for deed in principal.does:
            for department in every if deed == "inbox" else (principal.department,):
                found |= {_named(each, prefix) for each in _of(name, deed, department)}
    for reader in readers:
        found |= {_named(each, prefix) for each in _of_reader(reader)}
    return found


def changes(wanted: Collection[Rule], there: Iterable[Rule], principals: Collection[str], prefix: str) -> Changes:
    """From the rules there are to those wanted. Rules about other things than ours, of other principals than ours, are left alone; without
    a namespace all things are ours. `principals`: all of ours, of today and of former times."""
    ours = [rule for rule in there if rule.principal in principals or _touches(rule, prefix)]
    extra = [rule for rule in ours if not rule.denied and rule not in wanted]
    return Changes(sorted(set(wanted) - set(ours)), sorted(extra), sorted(rule for rule in ours if rule.denied))


def _touches(rule: Rule, prefix: str) -> bool:
    if rule.name == "*" and not rule.prefixed:
        return True
    if rule.thing == "cluster":
        return not prefix
    return rule.name.startswith(prefix) or (rule.prefixed and prefix.startswith(rule.name))


def _of(who: str, deed: str, department: str) -> Iterator[Rule]:
    match deed:
        case "publish" | "inbox":
            yield from _publishes(who, department)
            if deed == "publish":  # who opens a refused row is in the audit, before it is opened
                yield from _topics(who, (), (topics.AUDIT,))
                yield _rule(who, "transaction", "letters", "write")
        case "decide":
            yield from _topics(who, (topics.AGREEMENT, topics.WATCH), (topics.AGREEMENT, topics.WATCH, topics.AUDIT))
            yield from (_rule(who, "transaction", each, "write") for each in ("agreements", "watch-lists"))
            yield from (_rule(who, "topic", "share.", deed) for deed in ("create", "describe"))
        case "rule":
            reads = ("canonical.", "master.", "dispute.", *_of_resolver())
            yield from _topics(who, reads, (_RESIDENT, _DWELLING, topics.PENDING, topics.DECISION, topics.AUDIT))
            yield from (_rule(who, "transaction", each, "write") for each in ("answers", "rulings"))
        case "erase":
            yield from _erases(who)
        case "audit":
            yield from _topics(who, (topics.AUDIT, topics.AUDIT_CHAIN), ())
        case "keep":
            yield from _keeps(who)
        case "look":
            yield from _looks(who)
        case "steps":
            yield from _looks(who)
            for step in STEPS:
                yield from _runs(who, step)
        case _:
            yield from _runs(who, deed)


def _publishes(who: str, department: str) -> Iterator[Rule]:
    own = (f"{topics.raw(department)}.", topics.dead_letter(department), topics.account(department))
    yield from _topics(who, (*own, topics.dispute(department)), own)
    yield _rule(who, "transaction", f"publish.{department}.", "write")
    yield _rule(who, "transaction", f"replay.{department}", "write")
    yield _rule(who, "group", "normalizer", "describe")  # how far it is: a publisher keeps a bounded lead


def _runs(who: str, step: str) -> Iterator[Rule]:
    """A step of this name: in its own group and transactions. It sees which topics there are, not what is in them."""
    needs = STEPS[step]
    yield from _topics(who, needs.reads, needs.writes)
    yield _rule(who, "topic", _ALL, "describe")
    yield _rule(who, "group", f"{SHARE}." if step == SHARE else step, "read")
    yield _rule(who, "transaction", f"{step}.", "write")
    if step == SHARE:
        yield _rule(who, "transaction", "schemas", "write")
    if step == "normalizer":
        yield from (_rule(who, "group", each, "describe") for each in _BEHIND_THE_VALVE)


def _looks(who: str) -> Iterator[Rule]:
    reads = (topics.ACCOUNT, f"{topics.ACCOUNT}.", topics.TALLY, topics.DECISION, topics.AGREEMENT, "dispute.")
    yield from _topics(who, reads, ())
    yield _rule(who, "topic", _ALL, "describe")
    yield _rule(who, "group", _ALL, "describe")


def _erases(who: str) -> Iterator[Rule]:
    """It withdraws what any department said, so it writes there, and reads no `raw.` row: what a row is about stands in its statements. Of
    refused rows it sees whose they are, not what is in them: they are sealed to their department."""
    files = (topics.master("resident"), _RESIDENT, topics.DECISION)
    reads = ("canonical.", "deadletter.", *files, topics.AGREEMENT, topics.AUDIT, topics.ERASURE)
    yield from _topics(who, reads, ("raw.", "canonical.", topics.AUDIT, topics.ERASURE))
    yield _rule(who, "transaction", "erasure", "write")


def _keeps(who: str) -> Iterator[Rule]:
    yield from (Rule(who, "cluster", CLUSTER, False, deed) for deed in ("alter", "describe"))
    yield from (_rule(who, "topic", _ALL, deed) for deed in ("create", "describe", "alter_configs"))
    yield _rule(who, "topic", f"{SHARE}.", "delete")
    yield from (_rule(who, "group", f"{SHARE}.", deed) for deed in ("read", "delete"))
    yield from _topics(who, (topics.AGREEMENT, "master.", "canonical."), (topics.AUDIT, topics.ACCOUNT, topics.REFUSED))
    yield _rule(who, "transaction", f"{SHARE}.", "write")
    yield _rule(who, "transaction", "access", "write")


def _of_reader(reader: MayRead) -> Iterator[Rule]:
    """A subscriber: what its agreement grants, in groups of its own; and the contracts, without which it is bytes."""
    yield from _topics(reader.principal, (reader.topic, topics.SCHEMA), ())
    yield _rule(reader.principal, "group", reader.groups, "read")


def _topics(who: str, reads: Iterable[str], writes: Iterable[str]) -> Iterator[Rule]:
    yield from (_rule(who, "topic", topic, "read") for topic in reads)
    yield from (_rule(who, "topic", topic, "write") for topic in writes)


def _rule(who: str, thing: Thing, name: str, deed: Deed) -> Rule:
    return Rule(who, thing, name, not name or name.endswith("."), deed)


def _named(rule: Rule, prefix: str) -> Rule:
    """With the namespace. All names of no namespace are the one name "*"."""
    if rule.thing == "cluster":
        return rule
    name = prefix + rule.name
    return rule._replace(name=name) if name else rule._replace(name="*", prefixed=False)


def _of_resolver() -> list[str]:
    return [each for each in topics.of_resolver() if each.startswith("internal.")]
