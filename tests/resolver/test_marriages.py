"""Couples of one pair of names: which old row is of which, and whom a row still knows beside somebody who is refused."""

from __future__ import annotations

from functools import partial
from typing import Any

from bus.resolver.evidence import UNPLACED, WITH, Claim, candidates, claims_of
from bus.resolver.likeness import AGAINST
from bus.resolver.pairs import TOGETHER, pair_key, pairs, sides
from bus.resolver.peers import peers
from tests.resolver.test_evidence import FLAT, ident, said
from tests.resolver.world import KEYS

COUPLE = pair_key(KEYS, "张三", "李四")


def husband(row: str, subject: str = "", **fields: Any) -> dict[bytes, Claim]:
    """What stands under the key of the couple for the man of a row that names both."""
    rows = [
        claims_of(said(row, name=name, **fields), ident(subject) if subject and name == "张三" else b"", KEYS) for name in ("张三", "李四")
    ]
    claims = {ident(row + name): claim for name, row_claims in zip("mw", rows, strict=True) for claim in row_claims.values()}
    told = pairs(claims.items(), partial(pair_key, KEYS))[COUPLE]
    (his,) = (side for side in sides({TOGETHER + ident(row): told}) if all(claim.name == "张三" for claim in side.values()))
    return his


def fits(one: dict[bytes, Claim], *others: dict[bytes, Claim]) -> set[bytes]:
    claims = one | {key: claim for other in others for key, claim in other.items()}
    found = [level for statement in one for level in candidates(claims, KEYS).get(statement, {}).items()]
    return {subject for subject, level in found if AGAINST not in level}


def test_an_old_marriage_is_of_the_couple_of_its_names() -> None:
    assert fits(husband("old", marriage_token="c.1"), husband("home", "A", residence_address=FLAT)) == {ident("A")}


def test_two_registrations_of_a_marriage_are_two_couples() -> None:
    old, known = husband("old", marriage_token="c.1"), husband("m", "A", marriage_token="c.2")
    home = husband("home", "A", residence_address=FLAT)

    assert fits(old, known) == fits(old, known, home) == set()
    assert fits(old, known, home, husband("home2", "B", residence_address=FLAT)) == {ident("B")}
    assert fits(husband("twice", marriage_token="c.2"), known) == {ident("A")}


def test_a_reissue_or_a_divorce_is_of_the_couple_whatever_it_registered() -> None:
    assert fits(husband("reissue"), husband("m", "A", marriage_token="c.2")) == {ident("A")}
    assert fits(husband("old", marriage_token="c.1"), husband("reissue", "A")) == {ident("A")}


def test_a_marriage_is_not_of_who_was_no_adult_when_it_was_registered() -> None:
    son = husband("home", "A", residence_address=FLAT, sex="1", birth_date="2001-04-19")

    assert fits(husband("old", sex="1", of_age_on="1958-06-25"), son) == set()
    assert fits(husband("late", sex="1", of_age_on="2021-04-19"), son) == {ident("A")}
    father = husband("home2", "B", residence_address=FLAT, sex="1", birth_date="1935-03-01")
    assert fits(husband("old", sex="1", of_age_on="1958-06-25"), son, father) == {ident("B")}


def test_two_registrations_are_of_no_group_nor_is_a_reissue_of_one_of_them() -> None:
    one, other, reissue = husband("1", marriage_token="c.1"), husband("2", marriage_token="c.2"), husband("3")

    assert len(peers(COUPLE, one | reissue, KEYS)) == 2
    assert peers(COUPLE, one | other | reissue, KEYS) == {}


def test_who_stands_beside_somebody_who_is_refused_is_found_by_the_couples_names() -> None:
    refused = claims_of(said("m", name="张三", beside_tokens=[COUPLE.hex()], marriage_token="c.1"), b"", KEYS)

    assert fits({ident("m"): refused[COUPLE]}, husband("home", "A", residence_address=FLAT)) == {ident("A")}
    assert fits({ident("m"): refused[COUPLE]}, husband("other", "A", marriage_token="c.2")) == set()
    assert refused[COUPLE].kind == WITH


def test_a_marriage_is_told_only_where_it_is_compared() -> None:
    claims = claims_of(said("m", name="张三", phones=[{"token": "p"}], marriage_token="c.1"), b"", KEYS)
    assert {claim.kind: claim.married for claim in claims.values()} == {UNPLACED: "c.1", "phone": ""}
    assert {Claim.decoded(claim.encoded()) for claim in claims.values()} == set(claims.values())
