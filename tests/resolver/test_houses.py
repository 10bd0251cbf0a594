"""Where a house is that a department names by its own code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bus.cli.context import App
from bus.cli.resolving import rows
from bus.config import read_settings
from bus.resolver.evidence import HERE, PLACE, UNPLACED, Claim, Rows, claims_of, place_claims, place_key, place_of, whereabouts
from tests.resolver.test_evidence import FLAT, IN_COMMUNITY, ident
from tests.resolver.world import KEYS

SURVEY, LINKS = "social.resident_survey", "social.residency_survey"
ROWS = Rows({LINKS}, {(SURVEY, "home")})
HALF = {**FLAT, "room": None}
PLACE_KEY = place_key(place_of(FLAT) or (), KEYS)


def said(row: str, dataset: str, role: str, **fields: Any) -> dict[str, Any]:
    source = {"department": dataset.partition(".")[0], "dataset": dataset, "key": {"ID": row}, "role": role}
    return {"source": source, "phones": [], **fields}


def house(row: str, dataset: str = LINKS, address: dict[str, Any] = FLAT, code: str | None = "FW1") -> dict[bytes, Claim]:
    return place_claims(said(row, dataset, "home", address=address, source_code=code), KEYS, rows=ROWS)


def placed(row: str, name: str, *houses: dict[bytes, Claim], address: dict[str, Any] = HALF) -> set[bytes]:
    """The keys under which who stands in a row of the survey comes to be known, by his row and by what `houses` tell of its house."""
    person = claims_of(said(row, SURVEY, "self", name=name, residence_address=address), ident("A"), KEYS)
    (own,) = (claim for claim in person.values() if claim.kind == UNPLACED)
    by_row = whereabouts({ident(row): own} | {ident("d"): claim for claim in house(row, SURVEY, address).values()}, IN_COMMUNITY)
    told = {key: {ident(f"h{n}"): each[key] for n, each in enumerate(houses) if key in each} for key, _ in by_row}
    by_house = [whereabouts({ident(row): claim} | told[key], IN_COMMUNITY) for (key, _), claim in by_row.items()]
    return {key for each in by_house for (key, _), claim in each.items() if claim.kind == PLACE}


def test_who_stands_in_a_row_that_names_a_house_by_its_code_alone_lives_where_another_row_says_that_it_is() -> None:
    assert placed("r", "张三", house("g1"), house("g2")) == {PLACE_KEY}
    assert placed("r", "张三", house("g1"), address={}) == {PLACE_KEY}


def test_a_house_that_is_said_to_be_in_two_places_and_one_of_another_code_say_nothing() -> None:
    assert placed("r", "张三", house("g1"), house("g2", address={**FLAT, "room": "402"})) == set()
    assert placed("r", "张三", house("g1", code="FW2")) == placed("r", "张三", house("g1", code=None)) == set()
    assert placed("r", "张三", house("g1", address=HALF)) == set()


def test_what_nobody_hears_is_not_told() -> None:
    assert house("g1", code=None) == {}  # in whose row nobody stands
    assert house("r", SURVEY) == {}  # the person of the row says the same
    assert {claim.kind for claim in house("r", "housing.lease").values()} == {HERE}


def test_the_mappings_tell_in_whose_rows_nobody_stands_and_who_names_his_home_himself(tmp_path: Path) -> None:
    found = rows(App(read_settings({"home": str(tmp_path)})))

    assert LINKS in found.without_persons
    assert not {SURVEY, "housing.lease", "civil.assistance_family"} & set(found.without_persons)
    assert (SURVEY, "home") in found.homes
    assert ("civil.old_age_allowance", "home") not in found.homes  # an agent may stand beside him
