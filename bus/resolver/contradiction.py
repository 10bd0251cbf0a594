"""One number under which another name *and* another birth date is stated: a child entered under a parent's number, a digit too many of the
neighbour's. Such a statement is not held to be about the number's owner; a person decides. Pure.

Another name alone is no contradiction (names change, and are mistyped), nor is another birth date alone: both are disputes at most.
"""

from __future__ import annotations

from collections.abc import Sequence

from bus.resolver.survivorship import Statement
from bus.standards.names import read_name

BIRTH_DATE_DIFFERS = "ID_DOB_CONFLICT"
"""The normalizer's finding: the birth date stated in the row is not the one in the number."""


def others_under_one_number(statements: Sequence[Statement]) -> frozenset[bytes]:
    """Keys of the statements of another person, by what the statements that do not contradict the number say. Where none is left that
    says a name, there is nothing to hold the others against."""
    otherwise = {each.key for each in statements if _born_otherwise(each)}
    if not otherwise:  # nearly always
        return frozenset()
    sound = {name for each in statements if each.key not in otherwise and (name := _name(each))}
    if not sound:
        return frozenset()
    return frozenset(each.key for each in statements if each.key in otherwise and (name := _name(each)) and name not in sound)


def _born_otherwise(statement: Statement) -> bool:
    return bool(statement.said.get("id_token")) and any(found["code"] == BIRTH_DATE_DIFFERS for found in statement.said["quality"])


def _name(statement: Statement) -> str | None:
    """The name as it can be compared; None where it cannot (a rare character stands as something else)."""
    read = read_name(statement.said.get("name") or "")
    return read.value.name if read.value and not read.codes else None
