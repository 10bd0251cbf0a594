"""What goes out of a master record under a grant, and that nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.contracts import catalog
from bus.errors import ConfigRefused
from bus.sharing.agreement import Rows
from bus.sharing.grant import Grant, How
from bus.sharing.opened import Seen
from bus.sharing.pseudonym import pseudonyms
from bus.sharing.schema import schema_of
from bus.sharing.view import NOTHING_GRANTED, OUT_OF_SCOPE, Shown, compile_view
from tests.resolver.world import KEYS

RESIDENT = catalog.load().entities["resident"].schema
DWELLING = catalog.load().entities["dwelling"].schema
ADDRESS = {"text": "柳塘街道3号楼 张三", "county": "东澜区", "town": "柳塘街道", "community": "北苑社区", "road": "滨河路",
           "compound": "金桥新村", "building": "2", "room": "1501", "division_code": "379901001003", "rest": "张三家"}  # fmt: skip
HELD: dict[str, Any] = {
    "name": "欧阳修文",
    "birth_date": "1951-03-02",
    "sex": "1",
    "residence_address": ADDRESS,
    "residence_division": "379901001003",
    "grid_code": "379901001003007",
    "id_masked": "3799**********0029",
    "id_token": "k.0123",
    "phones": [{"token": "t", "masked": "199****0001", "sealed": b"", "kind": None}],
    "deceased": False,
}


def said_of(value: Any, department: str, disputed: bool = False) -> dict[str, Any]:
    return {"value": value, "department": department, "disputed": disputed}


FIELDS = {name: said_of(value, "social") for name, value in HELD.items()}
SOURCES = [
    {"department": "social", "dataset": "social.resident_survey", "key": {"id": "RK1"}},
    {"department": "civil", "dataset": "civil.marriage", "key": {"id": "HY1"}},
]
ON = "2026-09-30"


def seen(fields: Any = FIELDS, links: Any = (), sources: Any = SOURCES) -> Seen:
    return Seen({"fields": fields, "sources": sources}, fields.get, sources, links, ON)


def grant(fields: dict[str, How], rows: Rows = Rows(), entity: str = "resident", agreement: str = "a-b", **more: Any) -> Grant:  # noqa: B008
    return Grant(agreement, frozenset({"social"}), "civil", entity, fields, rows=rows, **more)


def shown(fields: dict[str, How], rows: Rows = Rows(), said: Any = None) -> Shown | str:  # noqa: B008
    chosen = grant(fields, rows)
    view = compile_view(chosen, RESIDENT, pseudonyms(KEYS, chosen.agreement, 1))
    return view(seen(FIELDS if said is None else said))


def one(field: str, how: How) -> Any:
    found = shown({field: how})
    assert isinstance(found, Shown), found
    return found.values[field]


@pytest.mark.parametrize(
    ("field", "how", "goes_out"),
    [
        ("sex", How("clear"), "1"),
        ("name", How("masked"), "欧阳**"),
        ("birth_date", How("year"), "1951"),
        ("birth_date", How("month"), "1951-03"),
        ("id_masked", How("masked"), "3799**********0029"),
        ("phones", How("masked"), ["199****0001"]),
        ("residence_address", How("masked"), "东澜区柳塘街道北苑社区***"),
        ("residence_address", How("level", level="street"), "东澜区柳塘街道"),
        ("residence_division", How("level", level="county"), "379901000000"),
        ("deceased", How("clear"), False),
        ("grid_code", How("exists"), True),
    ],
)
def test_a_field_goes_out_as_the_grant_says(field: str, how: How, goes_out: Any) -> None:
    assert one(field, how) == goes_out


def test_an_address_in_clear_is_its_parts_without_text_that_no_rule_read() -> None:
    found = one("residence_address", How("clear"))

    assert found["building"] == "2" and found["compound"] == "金桥新村"
    assert "张三" not in json.dumps(found, ensure_ascii=False)


def test_a_number_is_banded_between_its_bounds() -> None:
    view = compile_view(grant({"area_total": How("band", (60, 90))}, entity="dwelling"), DWELLING, pseudonyms(KEYS, "a-b", 1))
    found = [view(seen({"area_total": said_of(area, "social")})) for area in (59.9, 60.0, 89.0, 90.0)]

    assert [each.values["area_total"] for each in found if isinstance(each, Shown)] == ["<60", "60-90", "60-90", ">=90"]


@pytest.mark.parametrize("how", [How("clear"), How("masked"), How("year")])
def test_a_token_goes_out_as_a_pseudonym_or_not_at_all(how: How) -> None:
    with pytest.raises(ConfigRefused):
        shown({"id_token": how})
    assert one("id_token", How("pseudonym")) != "k.0123"


@pytest.mark.parametrize(
    ("field", "how"), [("phones", How("clear")), ("name", How("band", (1,))), ("nobody", How("clear")), ("sex", How("masked"))]
)
def test_what_a_field_cannot_go_out_as_is_refused_before_anything_is_read(field: str, how: How) -> None:
    with pytest.raises(ConfigRefused):
        shown({field: how})


@pytest.mark.parametrize(("born", "band"), [("1946-09-30", ">=80"), ("1946-10-01", "60-80"), ("1966", "60-80"), ("1990-01-01", "<60")])
def test_a_birth_date_is_banded_by_the_age_on_the_day_of_the_record(born: str, band: str) -> None:
    found = shown({"birth_date": How("band", (60, 80))}, said={"birth_date": said_of(born, "social")})
    assert found == Shown({"birth_date": band}, ())


LINKS = [
    {"kind": kind, "department": department, "other": other, "current": current}
    for kind, department, other, current in (
        ("resident", "social", "d1", True),
        ("resident", "housing", "d2", True),
        ("resident", "social", "d3", False),
        ("spouse", "social", "p1", True),
    )
]


@pytest.mark.parametrize(("how", "goes_out"), [("count", 1), ("exists", True)])
def test_links_that_a_provider_said_go_out_as_granted(how: str, goes_out: Any) -> None:
    view = compile_view(grant({}, links={"resident": how}), RESIDENT, pseudonyms(KEYS, "a-b", 1))
    assert view(seen(links=LINKS)) == Shown({"links_resident": goes_out}, ())


def test_the_other_end_of_a_link_bears_the_name_it_has_where_it_is_shared_itself() -> None:
    names = pseudonyms(KEYS, "a-b", 1)
    view = compile_view(grant({}, links={"spouse": "pseudonym"}), RESIDENT, names)
    assert view(seen(links=LINKS)) == Shown({"links_spouse": [names("subject", "p1")]}, ())


def test_a_consumer_may_get_its_own_keys_back_and_nobody_elses() -> None:
    view = compile_view(grant({"sex": How("clear")}, own_keys=True), RESIDENT, pseudonyms(KEYS, "a-b", 1))
    assert view(seen()) == Shown({"sex": "1", "own_keys": ["civil.marriage:HY1"]}, ())


def test_a_value_that_no_provider_said_stays() -> None:
    said = {**FIELDS, "sex": said_of("1", "housing")}
    assert shown({"sex": How("clear")}, said=said) == NOTHING_GRANTED
    assert shown({"sex": How("clear"), "name": How("clear")}, said=said) == Shown({"name": "欧阳修文"}, ())


@pytest.mark.parametrize(
    "rows",
    [
        Rows(counties=("379902000000",)),
        Rows(counties=("379901000000",), streets=("379901002000",)),
        Rows(communities=("379901001004",)),
        Rows(grids=("379901001003008",)),
    ],
)
def test_a_row_outside_of_the_scope_is_withheld(rows: Rows) -> None:
    assert shown({"sex": How("clear")}, rows) == OUT_OF_SCOPE


def test_a_row_inside_goes_out() -> None:
    rows = Rows(
        counties=("379901000000",), streets=("379901001000",), communities=("379901001003",), grids=("379901001003007",), caseload="own"
    )
    assert shown({"sex": How("clear")}, rows) == Shown({"sex": "1"}, ())


def test_of_its_own_caseload_a_consumer_gets_only_whom_it_has_a_row_of() -> None:
    view = compile_view(grant({"sex": How("clear")}, Rows(caseload="own")), RESIDENT, pseudonyms(KEYS, "a-b", 1))
    assert view(seen(sources=SOURCES[:1])) == OUT_OF_SCOPE


def test_a_dispute_travels_with_the_value_it_is_about_and_with_no_other() -> None:
    said = {**FIELDS, "sex": said_of("1", "social", True), "name": said_of("张三", "social", True)}
    assert shown({"sex": How("clear"), "deceased": How("clear")}, said=said) == Shown({"deceased": False, "sex": "1"}, ("sex",))


def test_stand_ins_of_two_agreements_and_of_two_epochs_never_meet() -> None:
    found = {pseudonyms(KEYS, agreement, epoch)("subject", "s") for agreement in ("a-b", "a-c") for epoch in (1, 2)}
    assert len(found) == 4
    assert pseudonyms(KEYS, "a-b", 1)("subject", "s") == pseudonyms(KEYS, "a-b", 1)("subject", "s")


@given(st.text("王欧阳修文小明·买提ABC", min_size=1, max_size=12), st.text("王欧阳修文小明·买提ABC", min_size=1, max_size=12))
def test_a_mask_tells_no_length(one_name: str, other: str) -> None:
    masks = [shown({"name": How("masked")}, said={"name": said_of(each, "social")}) for each in (one_name, other)]
    assert all(isinstance(each, Shown) and each.values["name"].endswith("**") and not each.values["name"].endswith("***") for each in masks)


def test_several_parties_go_out_each_hidden_by_itself() -> None:
    entity = catalog.load().entities["lease"].schema
    said = {"lessors": said_of([{"name": "张三", "id_token": "k.1"}, {"name": "欧阳修文", "id_token": None}], "social")}
    ways = {"clear": ["张三", "欧阳修文"], "masked": ["张**", "欧阳**"], "exists": True}
    found = {
        how: compile_view(grant({"lessors": How(how)}, entity="lease"), entity, pseudonyms(KEYS, "a-b", 1))(seen(said)) for how in ways
    }

    assert found == {how: Shown({"lessors": goes_out}, ()) for how, goes_out in ways.items()}


CASE = {"caller": {"name": "张三", "id_token": None}, "content": "来电人张三", "title": "张三反映路灯不亮", "urgency": "1"}


@pytest.mark.parametrize("how", [How("clear"), How("exists")])
def test_of_a_confidential_case_neither_the_caller_nor_any_text_goes_out(how: How) -> None:
    entity = catalog.load().entities["appeal"].schema
    granted = grant({**dict.fromkeys(("caller", "content", "title"), how), "urgency": How("clear")}, entity="appeal")
    view = compile_view(granted, entity, pseudonyms(KEYS, "a-b", 1))
    case = seen({name: said_of(value, "social") for name, value in CASE.items()})

    assert view(case._replace(value={"confidential": True})) == Shown({"urgency": "1"}, ())
    assert isinstance(open_case := view(case._replace(value={"confidential": False})), Shown) and len(open_case.values) == 4


@pytest.mark.parametrize("how", [How("clear"), How("exists")])
def test_of_a_step_of_a_case_no_text_goes_out_as_the_step_does_not_say_whether_the_caller_is_confidential(how: How) -> None:
    entity = catalog.load().entities["appeal_step"].schema
    view = compile_view(grant({"note": how, "unit": How("clear")}, entity="appeal_step"), entity, pseudonyms(KEYS, "a-b", 1))
    step = seen({"note": said_of("来电人张三", "social"), "unit": said_of("柳塘街道", "social")})

    assert view(step) == Shown({"unit": "柳塘街道"}, ())


@pytest.mark.parametrize(("number", "goes_out"), [("379901202600012", "***0012"), ("A123", "***"), ("1234567", "***")])
def test_of_a_masked_identifier_the_end_shows_unless_that_is_most_of_it(number: str, goes_out: str) -> None:
    view = compile_view(grant({"real_estate_unit_no": How("masked")}, entity="dwelling"), DWELLING, pseudonyms(KEYS, "a-b", 1))
    found = view(seen({"real_estate_unit_no": said_of(number, "social")}))
    assert found == Shown({"real_estate_unit_no": goes_out}, ())


def test_the_contract_of_what_is_delivered_holds_the_granted_fields_and_no_other() -> None:
    schema = schema_of(grant({"name": How("masked"), "residence_address": How("clear"), "deceased": How("clear")}), RESIDENT)
    names = [field.name for field in schema.root.fields]

    assert names == ["subject", "operation", "event_id", "corrects", "disputed", "deceased", "name", "residence_address"]
    assert all(field.annotations["doc"] and field.annotations["doc_zh"] for field in schema.root.fields)
