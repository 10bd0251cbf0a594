"""What an agreement newly reveals, of how many; and which subjects are in its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.contracts import catalog
from bus.sharing.agreement import Agreement, Band, How, Level, Rows
from bus.sharing.counting import count
from bus.sharing.exposure import Exposure, as_fine, exposure
from bus.sharing.items import offers
from bus.sharing.rows import covers, place_of, scope
from tests.sharing.paper import made

OFFERS = offers(catalog.load())
STREET, OTHER_STREET = "379901001000", "379901002000"
HERE, THERE = "379901001001", "379901002001"


def new(wanted: Agreement, *in_force: Agreement) -> Exposure:
    return exposure(wanted, OFFERS[wanted.entity], in_force)


def seen(found: Exposure) -> list[tuple[str, str]]:
    return [(each.field, each.why) for each in found.reveals]


def plain(**changed: Any) -> Agreement:
    return made(**{"fields": {"usage": "clear"}, "rows": None, **changed})


def test_all_that_a_first_agreement_grants_is_new() -> None:
    assert seen(new(made(links={"owner": "count"}))) == [
        ("address", "new"),
        ("usage", "new"),
        ("area_total", "new"),
        ("links.owner", "new"),
    ]


def test_what_the_consumer_gets_already_is_not_new() -> None:
    assert seen(new(made(agreement="another"), made())) == []


def test_what_another_department_gets_counts_for_nothing() -> None:
    assert seen(new(plain(), plain(consumer="social"))) == [("usage", "new")]


def test_the_same_field_of_another_provider_is_new() -> None:
    assert seen(new(plain(provider=["social"]), plain())) == [("usage", "new")]


def test_a_finer_way_is_said_to_be_finer_than_what_there_was() -> None:
    [found] = new(plain(fields={"area_total": "clear"}), plain(fields={"area_total": {"band": [60]}})).reveals

    assert (found.why, found.had) == ("finer", [Band(band=(60,))])


def test_more_subjects_are_more_although_the_fields_are_the_same() -> None:
    [found] = new(plain(rows={"streets": [STREET, OTHER_STREET]}), plain(rows={"streets": [STREET]})).reveals

    assert (found.why, found.elsewhere) == ("rows", [Rows(streets=(STREET,))])


def test_to_be_told_of_whom_it_is_is_new_by_itself() -> None:
    assert seen(new(made(subject="own_key"), made())) == [("subject", "new")]


def test_fields_that_were_apart_and_come_together_are_named_by_their_agreements() -> None:
    first, second = plain(agreement="first"), plain(agreement="second", fields={"building": "clear"})
    found = new(plain(agreement="both", fields={"usage": "clear", "building": "clear"}), first, second)

    assert (seen(found), found.joined) == ([], ["first", "second"])


def test_fields_that_one_agreement_has_together_are_not_said_to_be_joined() -> None:
    assert new(plain(fields={"usage": "clear", "room": "clear"}), plain()).joined == []


def sensitive(**changed: Any) -> Agreement:
    return made(**{"entity": "resident", "provider": ["social"], "rows": None, "fields": {"political_status": "clear"}, **changed})


def test_two_must_approve_where_something_sensitive_is_newly_seen_one_where_it_is_not_none_for_what_is_open() -> None:
    assert new(sensitive()).approvals("conditional") == 2
    assert new(sensitive(agreement="again"), sensitive()).approvals("conditional") == 1
    assert new(plain()).approvals("conditional") == 1
    assert new(plain()).approvals("unconditional") == 0


def test_to_be_told_of_whom_something_sensitive_is_takes_two() -> None:
    pseudonymous = sensitive(rows={"caseload": "own"})

    assert new(sensitive(rows={"caseload": "own"}, subject="own_key"), pseudonymous).approvals("conditional") == 2


HOWS: tuple[How, ...] = ("clear", "masked", "year", "month", "pseudonym", "exists", Band(band=(18, 60)), Level(level="street"))


@pytest.mark.parametrize("how", HOWS)
def test_who_has_a_value_as_it_is_learns_nothing_more_and_who_has_it_in_any_way_knows_that_there_is_one(how: How) -> None:
    assert as_fine("clear", how)
    assert as_fine(how, "exists")
    assert as_fine(how, how)


@pytest.mark.parametrize(
    ("had", "wanted", "nothing_new"),
    [
        ("month", "year", True),
        ("year", "month", False),
        ("exists", "clear", False),
        ("masked", "clear", False),
        ("pseudonym", "count", True),
        ("count", "pseudonym", False),
        (Band(band=(18, 35, 60)), Band(band=(18, 60)), True),
        (Band(band=(18, 60)), Band(band=(18, 35)), False),
        (Level(level="community"), Level(level="county"), True),
        (Level(level="county"), Level(level="street"), False),
        ("year", Band(band=(60,)), False),
    ],
)
def test_the_order_of_ways(had: How | str, wanted: How | str, nothing_new: bool) -> None:
    assert as_fine(had, wanted) is nothing_new


# --- rows ---


def person(
    division: str | None = HERE, grid: str | None = None, by: str = "social", sources: tuple[str, ...] = ("social",)
) -> dict[str, Any]:
    held = {"residence_division": division, "grid_code": grid, "political_status": "01"}
    fields = {name: {"value": value, "department": by} for name, value in held.items() if value is not None}
    return {"sources": [{"department": each} for each in sources], "fields": fields, "links": [], "operation": "changed"}


@pytest.mark.parametrize(
    ("rows", "holds"),
    [
        (Rows(), True),
        (Rows(counties=("379901000000",)), True),
        (Rows(counties=("379902000000",)), False),
        (Rows(streets=(OTHER_STREET, STREET)), True),
        (Rows(streets=(OTHER_STREET,)), False),
        (Rows(communities=(HERE,)), True),
        (Rows(grids=(HERE + "001",)), True),
        (Rows(grids=(HERE + "002",)), False),
        (Rows(counties=("379901000000",), streets=(OTHER_STREET,)), False),
        (Rows(caseload="own"), False),
    ],
)
def test_a_subject_is_in_scope_where_all_that_is_given_holds(rows: Rows, holds: bool) -> None:
    assert scope(rows, "civil")(person(grid=HERE + "001")) is holds


def test_the_own_caseload_is_of_whom_the_consumer_has_a_row() -> None:
    own = scope(Rows(caseload="own"), "civil")

    assert own(person(sources=("social", "civil")))
    assert not own(person(sources=("social", "housing")))


def test_whose_place_is_not_known_lies_in_no_division() -> None:
    assert not scope(Rows(counties=("379901000000",)), "civil")(person(None))
    assert scope(Rows(), "civil")(person(None))


def test_a_grid_elsewhere_than_the_division_does_not_move_a_subject() -> None:
    assert place_of(person(HERE, THERE + "001")) == HERE
    assert place_of(person("379901001010", "379901001011001")) == "379901001010"
    assert place_of(person(STREET, HERE + "001")) == HERE + "001"
    assert place_of(person(None, HERE + "001")) == HERE + "001"


def test_the_place_of_a_canonical_event_is_read_as_well() -> None:
    appeal = {"source": {"department": "social"}, "division_code": None, "place_address": {"division_code": HERE}, "grid_code": None}

    assert place_of(appeal) == HERE


CODES = [HERE, THERE, "379901001002", "379902001001"]
ROWS = st.builds(
    lambda codes, level, own: Rows(**({level: codes} if codes else {}), caseload="own" if own else None),
    st.lists(st.sampled_from(CODES), max_size=3, unique=True).map(tuple),
    st.just("communities"),
    st.booleans(),
) | st.builds(lambda codes: Rows(streets=codes), st.lists(st.sampled_from([STREET, OTHER_STREET]), max_size=2, unique=True).map(tuple))


@given(ROWS, ROWS, st.sampled_from(CODES), st.booleans())
def test_rows_that_cover_others_hold_for_everyone_of_them(wide: Rows, narrow: Rows, division: str, own: bool) -> None:
    someone = person(division, sources=("civil",) if own else ("social",))
    if covers(wide, narrow) and scope(narrow, "civil")(someone):
        assert scope(wide, "civil")(someone)


# --- how many ---


def counted(wanted: Agreement, found: Exposure, *partitions: list[tuple[bytes, Mapping[str, Any] | None]]) -> tuple[int, int, list[int]]:
    subjects, touched, each = count(wanted, found.reveals, partitions)
    return subjects, touched, list(each)


def test_each_subject_counts_once_as_it_is_said_last() -> None:
    wanted = sensitive()
    records = [(b"a", person()), (b"a", person()), (b"b", person()), (b"b", None), (b"c", person())]

    assert counted(wanted, new(wanted), records, [(b"d", person())]) == (3, 3, [3])


def test_only_those_in_scope_of_whom_a_provider_said_the_field_are_touched() -> None:
    wanted = sensitive(rows={"streets": [STREET]})
    people = [(b"a", person(HERE)), (b"b", person(THERE)), (b"c", person(HERE, by="housing"))]

    assert counted(wanted, new(wanted), people) == (2, 1, [1])


def test_where_the_rows_grow_only_those_who_come_in_count() -> None:
    wanted, had = sensitive(rows={"streets": [STREET, OTHER_STREET]}), sensitive(agreement="had", rows={"streets": [STREET]})
    people = [(b"a", person(HERE)), (b"b", person(THERE))]

    assert counted(wanted, new(wanted, had), people) == (2, 1, [1])


def test_relations_and_the_subjects_own_name_count_too() -> None:
    wanted = sensitive(rows={"caseload": "own"}, subject="own_key", links={"spouse": "exists"})
    linked = {**person(sources=("civil", "social")), "links": [{"kind": "spouse", "department": "social"}]}
    alone = person(sources=("civil",), by="civil")

    assert counted(wanted, new(wanted), [(b"a", linked), (b"b", alone)]) == (2, 1, [1, 1, 1])


def test_of_a_canonical_entity_statements_count_and_annulled_ones_do_not() -> None:
    wanted = plain(entity="lease", fields={"rent_fen_per_month": {"band": [100000]}})
    said = {"source": {"department": "housing"}, "operation": "created", "rent_fen_per_month": 1}
    records = [(b"a", said), (b"b", {**said, "operation": "annulled"}), (b"c", {**said, "rent_fen_per_month": None})]

    assert counted(wanted, new(wanted), records) == (2, 1, [1])
