"""What a subscriber gets of each subject: its state, every change of what is granted, its end; once, in order, and counted."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bus import account
from bus.errors import WrongUse
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.sharing.agreement import Rows
from bus.sharing.grant import Grant, How
from tests.conformance.adapters import MAKERS
from tests.sharing.office import GRID, OTHER, Office, master, subject

ONE, TWO = subject(1), subject(2)
GRANT = Grant("names-by-grid", frozenset({"social"}), "civil", "resident", {"name": How("clear")}, rows=Rows(grids=(GRID,)))


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return MAKERS["sqlite"](tmp_path).open()


@pytest.fixture
def office(log: EventLog, tmp_path: Path) -> Office:
    return Office(log, tmp_path / "state", GRANT)


def told(office: Office) -> list[tuple[str, str | None]]:
    return [(event.value["operation"], event.value["name"]) for event in office.got()]


def test_the_state_comes_first_then_every_change_of_what_is_granted(office: Office) -> None:
    office.say((ONE, master(ONE, "张三")))
    office.share()
    office.say((ONE, master(ONE, "张三", sex="1")))  # nothing of it is granted
    office.say((ONE, master(ONE, "张山")))
    office.share()

    assert told(office) == [("created", "张三"), ("changed", "张山")]


def test_a_subject_that_leaves_the_scope_ends_and_begins_with_its_state_when_it_comes_back(office: Office) -> None:
    for grid in (GRID, OTHER, OTHER, GRID):
        office.say((ONE, master(ONE, grid=grid)))
        office.share()

    assert told(office) == [("created", "张三"), ("ended", None), ("created", "张三")]


def test_a_subject_that_was_joined_to_another_ends(office: Office) -> None:
    office.say((ONE, master(ONE)), (TWO, None))
    office.share()
    office.say((ONE, None))
    office.share()

    assert told(office) == [("created", "张三"), ("ended", None)]


def test_a_correction_names_what_was_delivered_wrongly(office: Office) -> None:
    office.say((ONE, master(ONE, "张三")))
    office.share()
    office.say((ONE, master(ONE, "章三", operation="corrected")))
    office.share()
    first, second = office.got()

    assert second.value["operation"] == "corrected"
    assert second.value["corrects"] == [first.value["event_id"]]


def test_nothing_of_the_bus_shows_but_what_is_granted(office: Office) -> None:
    office.say((ONE, master(ONE)))
    office.share()
    (event,) = office.got()

    assert ONE.encode() not in event.key and ONE not in str(event.value)
    assert event.key.decode() == event.value["subject"]
    assert set(event.value) == {"subject", "operation", "event_id", "corrects", "disputed", "name"}


def test_every_record_read_is_delivered_or_withheld_with_its_reason(office: Office) -> None:
    office.say((ONE, master(ONE)), (TWO, master(TWO, grid=OTHER)))
    office.share()
    office.say((ONE, master(ONE, sex="1")), (TWO, None))
    office.share()
    records = [record for batch in office.log.scan(topics.ACCOUNT) for record in batch.records]
    (shared,) = account.agreements(records).values()

    assert (shared.published, shared.delivered) == (4, 1)
    assert shared.withheld == {"out_of_scope": 1, "nothing_new": 1, "never_delivered": 1}
    assert account.fold(records) == {}


def test_only_registered_subjects_go_out_where_there_is_a_watch_list(log: EventLog, tmp_path: Path) -> None:
    three, token = subject(3), "t000000.aa"
    office = Office(log, tmp_path / "state", replace(GRANT, watched={TWO: 0, token: 1}))
    office.say((ONE, master(ONE)), (TWO, master(TWO)), (three, master(three, id_token=token)))
    office.share()

    assert {event.value["subject"] for event in office.got()} == {office.pseudonym("subject", who) for who in (TWO, three)}
    assert [dict(each.withheld) for each in office.deliveries if each.withheld] == [{"not_watched": 1}]


def test_who_registered_one_of_two_numbers_that_were_found_to_be_one_person_s_gets_the_file_that_is_left(
    log: EventLog, tmp_path: Path
) -> None:
    office = Office(log, tmp_path / "state", replace(GRANT, watched={TWO: 0, "t000000.bb": 0}))
    office.say((ONE, master(ONE, id_token="t000000.aa")), (TWO, master(TWO, id_token="t000000.bb")))
    office.share()
    office.say((ONE, master(ONE, id_token="t000000.aa", id_tokens=["t000000.aa", "t000000.bb"], operation="corrected")), (TWO, None))
    office.share()

    one, two = (office.pseudonym("subject", who) for who in (ONE, TWO))
    assert sorted((event.value["subject"], event.value["operation"]) for event in office.got()) == sorted(
        [(two, "created"), (two, "ended"), (one, "created")]
    )


def test_who_is_no_longer_authorised_gets_nothing_and_the_position_stays(office: Office) -> None:
    def ended() -> None:
        raise WrongUse("ended", "已终止")

    office.say((ONE, master(ONE)))
    with pytest.raises(WrongUse):
        office.share(ended)
    assert office.got() == []
    office.share()
    assert told(office) == [("created", "张三")]


def test_a_view_that_was_deleted_delivers_nothing_twice(office: Office, tmp_path: Path) -> None:
    office.say((ONE, master(ONE)), (TWO, master(TWO)))
    office.share()
    shutil.rmtree(tmp_path / "state" / "views")
    office.say((ONE, master(ONE, sex="1")))
    office.share()

    assert told(office) == [("created", "张三")] * 2


def test_the_audit_hears_who_was_delivered_in_which_records(office: Office) -> None:
    office.say((ONE, master(ONE)))
    office.share()
    (delivery,) = office.deliveries

    assert (delivery.agreement, delivery.topic, delivery.first_offset) == ("names-by-grid", "master.resident", 0)
    assert [(each.subject, each.operation) for each in delivery.delivered] == [(ONE.encode(), "created")]
