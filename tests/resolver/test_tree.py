"""Dwellings as a tree: every branch has an id that follows from what it is called."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bus.resolver.tree import below, branches
from tests.resolver.world import KEYS

HOME = {"compound": "青石和美家园", "division_code": "379901001002", "building": "3", "entrance": "2", "room": "401"}


def master(subject: str = "d", **fields: Any) -> dict[str, Any]:
    return {"subject": subject, "fields": {name: {"value": value} for name, value in fields.items()}}


def kinds(record: dict[str, Any]) -> list[tuple[str, str]]:
    return [(branch.kind, branch.name) for branch in branches(record, KEYS)]


def test_a_dwelling_stands_on_its_entrance_of_its_building_of_its_compound() -> None:
    assert kinds(master(address=HOME)) == [("compound", "青石和美家园"), ("building", "3"), ("entrance", "2")]


def test_it_stands_as_far_down_as_it_is_known_and_on_nothing_where_its_compound_is_not() -> None:
    assert kinds(master(address={**HOME, "entrance": None})) == [("compound", "青石和美家园"), ("building", "3")]
    assert kinds(master(address={**HOME, "compound": None})) == []


def test_a_compound_is_one_by_its_code_whatever_it_is_called_and_is_no_dwelling_of_itself() -> None:
    one, other = (branches(master(compound_code="XQ1", address={**HOME, "compound": name}), KEYS) for name in ("青石", "青石小区"))
    assert [branch.id for branch in one] == [branch.id for branch in other]
    assert branches(master(kind="compound", compound_code="XQ1"), KEYS) == []


def test_building_two_of_one_compound_is_not_that_of_another() -> None:
    one, other = (branches(master(compound_code=code, building="2"), KEYS) for code in ("XQ1", "XQ2"))
    assert one[1].name == other[1].name
    assert one[1].id != other[1].id


CITY = [
    master(f"{compound}{building}{entrance}{room}", compound_code=compound, building=building, entrance=entrance, room=room)
    for compound in ("XQ1", "XQ2")
    for building in ("1", "2", "10")
    for entrance in ("1", "2")
    for room in ("101", "102")
]


@given(st.permutations(CITY))
def test_whatever_the_order_every_level_counts_what_stands_on_it(city: list[dict[str, Any]]) -> None:
    compounds = below(city, KEYS)
    assert [(branch.name, count) for branch, count in compounds] == [("XQ1", 12), ("XQ2", 12)]
    buildings = below(city, KEYS, compounds[0][0].id)
    assert [(branch.kind, branch.name, count) for branch, count in buildings] == [("building", each, 4) for each in ("1", "2", "10")]
    entrances = below(city, KEYS, buildings[2][0].id)
    assert [(branch.name, count) for branch, count in entrances] == [("1", 2), ("2", 2)]
    homes = below(city, KEYS, entrances[1][0].id)
    assert [(branch.kind, branch.id, branch.name, count) for branch, count in homes] == [
        ("dwelling", "XQ1102101", "101", 1),
        ("dwelling", "XQ1102102", "102", 1),
    ]
    assert below(city, KEYS, homes[0][0].id) == []
