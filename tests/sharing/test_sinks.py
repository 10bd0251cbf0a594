"""A subscriber's file or table holds each event once in effect, whenever it is killed, and follows what comes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql

from bus.contracts.codec import Codec
from bus.errors import FileRefused, Unreachable, WrongUse
from bus.event import Output, Record
from bus.eventlog.port import EventLog
from bus.sharing import published
from bus.sharing.agreement import Rows
from bus.sharing.follow import Part, after, follow, since
from bus.sharing.grant import Grant, How
from connectors.lines import CsvSink, LinesSink, jsonl_sink
from connectors.postgresql import PostgresSink
from connectors.sinks import Sink, columns_of
from tests.conformance.adapters import MAKERS
from tests.sharing.office import GRID, OTHER, TIME, Office, master, subject
from tests.sharing.postgres import running_postgres

GRANT = Grant(
    "grid-names",
    frozenset({"social"}),
    "civil",
    "resident",
    {"name": How("clear"), "deceased": How("clear"), "residence_address": How("clear")},
    rows=Rows(grids=(GRID,)),
)
HOME = {"county": "东澜区", "building": "2", "division_code": "379901001001"}


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return MAKERS["sqlite"](tmp_path).open()


@pytest.fixture
def office(log: EventLog, tmp_path: Path) -> Office:
    return Office(log, tmp_path / "state", GRANT)


def busy(office: Office) -> None:
    """Ten people, of whom one moves away and one is renamed."""
    office.say(*((subject(n), master(subject(n), f"张{n}", deceased=n == 3, residence_address=HOME)) for n in range(10)))
    office.share()
    office.say((subject(1), master(subject(1), grid=OTHER)), (subject(2), master(subject(2), "李二", residence_address=HOME)))
    office.share()


def parts(office: Office, start: dict[int, int] | None = None) -> Iterator[Part]:
    registry = office.codec.registry.beside([published.Version("share.grid-names-value", 1, 99, office.schema, "")])
    return follow(office.log, GRANT.agreement, Codec(registry).decoder(), start or {}, more=lambda: False)


def pour(office: Office, sink: Sink, most: int = 1000) -> None:
    """What `subscribe` does, until there is nothing more, or for some parts only."""
    for number, part in enumerate(parts(office, sink.positions())):
        if number >= most:
            return
        sink.take(part.partition, part.events, part.next_offset)


def now(office: Office) -> dict[str, str]:
    """Subject → name, by the events alone."""
    state: dict[str, str] = {}
    for part in parts(office):
        for event in part.events:
            state[event.subject] = event.fields["name"]
            if event.ended:
                del state[event.subject]
    return state


def rows(database: str) -> list[dict[str, Any]]:
    engine = sql.create_engine(sql.make_url(database).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(sql.text("SELECT * FROM share_grid_names ORDER BY subject"))]


@pytest.fixture
def table(database: str, office: Office) -> Iterator[PostgresSink]:
    with PostgresSink(database, GRANT.agreement, columns_of(office.schema)) as sink:
        yield sink
    engine = sql.create_engine(sql.make_url(database).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sql.text("DROP TABLE share_grid_names, civicbus_position, civicbus_rotated"))


def test_the_table_holds_the_state_and_follows_it(table: PostgresSink, database: str, office: Office) -> None:
    busy(office)
    pour(office, table)
    assert {row["subject"]: row["name"] for row in rows(database)} == now(office)

    office.say((subject(5), master(subject(5), grid=OTHER)))
    office.share()
    pour(office, table)
    assert {row["subject"]: row["name"] for row in rows(database)} == now(office)


def test_a_subject_that_was_taken_out_of_the_log_is_taken_out_of_the_table(table: PostgresSink, database: str, office: Office) -> None:
    busy(office)
    pour(office, table)
    gone = next(event for part in parts(office) for event in part.events if event.fields["name"] == "张5")
    with office.log.writer("erase") as writer:
        writer.append([Output("share.grid-names", Record(gone.subject.encode(), None, TIME), gone.partition)])
    pour(office, table)

    assert [event.operation for part in parts(office) for event in part.events if event.subject == gone.subject] == ["created", "erased"]
    assert gone.subject not in {row["subject"] for row in rows(database)} and len(rows(database)) == 8


def test_stand_ins_that_were_rotated_are_kept_as_pairs(table: PostgresSink, database: str, office: Office) -> None:
    busy(office)
    (part, *_) = parts(office)
    event = part.events[0]
    for rotated in (
        event._replace(subject="2.b", formerly="1.a"),
        event._replace(subject="1.a", operation="ended", fields={}, becomes="2.b"),
    ):
        table.take(rotated.partition, [rotated], rotated.offset + 1)

    engine = sql.create_engine(sql.make_url(database).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        pairs = [tuple(row) for row in connection.execute(sql.text("SELECT agreement, formerly, becomes FROM civicbus_rotated"))]
    assert pairs == [("grid-names", "1.a", "2.b")]
    assert [row["subject"] for row in rows(database)] == ["2.b"]


def test_a_column_holds_what_is_granted_in_its_own_type(table: PostgresSink, database: str, office: Office) -> None:
    busy(office)
    pour(office, table)
    (dead,) = [row for row in rows(database) if row["deceased"]]

    assert (dead["name"], dead["residence_address_county"], dead["disputed"]) == ("张3", "东澜区", [])
    assert dead["changed_at"].timestamp() * 1000 == TIME


def test_a_table_whose_writer_was_stopped_between_two_parts_goes_on_where_it_is(table: PostgresSink, database: str, office: Office) -> None:
    busy(office)
    pour(office, table, most=1)
    with PostgresSink(database, GRANT.agreement, columns_of(office.schema)) as again:
        pour(office, again)

    assert {row["subject"]: row["name"] for row in rows(database)} == now(office)


def test_rows_and_position_are_written_both_or_neither(table: PostgresSink, office: Office) -> None:
    busy(office)
    (part, *_) = parts(office)
    broken = part.events[0]._replace(fields={"deceased": "no boolean"})

    with pytest.raises(Unreachable):
        table.take(part.partition, [*part.events, broken], part.next_offset)
    assert table.positions() == {}


def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(Unreachable) as error:
        PostgresSink("postgresql://me:hush@127.0.0.1:1/nowhere", "a-b", {})
    assert "hush" not in f"{error.value.place}{error.value}" and "127.0.0.1" in error.value.place


def jsonl(path: Path) -> LinesSink:
    return jsonl_sink(path)


def table_of_cells(path: Path) -> CsvSink:
    return CsvSink(path, ["name", "deceased", "residence_address_county"])


@pytest.mark.parametrize("make", [jsonl, table_of_cells])
def test_a_file_that_broke_off_within_a_line_goes_on_without_a_gap_or_a_double(make: Any, office: Office, tmp_path: Path) -> None:
    busy(office)
    with make(tmp_path / "whole") as sink:
        pour(office, sink)
    whole = (tmp_path / "whole").read_bytes()
    for cut in range(4, len(whole), 97):
        (tmp_path / "cut").write_bytes(whole[:cut])
        with make(tmp_path / "cut") as sink:
            pour(office, sink)
        assert sorted((tmp_path / "cut").read_bytes().splitlines()) == sorted(whole.splitlines())


def test_a_line_of_json_is_an_event(office: Office, tmp_path: Path) -> None:
    busy(office)
    with jsonl_sink(tmp_path / "events.jsonl") as sink:
        pour(office, sink)
    said = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]

    assert {each["operation"] for each in said} == {"created", "changed", "ended"}
    assert {each["fields"]["name"] for each in said if each["operation"] == "changed"} == {"李二"}


def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(office: Office, tmp_path: Path) -> None:
    office.say((subject(1), master(subject(1), "=1+1\n张")))
    office.share()
    with table_of_cells(tmp_path / "events.csv") as sink:
        pour(office, sink)
    with (tmp_path / "events.csv").open(encoding="utf-8-sig", newline="") as lines:
        (row,) = csv.DictReader(lines)

    assert row["name"] == "'=1+1 张"


def test_a_file_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary\n")
    with pytest.raises(FileRefused):
        jsonl_sink(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "dear diary\n"


def test_one_may_start_from_a_time_or_behind_an_event(office: Office) -> None:
    busy(office)
    every = [event for part in parts(office) for event in part.events]
    registry = office.codec.registry.beside([published.Version("share.grid-names-value", 1, 99, office.schema, "")])

    assert sum(len(part.events) for part in parts(office, since(office.log, GRANT.agreement, TIME))) == len(every)
    assert list(parts(office, since(office.log, GRANT.agreement, TIME + 1))) == []
    behind = after(office.log, GRANT.agreement, [every[3].event_id], Codec(registry).decoder())
    rest = [event for part in parts(office, behind) for event in part.events]
    assert every[3] not in rest and [e for e in every if e.partition == every[3].partition and e.offset > every[3].offset] == [
        e for e in rest if e.partition == every[3].partition
    ]


def test_behind_the_last_event_done_of_each_partition_there_is_no_gap_and_no_double_wherever_it_was_stopped(office: Office) -> None:
    """Times differ between partitions, and what was said later may have been delivered first."""
    for n in range(12):
        office.say((subject(n), master(subject(n), f"张{n}")), at=TIME - n)
    office.share()
    every = [event for part in parts(office) for event in part.events]
    registry = office.codec.registry.beside([published.Version("share.grid-names-value", 1, 99, office.schema, "")])
    for stopped in range(1, len(every)):
        last = {event.partition: event.event_id for event in every[:stopped]}
        behind = after(office.log, GRANT.agreement, last.values(), Codec(registry).decoder())
        assert every[:stopped] + [event for part in parts(office, behind) for event in part.events] == every


def test_an_agreement_without_deliveries_is_said_to_be_none(log: EventLog) -> None:
    with pytest.raises(WrongUse):
        since(log, "nobody", 0)


def test_a_contract_that_is_published_twice_keeps_its_id(office: Office) -> None:
    office.log.create([published.topics.spec(published.topics.SCHEMA)])
    first = published.publish(office.log, "share.grid-names-value", office.schema, TIME)
    again = published.publish(office.log, "share.grid-names-value", office.schema, TIME)
    other = published.publish(office.log, "share.other-value", office.schema, TIME)

    assert first == again._replace(place=first.place) and other.id == first.id + 1
    assert published.read(office.log).keys() == {first.id, other.id}
