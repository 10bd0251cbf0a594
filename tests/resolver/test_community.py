"""Who is found by his name in a community, where no number, phone or dwelling says who he is."""

from __future__ import annotations

from typing import Any

from bus.resolver.evidence import COMMUNITY, PLACE, ROW, UNPLACED, Claim, candidates, claims_of, place_claims, whereabouts
from tests.resolver.test_evidence import FLAT, HOME, IN_COMMUNITY, KEYS, ident, phone, said


def in_community(row: str, *found: dict[str, Any], subject: str = "", **fields: Any) -> dict[bytes, Claim]:
    """Who bears which name where, by what a row says of one person and, in `found`, of where it is."""
    persons = claims_of(said(row, **fields), ident(subject) if subject else b"", KEYS)
    (person,) = (each for each in persons.values() if each.kind in (ROW, UNPLACED))
    places = {ident(f"d{n}"): each for n, place in enumerate(found) for each in place_claims({**said(row), **place}, KEYS).values()}
    gathered = whereabouts({ident(row): person, **places}, IN_COMMUNITY)
    return {key: each for key, each in [*persons.items(), *((key, each) for (key, _), each in gathered.items())] if each.kind == COMMUNITY}


def fits_in_community(one: dict[bytes, Claim], *known: dict[bytes, Claim]) -> set[bytes]:
    """Whom the one who looks may be, by name and community alone."""
    under = [
        {ident("s"): each} | {ident(f"k{n}"): other[key] for n, other in enumerate(known) if key in other} for key, each in one.items()
    ]
    return {subject for claims in under for each in candidates(claims, KEYS).values() for subject in each}


TEAM = {"address": {"division_code": HOME}}


def test_a_name_finds_who_alone_bears_it_in_the_community_that_the_row_names() -> None:
    volunteer = in_community("v", TEAM, name="张三丰")
    resident = in_community("r", name="张三丰", subject="A", residence_address=FLAT)
    owner = in_community("o", {"address": {**FLAT, "room": "402"}}, name="张三丰", subject="B")
    abroad = in_community("a", name="张三丰", subject="C", residence_address={**FLAT, "division_code": "379901001003"})
    by_ear = in_community("e", name="张三峰", subject="D", residence_address=FLAT)

    assert fits_in_community(volunteer, resident, abroad, by_ear) == {ident("A")}
    assert fits_in_community(volunteer, owner) == {ident("B")}
    assert fits_in_community(volunteer, resident, owner) == set()  # two bear it there


def test_who_does_not_say_where_he_lives_is_known_where_he_is_registered() -> None:
    volunteer, registered = in_community("v", TEAM, name="张三丰"), {"division_code": HOME}
    abroad = {**FLAT, "division_code": "379901001003"}

    assert fits_in_community(volunteer, in_community("m", name="张三丰", subject="A", hukou_address=registered)) == {ident("A")}
    assert in_community("v", name="张三丰", hukou_address=registered) == {}  # who is looked for is not looked for there
    lives_elsewhere = in_community("r", name="张三丰", subject="A", residence_address=abroad, hukou_address=registered)
    assert fits_in_community(volunteer, lives_elsewhere) == set()


def test_who_stands_in_a_row_that_names_a_dwelling_is_not_looked_for_in_the_community_around_it() -> None:
    resident = in_community("r", name="扎西次仁", subject="A", residence_address=FLAT)
    tenant = in_community("t", {"address": {**FLAT, "room": "402"}}, name="扎西次仁")

    assert (tenant, fits_in_community(tenant, resident)) == ({}, set())


def test_a_name_of_two_characters_is_borne_by_too_many() -> None:
    assert in_community("v", TEAM, name="张三") == in_community("r", name="张三", subject="A", residence_address=FLAT) == {}


def test_a_row_that_names_a_dwelling_and_a_community_beside_it_still_says_where_who_stands_in_it_lives() -> None:
    places = [each for place in ({"address": FLAT}, TEAM) for each in place_claims({**said("v"), **place}, KEYS).values()]
    claims = {ident("d"): places[0], ident("e"): places[1], ident("v"): Claim(UNPLACED, b"", "张三丰", "", "")}

    assert PLACE in {each.kind for each in whereabouts(claims, IN_COMMUNITY).values()}


def test_who_left_another_phone_than_the_known_one_is_not_found_by_his_community() -> None:
    resident = in_community("r", name="张三丰", subject="A", residence_address=FLAT, phones=phone("p"))
    owner = in_community("o", {"address": FLAT}, name="张三丰", subject="A")

    assert fits_in_community(in_community("c", TEAM, name="张三丰", phones=phone("q")), resident) == set()
    assert fits_in_community(in_community("c", TEAM, name="张三丰", phones=phone("q")), owner) == {ident("A")}
    assert fits_in_community(in_community("c", TEAM, name="张三丰"), resident) == {ident("A")}


def test_who_says_where_he_lives_or_stands_in_a_row_of_two_communities_or_none_is_not_looked_for_in_one() -> None:
    street, next_to_it = {"address": {"division_code": "379901001000"}}, {"address": {"division_code": "379901001003"}}
    assert in_community("r", TEAM, name="张三丰", residence_address=FLAT) == {}
    assert in_community("r", street, name="张三丰") == in_community("r", TEAM, next_to_it, name="张三丰") == {}
    assert in_community("r", TEAM, form_of_address="张先生") == {}
