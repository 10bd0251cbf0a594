"""WHICH VALUE HOLDS. All statements about a subject → its master record, each field with who said it. Pure: a function of the set of
statements and the rules, so no order, repetition or delay changes it.

For each field those statements compete that hold a value and are in force; ended ones only where none else is left; what was annulled never
was. The most trusted source wins, among its own the latest. A value that is the same but more precise (1951 and 1951-03-02) is no other
value: the finer one is shown. Another department's other value is a dispute, never an overwrite (design §6.8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from bus.resolver.identity import place_of_address
from bus.resolver.rules import Rule, Rules
from bus.standards.names import read_name

_LIVE = frozenset({"created", "changed", "corrected"})
_made = tuple.__new__  # a NamedTuple without the detour over its own constructor, where one is made for each field
_differing = attrgetter("differing")


class Statement(NamedTuple):
    """One statement: its key, when its record was published (ms since 1970), what it says."""

    key: bytes
    known_from: int
    said: Mapping[str, Any]

    @property
    def department(self) -> str:
        """Who says it."""
        department: str = self.said["source"]["department"]
        return department

    @property
    def valid_from(self) -> str | None:
        """When the department says that it became, or was seen to be so (ISO 8601)."""
        return self.said.get("updated_at") or self.said.get("recorded_at")


class Candidate(NamedTuple):
    """A value that a statement holds for a field. `rank`: place in the rule's order; `form`: by what it is compared."""

    statement: Statement
    value: Any
    form: Any
    rank: int
    live: bool


class Held(NamedTuple):
    """What holds for a field. `rule`: authority, fallback, recency, or only (nobody else says anything); `agree`: departments that say
    the same; `differing`: the current values of others that do not, the most trusted first."""

    field: str
    value: Any
    by: Statement
    rule: str
    agree: int
    differing: tuple[Candidate, ...]

    @property
    def disputed(self) -> bool:
        """Whether another department says otherwise."""
        return bool(self.differing)


class Master(NamedTuple):
    """The record of one subject: the statements it was made of, by key, and what holds, by field; both in rising order."""

    statements: tuple[Statement, ...]
    fields: Mapping[str, Held]

    @property
    def disputed(self) -> bool:
        """Whether departments differ about a field."""
        return any(map(_differing, self.fields.values()))


class _Competing(NamedTuple):
    """A statement with what every rule asks of it, looked up once."""

    statement: Statement
    said: Mapping[str, Any]
    department: str
    dataset: str
    live: bool


_Said = tuple[_Competing, Any, dict[str, tuple[int, str, str]]]
"""Who says a value, the value, and how far that source is trusted in each field."""


def merge(statements: Iterable[Statement], rules: Rules) -> Master:
    """The master record of these statements; of one given several times the one published last counts."""
    kept = _latest(statements)
    competing = _competing(kept)
    fields: dict[str, Held] = {}
    for rule in rules.values():
        if found := _candidates(competing, rule):
            held = _held(found, rule)
            fields[rule.field] = held
            for name in rule.beside:
                if (value := held.by.said.get(name)) is not None:
                    fields[name] = held._replace(field=name, value=value)
    return Master(kept, dict(sorted(fields.items())))


def compiled(rules: Rules) -> Callable[[Iterable[Statement]], Master]:
    """`merge` with the rules worked into it, for a loop: it makes the same of everything (`tests/resolver/test_survivorship.py`), but reads
    each statement once, and where all who count say one and the same it compares nothing."""
    table = tuple(rules.items())
    trusted: dict[tuple[str, str], dict[str, tuple[int, str, str]]] = {}

    def trust(department: str, dataset: str) -> dict[str, tuple[int, str, str]]:
        """Field → the rank of this source, and why it holds: alone, beside others."""
        known = trusted.get((department, dataset))
        if known is None:
            ranks = {field: rule.rank(department, dataset) for field, rule in table}
            known = {field: (ranks[field], _why(ranks[field], 1, rule), _why(ranks[field], 2, rule)) for field, rule in table}
            trusted[department, dataset] = known
        return known

    def hold(saying: Sequence[_Said], rule: Rule) -> Held:
        first, value, sources = saying[0]
        field = rule.field
        rank, alone, why = sources[field]
        if len(saying) == 1:
            return _made(Held, (field, value, first.statement, alone, 1, ()))
        live, by = first.live, first.statement
        current = saying if saying[-1][0].live is live else [said for said in saying if said[0].live is live]
        departments = set()
        for (statement, _, department, _, _), other, sources in current:
            if other != value:
                return differ(saying, rule)
            departments.add(department)
            if sources[field][0] < rank:
                by, value, (rank, _, why) = statement, other, sources[field]
        return _made(Held, (field, value, by, why, len(departments), ()))

    def differ(saying: Sequence[_Said], rule: Rule) -> Held:
        found = [
            Candidate(each.statement, value, _form(value, rule, each.statement), sources[rule.field][0], each.live)
            for each, value, sources in saying
        ]
        found.sort(key=lambda c: (not c.live, c.rank))
        return _held(found, rule)

    def merged(statements: Iterable[Statement]) -> Master:
        kept = _latest(statements)
        saying: dict[str, list[_Said]] = {}
        for each in _competing(kept):
            sources = trust(each.department, each.dataset)
            for field, value in each.said.items():
                if value is not None and field in sources and (value or value != []):  # most is said by its truth alone
                    saying.setdefault(field, []).append((each, value, sources))
        fields: dict[str, Held] = {}
        for field, rule in table:
            if field in saying:
                fields[field] = held = hold(saying[field], rule)
                for name in rule.beside:
                    if (value := held.by.said.get(name)) is not None:
                        fields[name] = _made(Held, (name, value, *held[2:]))
        return Master(kept, {name: fields[name] for name in sorted(fields)})

    return merged


