"""Under one number, whose statements are another person's? Such a statement is not held to be about the number's owner; a person decides.
Pure.

- Another name *and* another birth date: a child entered under a parent's number, a digit too many of the neighbour's. Another name alone is
  no contradiction (names change, and are mistyped), nor is another birth date alone: both are disputes at most.
- A number that somebody left in what he wrote is his only where his name bears it out: people write down a parent's number, a neighbour's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

from bus.resolver.evidence import Claim, told_of
from bus.resolver.identity import goes_by_words
from bus.resolver.likeness import AGAINST, UNKNOWN, likeness
from bus.resolver.survivorship import Statement
from bus.standards.names import read_name

BIRTH_DATE_DIFFERS = "ID_DOB_CONFLICT"
"""The normalizer's finding: the birth date stated in the row is not the one in the number."""


def others_under_one_number(statements: Sequence[Statement]) -> frozenset[bytes]:
    """Keys of the statements of another person than the number's."""
    others = _entered_under_it(statements)
    in_words = [each for each in statements if goes_by_words(each.said)]
    if not in_words:  # nearly always
        return others
    owners = [told_of(each.said) for each in statements if each.key not in others and each.said.get("id_token")]
    return others | _not_borne_out(in_words, owners)


def _not_borne_out(in_words: Sequence[Statement], owners: Collection[Claim]) -> frozenset[bytes]:
    """Keys of those who left the number and bear the name of none of its owners. Where none stands under it with a number of his own, it is
    taken for that of who left it, unless several did who are not one person: then for nobody's."""
    told = {each.key: told_of(each.said) for each in in_words}
    if owners:
        return frozenset(key for key, claim in told.items() if not any(_may_be_one(claim, owner) for owner in owners))
    return frozenset() if all(_may_be_one(one, other) for one, other in combinations(told.values(), 2)) else frozenset(told)


def _may_be_one(one: Claim, other: Claim) -> bool:
    alike = likeness(one, other)
    return alike.name != UNKNOWN and AGAINST not in alike


def _entered_under_it(statements: Sequence[Statement]) -> frozenset[bytes]:
    """Keys of those of another name and birth date, by what the statements that do not contradict the number say. Where none is left that
    says a name, there is nothing to hold the others against."""
    otherwise = {each.key for each in statements if each.said["quality"] and _born_otherwise(each)}
    if not otherwise:  # nearly always
        return frozenset()
    sound = {name for each in statements if each.key not in otherwise and not goes_by_words(each.said) and (name := _name(each))}
    if not sound:
        return frozenset()
    return frozenset(each.key for each in statements if each.key in otherwise and (name := _name(each)) and name not in sound)


def _born_otherwise(statement: Statement) -> bool:
    return bool(statement.said.get("id_token")) and any(found["code"] == BIRTH_DATE_DIFFERS for found in statement.said["quality"])


def _name(statement: Statement) -> str | None:
    """The name as it can be compared; None where it cannot (a rare character stands as something else)."""
    read = read_name(statement.said.get("name") or "")
    return read.value.name if read.value and not read.codes else None
