"""By what a statement says that it means a subject."""

from __future__ import annotations

from typing import Any

import pytest

from bus.resolver.identity import goes_by_words, identities

PLACE = {"compound_code": "XQ000001", "building": "3", "entrance": "2", "room": "401"}


def dwelling(department: str = "social", kind: str = "unit", **said: Any) -> dict[str, Any]:
    return {"kind": kind, "source": {"department": department}, "quality": [], "address": None, **said}


def test_a_person_is_known_by_the_token_and_without_one_by_nothing() -> None:
    assert identities("resident", {"id_token": "t.1"}) == ("token:t.1",)
    assert identities("resident", {"id_token": None}) == ()


def test_a_person_without_a_number_of_his_own_goes_by_the_one_that_he_left_in_his_words() -> None:
    own, left = {"id_token": "t.1", "said_id_token": "t.2"}, {"id_token": None, "said_id_token": "t.2"}
    assert (identities("resident", own), goes_by_words(own)) == (("token:t.1",), False)
    assert (identities("resident", left), goes_by_words(left)) == (("token:t.2",), True)


def test_a_dwelling_is_known_by_unit_number_then_house_code_then_place() -> None:
    said = dwelling("housing", real_estate_unit_no="U", source_code="H", **PLACE)
    assert identities("dwelling", said) == ("unit:U", "code:housing:H", "place:XQ000001|3|2|401")


def test_what_another_department_calls_a_dwelling_is_weaker_than_where_it_is() -> None:
    assert identities("dwelling", dwelling(source_code="F", address=PLACE)) == ("place:XQ000001|3|2|401", "code:social:F")


def test_columns_and_an_address_that_contradict_each_other_mean_no_place() -> None:
    assert identities("dwelling", dwelling("housing", source_code="H", address={**PLACE, "room": "501"}, **PLACE)) == ("code:housing:H",)


@pytest.mark.parametrize("missing", ["compound_code", "building", "entrance", "room"])
def test_a_place_without_one_of_its_parts_is_none(missing: str) -> None:
    assert identities("dwelling", dwelling(address={**PLACE, missing: None})) == ()


def test_a_house_of_a_village_has_no_entrance_and_room_and_is_a_place_only_if_nothing_is_missing() -> None:
    house = {"compound_code": "XQ000002", "building": "21"}
    assert identities("dwelling", dwelling(address=house)) == ("place:XQ000002|21||",)
    partial = [{"code": "ADDR_PARTIAL", "column": "XZZ", "severity": "info"}]
    assert identities("dwelling", dwelling(address=house, quality=partial)) == ()


def test_compounds_of_one_name_in_two_communities_are_two_places() -> None:
    one, other = (
        {**PLACE, "compound_code": None, "compound": "阳光花园", "division_code": code} for code in ("379901001001", "379901001002")
    )
    assert identities("dwelling", dwelling(address=one)) != identities("dwelling", dwelling(address=other))


def test_where_something_happened_has_a_file_only_if_it_says_which_dwelling() -> None:
    assert identities("dwelling", dwelling(kind="place", address={"road": "青年路"})) is None
    assert identities("dwelling", dwelling(kind="place", address=PLACE)) == ("place:XQ000001|3|2|401",)


def test_a_compound_is_known_by_its_name_in_its_community() -> None:
    said = dwelling("housing", kind="compound", compound_name="幸福里小区", division_code="379901001002")
    assert identities("dwelling", said) == ("compound:379901001002/幸福里",)


def test_an_entity_without_files_is_passed_over() -> None:
    assert identities("appeal", {}) is None
