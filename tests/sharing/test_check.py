"""An agreement is held against the catalog: what may not be shared, or not like this, is refused, each with its line and cure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bus.contracts import catalog
from bus.sharing import agreement as written
from bus.sharing.check import check, sensitive
from bus.sharing.items import WAYS, Offer, offers
from bus.sharing.problem import Problem
from bus.standards.divisions import Divisions
from tests.sharing.paper import HOUSING, made

CATALOG = catalog.load()
OFFERS = offers(CATALOG)
TODAY = date(2026, 11, 25)
CITY = Divisions(
    [
        {"code12": "379900000000", "name": "澜州市", "level": "city", "parent": ""},
        {"code12": "379901000000", "name": "东澜区", "level": "county", "parent": "379900000000"},
        {"code12": "379901001000", "name": "云溪街道", "level": "street", "parent": "379901000000"},
        {"code12": "379901001001", "name": "望湖社区", "level": "community", "parent": "379901001000"},
    ]
)


def against(changed: Mapping[str, Any], on_offer: Mapping[str, Offer] = OFFERS) -> list[Problem]:
    return check(made(**changed), on_offer, CATALOG.departments, TODAY, divisions=CITY)


def closed(entity: str, share_class: str = "not_shared", dataset: str = "") -> dict[str, Offer]:
    """The offers, but this entity, or one dataset that says something of it, is of another share class."""
    offer = OFFERS[entity]
    if not dataset:
        return {**OFFERS, entity: offer._replace(share_class=share_class)}
    department = dataset.partition(".")[0]
    return {**OFFERS, entity: offer._replace(datasets={**offer.datasets, department: {dataset: share_class}})}


def test_nothing_stands_against_an_agreement_that_is_right() -> None:
    assert against({}) == []


@pytest.mark.parametrize(
    ("changed", "path", "says"),
    [
        ({"consumer": "police"}, "consumer", "no such department"),
        ({"provider": ["housing", "police"]}, "provider.1", "no such department"),
        ({"provider": ["housing", "civil"]}, "provider.1", "consumer cannot be a provider"),
        ({"provider": ["housing", "housing"]}, "provider.1", "twice"),
        ({"subscribers": ["svc", "svc.night"]}, "subscribers.0", "this one, a dot and more"),
        ({"entity": "person"}, "entity", "no such entity"),
        ({"entity": "volunteer", "fields": {"hours_total": "clear"}, "rows": None}, "provider.0", "says nothing of this entity"),
        ({"fields": {"colour": "clear"}}, "fields.colour", "no such field"),
        ({"fields": {"event_id": "clear"}}, "fields.event_id", "no such field"),
        ({"fields": {"building": "year"}}, "fields.building", "cannot go out in this way"),
        ({"fields": {"usage": "pseudonym"}}, "fields.usage", "cannot go out in this way"),
        ({"fields": {"area_total": {"level": "street"}}}, "fields.area_total", "cannot go out in this way"),
        ({"fields": {"area_total": {"band": [60, 30]}}}, "fields.area_total", "Bounds rise"),
        ({"entity": "lease", "fields": {"status": "clear"}, "rows": None, "links": {"owner": "count"}}, "links", "no relations"),
        ({"entity": "lease", "fields": {"status": "clear"}}, "rows.caseload", "no own caseload"),
        ({"rows": None, "subject": "own_key"}, "subject", "only where the consumer has a row"),
        ({"rows": {"counties": ["379901001000"]}}, "rows.counties.0", "another level"),
        ({"rows": {"streets": ["379901000000"]}}, "rows.streets.0", "another level"),
        ({"rows": {"communities": ["379901001009"]}}, "rows.communities.0", "no such division"),
        ({"rows": {"grids": ["379901009001001"]}}, "rows.grids.0", "no such division"),
        ({"entity": "lease", "fields": {"status": "clear"}, "rows": {"streets": ["379901001000"]}}, "rows", "not known where"),
        ({"until": date(2026, 11, 24)}, "until", "is over"),
    ],
)
def test_each_thing_that_may_not_be_is_refused_once(changed: dict[str, Any], path: str, says: str) -> None:
    [found] = against(changed)

    assert found.path == path
    assert says in found.en
    assert re.search(r"[\u4e00-\u9fff]", found.zh + found.cure_zh)
    assert found.cure_en


@pytest.mark.parametrize(
    ("field", "how"),
    [("name", "year"), ("id_token", "clear"), ("id_masked", "clear"), ("phones", "clear"), ("sex", "masked"), ("deceased", "month")],
)
def test_what_names_or_reaches_a_person_everywhere_does_not_go_out_as_it_is(field: str, how: str) -> None:
    [found] = against({"entity": "resident", "fields": {field: how}})

    assert found.path == f"fields.{field}"


def test_text_about_a_case_that_does_not_say_whether_its_caller_is_confidential_is_not_agreed_on() -> None:
    (problem,) = against({"entity": "appeal_step", "provider": ["social"], "fields": {"note": "clear", "unit": "clear"}, "rows": None})
    assert problem.path == "fields.note"


def test_no_kind_of_field_gives_away_a_token_or_a_ciphertext_of_the_bus() -> None:
    assert not {"clear", "masked"} & WAYS["token"]
    assert not WAYS["sealed"]


def test_an_entity_that_is_not_shared_cannot_be_agreed_on() -> None:
    assert [each.path for each in against({}, closed("dwelling"))] == ["entity"]


def test_a_department_whose_dataset_is_not_shared_cannot_provide() -> None:
    assert [each.path for each in against({}, closed("dwelling", dataset="housing.dwelling"))] == ["provider.0"]


def test_the_strictest_share_class_of_all_that_a_provider_says_holds() -> None:
    assert OFFERS["organization"].class_of(["civil"]) == "unconditional"
    assert OFFERS["organization"].class_of(["civil", "housing"]) == "conditional"
    assert OFFERS["grid"].class_of(["social"]) == "conditional"


SENSITIVE = [
    ({"entity": "resident", "provider": ["social"], "fields": {"political_status": "clear"}}, "fields.political_status"),
    ({"entity": "appeal", "provider": ["social"], "fields": {"content": "clear"}, "rows": None}, "fields.content"),
    (
        {"entity": "benefit", "provider": ["civil"], "consumer": "housing", "fields": {"age_band": "exists"}, "rows": None},
        "fields.age_band",
    ),
]


@pytest.mark.parametrize(("changed", "path"), SENSITIVE)
def test_what_is_sensitive_needs_the_number_of_an_impact_assessment(changed: dict[str, Any], path: str) -> None:
    assert [each.path for each in against(changed)] == [path]
    assert against({**changed, "impact_assessment": "PIA-2026-012"}) == []


def test_of_a_sensitive_entity_everything_is_sensitive() -> None:
    benefit = made(entity="benefit", fields={"age_band": "exists", "from_on_precision": "clear"}, rows=None)

    assert sensitive(benefit, OFFERS["benefit"]) == ["age_band", "from_on_precision"]
    assert sensitive(made(), OFFERS["dwelling"]) == []


def test_the_last_day_is_still_one_on_which_it_holds() -> None:
    assert against({"until": TODAY}) == []


def test_all_is_said_at_once_each_with_its_line() -> None:
    read, lines = written.read(HOUSING.replace("consumer: civil", "consumer: police").replace("usage: clear", "usage: year"), "paper.yaml")
    found = check(read, OFFERS, CATALOG.departments, TODAY, lines.line)

    assert [(each.line, each.path) for each in found] == [(4, "consumer"), (9, "fields.usage")]


def test_without_the_citys_table_codes_are_held_to_their_form_only() -> None:
    far = made(rows={"communities": ["110101001001"]})

    assert check(far, OFFERS, CATALOG.departments, TODAY) == []


@pytest.mark.parametrize("file", sorted((catalog.packaged() / "agreements").glob("*.yaml")), ids=lambda file: file.stem)
def test_the_examples_are_agreements_that_nothing_stands_against(file: Path) -> None:
    read, _ = written.read(file.read_text("utf-8"), file.name)

    assert read.id == file.stem
    assert check(read, OFFERS, CATALOG.departments, TODAY) == []


def test_every_field_of_every_entity_has_a_name_in_both_languages_and_a_kind() -> None:
    for offer in OFFERS.values():
        for item in offer.items.values():
            assert item.kind in WAYS
            assert re.search(r"[\u4e00-\u9fff]", item.zh)
            assert item.en
