"""Who acts for which department, as configured; and who may take which step of an agreement."""

from __future__ import annotations

from pathlib import Path

import pytest

from bus.access.authority import objection
from bus.access.principals import Principal, read
from bus.access.rights import STEPS
from bus.errors import ConfigRefused
from bus.sharing import agreement
from bus.sharing.lifecycle import Step
from tests.sharing.test_sharing_by_command import TEXT

DEPARTMENTS = ("civil", "housing", "social")
EXAMPLE = Path(__file__).parents[2] / "deploy" / "principals.yaml.example"


def test_the_example_is_accepted() -> None:
    found = read(EXAMPLE.read_text(encoding="utf-8"), "example", DEPARTMENTS, STEPS)
    assert found["pub-civil"] == Principal(department="civil", does=("publish",))
    assert read("", "empty", DEPARTMENTS, STEPS) == {}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: {department: police, does: [decide]}", "a"),
        ("a: {does: [fly]}", "a"),
        ("a: {does: [publish]}", "a"),
        ("a: {department: office, does: [publish]}", "a"),
        ("a: {department: civil, may: all}", "a.may"),
        ("'a b': {does: [steps]}", "a b"),
        ("a: [", ""),
        ("- a", ""),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ConfigRefused) as caught:
        read(text, "p.yaml", DEPARTMENTS, STEPS)
    assert "p.yaml" in caught.value.place and place in caught.value.place


@pytest.mark.parametrize(
    ("step", "may"),
    [
        ("submit", {"civil", "office"}),
        ("review", {"office"}),
        ("approve", {"social"}),
        ("refuse", {"social", "office"}),
        ("apply", {"office"}),
        ("suspend", {"social", "office"}),
        ("resume", {"social", "office"}),
        ("revoke", {"social", "office"}),
    ],
)
def test_each_step_is_taken_by_the_departments_whose_it_is(step: Step, may: set[str]) -> None:
    found, _ = agreement.read(TEXT, "")  # social provides, civil consumes
    people = {name: Principal(department=name, does=("decide",)) for name in (*DEPARTMENTS, "office")}
    assert {name for name, who in people.items() if objection(step, who, found) is None} == may


def test_who_is_not_configured_or_does_other_things_takes_no_part() -> None:
    found, _ = agreement.read(TEXT, "")
    assert objection("approve", None, found) is not None
    assert objection("approve", Principal(department="social", does=("publish",)), found) is not None
