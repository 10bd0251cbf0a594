"""RULINGS: what a person decides about identity, as records beside those of the departments, so that a rebuild is told the same. Pure.

    at the subject     (subject, MOVE, statement or ALL)   → where the statement, or all that comes, goes from here
    at each side       (subject, RULING, ruling)           → the master records that it puts right
    at the statement   (statement, PERSON)                 → of a statement without a number: whom it is about
    for the record     internal.decision (ruling)          → who decided what, why, when, and by which records

A ruling about one statement goes before one about all, and both before what the resolver would decide by itself. To take a ruling back is a
ruling too: it withdraws the records of the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bus.event import Output
from bus.resolver.routing import PERSON, Routes
from bus.resolver.subject import ALL, MOVE, RULING, Arrived, Kept

ORDERED = "ordered"
"""The verdict of a decision that a person made."""


@dataclass(frozen=True, slots=True)
class Move:
    """From `subject`, the statement (`ALL`: whatever comes) goes to `to`; to itself: it stays."""

    subject: bytes
    statement: bytes
    to: bytes


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decided. `id`: 16 bytes; `kind`: join, split, apart or undo; `at`: ms since 1970; `corrects`: event ids of the master
    records that were wrong by it; `statements`: statement without a number → whom it is about (empty: nobody known); `undoes`: the ruling
    that it takes back, empty if none."""

    id: bytes
    kind: str
    entity: str
    by: str
    reason: str
    at: int
    moves: Sequence[Move] = ()
    statements: Mapping[bytes, bytes] = field(default_factory=dict)
    corrects: Sequence[str] = ()
    undoes: bytes = b""

    def record(self) -> bytes:
        """As it stands on internal.decision."""
        return _json(
            {
                "verdict": ORDERED,
                "kind": self.kind,
                "entity": self.entity,
                "by": self.by,
                "reason": self.reason,
                "moves": [[move.subject.hex(), move.statement.hex(), move.to.hex()] for move in self.moves],
                "statements": {statement.hex(): to.hex() for statement, to in self.statements.items()},
                "corrects": list(self.corrects),
                "undoes": self.undoes.hex(),
            }
        )

    @classmethod
    def read(cls, id: bytes, at: int, value: bytes) -> Ruling:
        """The inverse of `record`."""
        said: dict[str, Any] = json.loads(value)
        moves = [Move(*map(bytes.fromhex, each)) for each in said["moves"]]
        statements = {bytes.fromhex(key): bytes.fromhex(to) for key, to in said["statements"].items()}
        undoes = bytes.fromhex(said["undoes"])
        return cls(id, said["kind"], said["entity"], said["by"], said["reason"], at, moves, statements, said["corrects"], undoes)


def outputs(ruling: Ruling, routes: Routes, touched: Iterable[bytes] = (), undone: Ruling | None = None) -> list[Output]:
    """All records of a ruling, to be written together. `touched`: the subjects whose files it puts right; `undone`: the ruling that it
    takes back."""
    at, entity = ruling.at, ruling.entity
    found = [routes.decision(ruling.id, ruling.record(), at)]
    for move in undone.moves if undone else ():
        found.append(routes.told(entity, move.subject, MOVE, move.statement, None, at))
    for statement in undone.statements if undone else ():
        found.append(routes.for_pending(statement, PERSON, None, at))
    for move in ruling.moves:
        found.append(routes.told(entity, move.subject, MOVE, move.statement, move.to, at))
    for statement, to in ruling.statements.items():
        found.append(routes.for_pending(statement, PERSON, to, at))
    rights = _json(list(ruling.corrects))
    return found + [routes.told(entity, subject, RULING, ruling.id, rights, at) for subject in sorted(set(touched))]


def moves_to_join(source: bytes, into: bytes, back: Iterable[bytes] = ()) -> list[Move]:
    """That all of `source` is about `into`. `back`: the statements that an earlier ruling sent from `into` to `source`: they stay now."""
    return [Move(source, ALL, into), *(Move(into, statement, into) for statement in sorted(back))]


def settled(subject: bytes, come: Arrived, aside: Mapping[bytes, bytes]) -> tuple[Sequence[Kept], dict[bytes, bytes]]:
    """The statements that stay with `subject`, and those that go: statement → where. `aside`: those that the resolver itself would not
    leave here, and where they go."""
    if not aside and MOVE not in come.told:  # nearly always
        return come.statements, {}
    moves = {statement: told.value for statement, told in come.told.get(MOVE, {}).items()}
    everything = moves.get(ALL, subject)
    stay, gone = [], {}
    for each in come.statements:
        to = moves.get(each.key) or aside.get(each.key) or everything
        if to == subject:
            stay.append(each)
        else:
            gone[each.key] = to
    return stay, gone


def corrected(come: Arrived, known_from: int) -> list[str]:
    """The master records that this file puts right: those named by the last ruling about it, unless something was said since."""
    told = come.told.get(RULING)
    if not told:
        return []
    last = max(told.values())
    return [str(each) for each in json.loads(last.value)] if last.at >= known_from else []


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
