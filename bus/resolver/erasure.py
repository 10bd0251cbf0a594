"""ERASURE: whose rows have to go so that the file of a person goes, and what stays all the same. Pure.

A row that is about this person, and about no other, goes as a whole: the department's record, and all that was made of it. Of a row that
is about something else or about others too (a home and its owners, a marriage) only what it says about this person is withdrawn; the row
itself is mended by its department, and says so until then. What anybody else said *about* the person in statements of other rows (a party
of a lease) stays with those rows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bus.event import Record
from bus.resolver.store import row_key

_STATEMENT = re.compile("[0-9a-f]{32}")
_ITSELF = "self"
"""The role, in a row, of whom the row is about."""


class Row(NamedTuple):
    """A department's row, by its own key in one line."""

    dataset: str
    key: str


class Statement(NamedTuple):
    """The newest version of a statement: where it stands, its key, since when (ms), of which row it is made (`source`: as it says itself),
    which other statements it names."""

    topic: str
    key: bytes
    at: int
    row: Row
    source: Mapping[str, Any]
    names: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Extent:
    """What an erasure comes to. `statements`: to be withdrawn; `rows`: that go as a whole; `mixed`: the other rows that speak of the
    person, which their departments have to mend; `naming`: statements of any rows that name the person and stay."""

    statements: list[Statement] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    mixed: list[Row] = field(default_factory=list)
    naming: list[Statement] = field(default_factory=list)

    def left(self) -> dict[str, int]:
        """Dataset → its rows that stay and speak of the person."""
        return dict(sorted(Counter(row.dataset for row in {*self.mixed, *(each.row for each in self.naming)}).items()))


def statement_of(topic: str, record: Record, said: Mapping[str, Any]) -> Statement:
    """A canonical statement, as far as erasure looks at it."""
    return Statement(topic, record.key or b"", record.timestamp, row_of(said["source"]), said["source"], frozenset(_named(said)))


def row_of(source: Mapping[str, Any]) -> Row:
    """The row that a statement is made of."""
    return Row(source["dataset"], row_key(source["key"]))


def extent(mine: Collection[bytes], about: str, statements: Iterable[Statement]) -> Extent:
    """What has to go. `mine`: the keys of all statements about the person; `about`: the topic they stand in; `statements`: the newest of
    all that stand in a row with one of them, or name one."""
    every = list(statements)
    own = [each for each in every if each.topic == about and each.key in mine]
    rows = {each.row for each in own}
    others = {each.row for each in every if each.topic == about and each.key not in mine}
    alone = {each.row for each in own if each.source["role"] == _ITSELF} - others
    going = [each for each in every if each.row in alone or (each.topic == about and each.key in mine)]
    staying = [each for each in every if each not in going and not each.names.isdisjoint(mine)]
    return Extent(going, sorted(alone), sorted(rows - alone), staying)


def concerns(statement: Statement, mine: Collection[bytes], rows: Collection[Row]) -> bool:
    """Whether `extent` has to see a statement."""
    return statement.row in rows or not statement.names.isdisjoint(mine)


def _named(said: Mapping[str, Any]) -> Iterator[bytes]:
    """The statements that a statement names: its parties, who lives there, the dwelling, the household."""
    for name, value in said.items():
        if name.endswith("_key") and isinstance(value, str) and _STATEMENT.fullmatch(value):
            yield bytes.fromhex(value)
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, Mapping) and each.get("entity") and each.get("key"):
                yield bytes.fromhex(each["key"])
