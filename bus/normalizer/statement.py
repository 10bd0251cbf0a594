"""The values a row becomes: parties, statements, and the row's outcome (`interfaces.md`, "What happens to a record")."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from bus.quality import Finding

CLEAN, FLAGGED, PARTIAL, REFUSED = "clean", "flagged", "partial", "refused"


class Party(NamedTuple):
    """A person or organization that a row names."""

    entity: str
    """`resident` or `organization`."""
    ordinal: int
    fields: dict[str, Any]
    findings: list[Finding]
    """All that was found in its cells."""
    identity: list[Finding]
    """What was found in the cell of its number: what a link to it rests on."""
    refused: bool = False
    """Its number is damaged: it would be joined to nobody, or to the wrong one."""


class Statement(NamedTuple):
    """What one row says about one subject: goes out, or, refused, into the dead letter."""

    entity: str
    role: str
    ordinal: int
    operation: str
    key: bytes
    fields: dict[str, Any]
    findings: list[Finding]
    refused: bool


class Row:
    """One raw record while it is normalized: its cells, and what its statements have found so far."""

    __slots__ = (
        "at", "cells", "count", "key", "keys", "loose", "number_cells", "on", "operation", "ordinal", "parties", "present", "refused",
    )  # fmt: skip

    def __init__(self, cells: Mapping[str, Any], key: bytes, on: date, number_cells: Collection[str], operation: str, at: int = 0) -> None:
        self.cells = cells
        self.key = key
        self.on = on
        """The day of publishing: what "future" and "age" are measured against. Never the clock's."""
        self.at = at
        """The moment of publishing, in ms since 1970 UTC."""
        self.number_cells = number_cells
        self.operation = operation
        self.keys: dict[tuple[str, int], bytes] = {}
        """Keys of this row's statements, by role and ordinal, as they are asked for."""
        self.parties: dict[str, list[Party]] = {}
        self.present: set[str] = set()
        """Roles of statements without a party that this row makes."""
        self.refused: tuple[str, ...] = ()
        """Names of the persons of the row who are refused."""
        self.loose: list[Finding] = []
        """Found in cells of parties that the row does not name after all; its first statement carries them."""
        self.ordinal = 0
        self.count = 1
        """Which of how many parties a statement is being made for."""


def outcome(statements: Sequence[Statement]) -> str:
    """What became of the row. A row without statements is clean: it had nothing to say that could be wrong."""
    refused = sum(s.refused for s in statements)
    if refused:
        return REFUSED if refused == len(statements) else PARTIAL
    return FLAGGED if any(f.severity != "info" for s in statements for f in s.findings) else CLEAN


def once(findings: Sequence[Finding]) -> list[Finding]:
    """Each finding once, in the order of the first."""
    return list(dict.fromkeys(findings)) if len(findings) > 1 else list(findings)
