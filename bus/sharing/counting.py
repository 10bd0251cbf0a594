"""About how many people is it? Counts, over decoded records, the subjects of whom an agreement would newly reveal something. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bus.sharing.agreement import Agreement
from bus.sharing.exposure import Reveal
from bus.sharing.rows import scope

Value = Mapping[str, Any]


class Count(NamedTuple):
    """`scope`: subjects in the agreement's rows; `touched`: those of whom anything is newly seen; `each`: for each reveal, in order."""

    scope: int
    touched: int
    each: Sequence[int]


def count(agreement: Agreement, reveals: Sequence[Reveal], partitions: Iterable[Iterable[tuple[bytes, Value | None]]]) -> Count:
    """`partitions`: of each partition the records (key, value or None) in their order; a later record of a key replaces the earlier. Holds
    one number for each subject of one partition at a time."""
    seen = [_seen(agreement, each) for each in reveals]
    within = scope(agreement.rows, agreement.consumer)
    totals: Counter[int] = Counter()
    subjects = touched = 0
    for records in partitions:
        found: dict[bytes, int] = {}
        for key, value in records:
            found.pop(key, None)
            if value is not None and value.get("operation") != "annulled" and within(value):
                found[key] = sum(1 << at for at, is_seen in enumerate(seen) if is_seen(value))
        subjects += len(found)
        for bits, times in Counter(found.values()).items():
            touched += times if bits else 0
            for at in range(len(seen)):
                totals[at] += times * (bits >> at & 1)
    return Count(subjects, touched, [totals[at] for at in range(len(seen))])


def _seen(agreement: Agreement, reveal: Reveal) -> Callable[[Value], bool]:
    """A record → whether this reveal newly shows something of it."""
    elsewhere = [scope(rows, agreement.consumer) for rows in reveal.elsewhere]
    said = _said(reveal)
    return lambda value: said(value) and not any(there(value) for there in elsewhere)


def _said(reveal: Reveal) -> Callable[[Value], bool]:
    provider, (where, _, kind) = reveal.provider, reveal.field.partition(".")
    if where == "subject":
        return lambda value: any(source["department"] == provider for source in value["sources"])
    if kind:
        return lambda value: any(link["kind"] == kind and link["department"] == provider for link in value["links"])
    return lambda value: _has(value, provider, where)


def _has(value: Value, provider: str, name: str) -> bool:
    if isinstance(fields := value.get("fields"), Mapping):
        held = fields.get(name)
        return held is not None and held["department"] == provider and held["value"] not in (None, [])
    return value["source"]["department"] == provider and value.get(name) not in (None, [])
