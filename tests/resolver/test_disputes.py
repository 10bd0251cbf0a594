"""Who is asked where departments differ, what becomes of it by an answer, and that neither order nor repetition matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bus.resolver.differences import Difference, differences, stating, without
from bus.resolver.disputes import Answer, Clock, Disputes, Place, Record, Settled, overdue
from bus.resolver.rules import Rule
from bus.resolver.survivorship import Master, Statement, merge
from bus.standards.working_days import WorkingDays
from tests.resolver.test_survivorship import RESIDENT, TIME, rule, said
from tests.resolver.world import KEYS, codec

SUBJECT = b"s" * 16
DAY = 86_400_000
DEPARTMENTS = ("civil", "housing", "social")
SEX = rule()  # civil.marriage, then housing
OWNED = {"sex": SEX["sex"]._replace(authority="social.x", order=("social.x", "civil", "housing"))}
Before = Mapping[Place, Record]


def settle(
    statements: Sequence[Statement], answers: Sequence[Answer] = (), before: Before | None = None, rules: Mapping[str, Rule] = SEX
) -> tuple[Settled, Master]:
    """What follows for a subject of which this is said."""
    master = merge(statements, rules)
    now = max((*(each.known_from for each in statements), *(each.at for each in answers)), default=0)
    asked = Disputes("resident", SUBJECT, KEYS, Clock(WorkingDays({}), 10), partial(stating, master, rules), now)
    settled = asked.settled(found(master, rules), answers, before or {})
    return settled, without(master, rules, settled.over)


def found(master: Master, rules: Mapping[str, Rule] = SEX) -> list[Difference]:
    return differences("resident", SUBJECT, master, rules, KEYS, DEPARTMENTS)


def answered(records: Before, answer: str, department: str = "civil", at: int = TIME + DAY) -> Answer:
    """An answer to the dispute that this department is asked."""
    (record,) = [each for place, each in records.items() if place.department == department]
    ids = tuple(dict.fromkeys(each["difference"] for each in record["others"]))
    return Answer(ids, answer, "看过原件", "clerk", department, at)


def states(records: Before) -> dict[str, tuple[str, str | None]]:
    return {place.department: (each["state"], each["closed_because"]) for place, each in records.items()}


MARRIAGE, LEASE = said("civil.marriage", sex="1"), said("housing.lease", 9, sex="2")


def test_another_departments_value_is_a_dispute_of_the_one_whose_value_holds() -> None:
    ((place, record),) = settle([MARRIAGE, LEASE])[0].records.items()
    assert (place.field, record["department"], record["state"]) == ("sex", "civil", "open")
    assert (record["holds"]["value"], [each["value"] for each in record["others"]]) == ("1", ["2"])
    assert [each["source"]["dataset"] for each in record["others"]] == ["housing.lease"]


def test_the_owner_of_the_attribute_is_asked_although_it_says_nothing_itself() -> None:
    assert states(settle([MARRIAGE, LEASE], rules=OWNED)[0].records) == {"social": ("open", None)}


def test_who_is_not_on_the_bus_is_not_asked() -> None:
    police = {"sex": SEX["sex"]._replace(authority="police.register", order=("police.register", "civil.marriage"))}
    assert states(settle([MARRIAGE, LEASE], rules=police)[0].records) == {"civil": ("open", None)}
    settled, master = settle([said("water.meter", sex="1"), said("gas.meter", sex="2")], rules=rule(authority="", order=()))
    assert (settled.records, master.fields["sex"].disputed) == ({}, True)


def test_departments_that_agree_have_no_dispute() -> None:
    settled, master = settle([MARRIAGE, said("housing.lease", sex="1")])
    assert (settled.records, master.fields["sex"].disputed) == ({}, False)


def test_the_clock_starts_when_both_values_are_known_and_runs_in_working_days() -> None:
    (record,) = settle([MARRIAGE, LEASE])[0].records.values()
    assert record["opened_at"] == "2026-09-21T14:13:20.009Z"
    assert (record["due_on"], record["calendar_known"]) == ("2026-10-12", True)  # three days off for 中秋, a week for 国庆
    assert not overdue(record, date(2026, 10, 12))
    assert overdue(record, date(2026, 10, 13))


def test_a_clock_once_started_is_not_set_back_by_a_newer_version_of_a_row() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    after = settle([MARRIAGE, said("housing.lease", 40 * DAY, sex="2")], before=before)[0].records
    assert [each["opened_at"] for each in after.values()] == [each["opened_at"] for each in before.values()]


def test_confirmed_closes_it_and_the_mark_comes_off_although_the_other_says_otherwise_still() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    settled, master = settle([MARRIAGE, LEASE], [answered(before, "confirmed")], before)
    assert states(settled.records) == {"civil": ("closed", "confirmed")}
    assert not master.fields["sex"].disputed
    assert master.fields["sex"].value == "1"


def test_confirmed_holds_until_another_value_differs_which_alone_is_asked_about_then() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    answers = [answered(before, "confirmed")]
    again = said("housing.lease", 5 * DAY, key="other", sex="2")
    assert states(settle([MARRIAGE, LEASE, again], answers, before)[0].records) == {"civil": ("closed", "confirmed")}

    settled, master = settle([MARRIAGE, LEASE, said("social.y", 6 * DAY, sex="9")], answers, before)
    (record,) = settled.records.values()
    assert (record["state"], [each["value"] for each in record["others"]]) == ("open", ["9"])
    assert master.fields["sex"].disputed


def test_a_confirmed_value_that_changes_all_the_same_is_asked_about_again() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    changed = said("civil.marriage", 5 * DAY, sex="9")
    assert states(settle([changed, LEASE], [answered(before, "confirmed")], before)[0].records) == {"civil": ("open", None)}


def test_corrected_promises_a_correction_and_the_mark_stays_until_it_has_come() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    answers = [answered(before, "corrected")]
    settled, master = settle([MARRIAGE, LEASE], answers, before)
    (record,) = settled.records.values()
    assert (record["state"], record["answer"]["answer"], record["answer"]["by"]) == ("open", "corrected", "clerk")
    assert master.fields["sex"].disputed

    mended = said("civil.marriage", 2 * DAY, sex="2", operation="corrected")
    settled, master = settle([mended, LEASE], answers, settled.records)
    assert states(settled.records) == {"civil": ("closed", "corrected")}
    assert not master.fields["sex"].disputed


def test_a_correction_closes_it_without_an_answer_from_whichever_side_it_comes() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    after = settle([MARRIAGE, said("housing.lease", 2 * DAY, sex="1")], before=before)[0].records
    assert states(after) == {"civil": ("closed", "corrected")}


def test_a_side_that_says_nothing_any_more_has_withdrawn() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    annulled = said("housing.lease", 2 * DAY, sex="2", operation="annulled")
    assert states(settle([MARRIAGE, annulled], before=before)[0].records) == {"civil": ("closed", "withdrawn")}
    assert states(settle([], before=before)[0].records) == {"civil": ("closed", "withdrawn")}


def test_where_somebody_trusted_more_says_the_same_he_is_asked_instead_and_the_other_is_told_so() -> None:
    unowned = rule(authority="", order=("civil", "housing", "social"))
    survey, lease = said("social.x", sex="2"), said("housing.lease", sex="1")
    before = settle([survey, lease], rules=unowned)[0].records
    assert states(before) == {"housing": ("open", None)}
    after = settle([survey, lease, MARRIAGE], before=before, rules=unowned)[0].records
    assert states(after) == {"civil": ("open", None), "housing": ("closed", "not_mine")}


def test_not_mine_asks_the_next_who_states_it_with_a_clock_of_its_own() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    after = settle([MARRIAGE, LEASE], [answered(before, "not_mine", at=TIME + 7 * DAY)], before)[0].records
    assert states(after) == {"housing": ("open", None), "civil": ("closed", "not_mine")}
    asked = after[Place("housing", "sex")]
    assert (asked["opened_at"][:10], asked["passed_on_by"]) == ("2026-09-28", ["civil"])
    assert asked["id"] == next(iter(before.values()))["id"]


def test_what_is_nobodys_goes_to_the_data_office_and_ends_by_its_answer() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    answers = [answered(before, "not_mine")]
    before = settle([MARRIAGE, LEASE], answers, before)[0].records
    answers.append(answered(before, "not_mine", "housing", TIME + 2 * DAY))
    before = settle([MARRIAGE, LEASE], answers, before)[0].records
    assert states(before) == {"civil": ("escalated", None), "housing": ("closed", "not_mine")}

    settled, master = settle([MARRIAGE, LEASE], [*answers, answered(before, "confirmed")._replace(department="office")], before)
    assert states(settled.records) == {"civil": ("closed", "confirmed"), "housing": ("closed", "not_mine")}
    assert not master.fields["sex"].disputed


def test_of_several_answers_of_a_department_the_last_counts() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    answers = [answered(before, "confirmed"), answered(before, "corrected", at=TIME + 2 * DAY)]
    assert states(settle([MARRIAGE, LEASE], answers, before)[0].records) == {"civil": ("open", None)}


def test_what_is_closed_stays_as_it_was_said_and_holds_no_value() -> None:
    before = settle([MARRIAGE, LEASE])[0].records
    closed = settle([MARRIAGE], before=before)[0].records
    (record,) = closed.values()
    assert {side["value"] for side in (record["holds"], *record["others"])} == {None}
    assert settle([MARRIAGE, said("civil.x", 9 * DAY, sex="1")], before=closed)[0].records == closed


def test_a_field_that_means_nothing_alone_loses_the_mark_with_the_one_it_belongs_to() -> None:
    statements = [
        said("civil.marriage", birth_date="1951-03-03", birth_date_precision="day"),
        said("social.x", birth_date="1952", birth_date_precision="year"),
    ]
    before = settle(statements, rules=RESIDENT)[0].records
    fields = settle(statements, [answered(before, "confirmed")], before, RESIDENT)[1].fields
    assert [fields[name].disputed for name in ("birth_date", "birth_date_precision")] == [False, False]


def test_numbers_and_phones_are_shown_by_their_masked_forms_alone() -> None:
    def number(token: str, masked: str) -> dict[str, Any]:
        return {"id_token": token, "id_masked": masked}

    phones = RESIDENT["phones"]._replace(recency=False, order=("civil",))
    one = said("civil.marriage", **number("t1", "3799**********0018"), phones=[{"token": "p1", "masked": "138****0001", "sealed": b"x"}])
    two = said("social.x", **number("t2", "3799**********0026"), phones=[{"token": "p2", "masked": "138****0002", "sealed": b"y"}])
    records = settle([one, two], rules={**RESIDENT, "phones": phones})[0].records.values()
    values = {each["field"]: (each["holds"]["value"], each["others"][0]["value"]) for each in records}
    assert values["id_token"] == values["id_masked"] == ("3799**********0018", "3799**********0026")
    assert values["phones"] == (["138****0001"], ["138****0002"])


_ENCODE = codec().encoder("dispute.department-value")
_STATEMENT = st.builds(
    lambda dataset, key, at, operation, sex, birth: said(dataset, at, key, operation, sex=sex, birth_date=birth),
    st.sampled_from(["civil.marriage", "civil.assistance_member", "housing.dwelling", "social.resident_survey"]),
    st.sampled_from("abcdef"),
    st.integers(0, 5),
    st.sampled_from(["created", "changed", "ended", "annulled"]),
    st.sampled_from([None, "1", "2", "9"]),
    st.sampled_from([None, "1951", "1951-03", "1951-03-02", "1952-03"]),
)
_STATEMENTS = st.lists(_STATEMENT, max_size=7, unique_by=lambda s: s.key)


@st.composite
def _told(draw: st.DrawFn) -> tuple[list[Statement], list[Answer]]:
    """Statements, and answers to differences that they make."""
    statements = draw(_STATEMENTS)
    asked = found(merge(statements, RESIDENT), RESIDENT)
    answers = [
        Answer((each.id.hex(),), draw(st.sampled_from(["confirmed", "corrected", "not_mine"])), "r", "b", department, TIME + at)
        for each in asked
        for at, department in enumerate((*each.asked, "office"))
        if draw(st.booleans())
    ]
    return statements, answers


@given(st.data(), _told())
def test_in_whatever_order_it_came_the_same_is_open_with_the_same_values(
    data: st.DataObject, told: tuple[list[Statement], list[Answer]]
) -> None:
    at_once = settle(*told, rules=RESIDENT)[0]
    heard: list[Statement | Answer] = []
    before: Before = {}
    for each in data.draw(st.permutations([*told[0], *told[1], *told[0][:2]])):
        heard.append(each)
        so_far = [s for s in heard if isinstance(s, Statement)], [a for a in heard if isinstance(a, Answer)]
        settled, last = settle(*so_far, before, RESIDENT)
        before = settled.records
        assert _marks(last) == {place.field for place, said_of in before.items() if said_of["state"] != "closed"}
    assert {place: _still(each) for place, each in before.items() if place in at_once.records} == {
        place: _still(each) for place, each in at_once.records.items()
    }
    assert {each["state"] for place, each in before.items() if place not in at_once.records} <= {"closed"}


@given(_told())
def test_looked_at_again_nothing_is_said_anew(told: tuple[list[Statement], list[Answer]]) -> None:
    once = settle(*told, rules=RESIDENT)[0].records
    again = settle(*told, once, RESIDENT)[0].records
    assert {place: _ENCODE(dict(each)) for place, each in again.items()} == {place: _ENCODE(dict(each)) for place, each in once.items()}


@given(_told())
def test_a_field_is_marked_exactly_as_long_as_a_dispute_about_it_is_open(told: tuple[list[Statement], list[Answer]]) -> None:
    settled, master = settle(*told, rules=RESIDENT)
    assert _marks(master) == {place.field for place, each in settled.records.items() if each["state"] != "closed"}


def _marks(master: Master) -> set[str]:
    return {name for name, held in master.fields.items() if held.disputed and name in RESIDENT}


def _still(record: Record) -> dict[str, Any]:
    """All but the clock, which runs from when the difference was first said."""
    return {name: value for name, value in record.items() if name not in ("opened_at", "due_on", "calendar_known")}