def _latest(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Of one given several times the one published last, by key."""
    latest: dict[bytes, Statement] = {}
    for each in statements:
        if (other := latest.get(each.key)) is None or _version(other) < _version(each):
            latest[each.key] = each
    return tuple(latest[key] for key in sorted(latest))


def candidates(statements: Sequence[Statement], rule: Rule) -> list[Candidate]:
    """All that hold a value for this field and were not annulled, the one that is believed first."""
    return _candidates(_competing(statements), rule)


def _competing(statements: Iterable[Statement]) -> list[_Competing]:
    """All that were not annulled, nor said in confidence (no file may show it): those in force first, of them the latest first, and the
    order of keys where nothing else tells."""
    found = [each for each in statements if each.said["operation"] != "annulled" and not each.said.get("name_token")]
    if len(found) > 1:
        found.sort(key=itemgetter(0))
        found.sort(key=_standing, reverse=True)
    return [_asked(each, each.said, each.said["source"]) for each in found]


def _asked(statement: Statement, said: Mapping[str, Any], source: Mapping[str, Any]) -> _Competing:
    return _made(_Competing, (statement, said, source["department"], source["dataset"], said["operation"] in _LIVE))


def _standing(statement: Statement) -> tuple[bool, str, int]:
    """In force, when so, when known: the more the sooner it is believed."""
    return statement.said["operation"] in _LIVE, statement.valid_from or "", statement.known_from


def _candidates(competing: Sequence[_Competing], rule: Rule) -> list[Candidate]:
    field, found = rule.field, []
    for statement, said, department, dataset, live in competing:
        value = said.get(field)
        if value is not None and value != []:
            found.append(Candidate(statement, value, _form(value, rule, statement), rule.rank(department, dataset), live))
    if len(found) > 1:
        found.sort(key=lambda c: (not c.live, c.rank))
    return found


def same(one: Candidate, other: Candidate, rule: Rule) -> bool:
    """Whether two say the same, one perhaps more precisely. What cannot be compared is not held to differ."""
    if one.form is None or other.form is None:
        return True
    if rule.compare == "date":
        return bool(one.form.startswith(other.form) or other.form.startswith(one.form))
    return bool(one.form == other.form)


def _held(found: Sequence[Candidate], rule: Rule) -> Held:
    first = found[0]
    if len(found) == 1:
        return Held(rule.field, first.value, first.statement, _why(first.rank, len(found), rule), 1, ())
    current = [each for each in found if each.live == first.live]
    like = [each for each in current if same(first, each, rule)]
    chosen = max(like, key=lambda c: len(c.form)) if rule.compare == "date" else first  # of equals the first, which is trusted most
    differing = () if rule.recency else tuple(_others(first, current, rule))
    agree = len({each.statement.department for each in like})
    return Held(rule.field, chosen.value, chosen.statement, _why(chosen.rank, len(found), rule), agree, differing)


def _others(first: Candidate, current: Sequence[Candidate], rule: Rule) -> Iterable[Candidate]:
    """What other departments now say instead. A department that says both is not counted: it does not contradict."""
    agreeing = {each.statement.department for each in current if same(first, each, rule)}
    return (each for each in current if each.statement.department not in agreeing)


def _why(rank: int, saying: int, rule: Rule) -> str:
    """The kind of rule by which a source of this rank holds, of so many candidates."""
    if rule.authority and rule.order and rank == 0 and not rule.recency:
        return "authority"
    if saying == 1:
        return "only"
    return "recency" if rule.recency else "fallback"


def _form(value: Any, rule: Rule, statement: Statement) -> Any:
    match rule.compare:
        case "name":
            read = read_name(value)
            return read.value.name if read.value and not read.codes else None
        case "date":
            return value
        case "address":
            whole = not any(f["code"] in ("ADDR_PARTIAL", "ADDR_AMBIGUOUS") for f in statement.said["quality"])
            return place_of_address(value, whole)
        case "phones":
            return tuple(sorted(phone["token"] for phone in value))
        case "none":
            return None
    return value


def _version(statement: Statement) -> tuple[int, str]:
    return statement.known_from, statement.said["event_id"]
