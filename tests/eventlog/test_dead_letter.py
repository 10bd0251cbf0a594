"""The shape of a dead letter, and which letters wait."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bus.event import Batch, Record
from bus.eventlog import dead_letter
from bus.eventlog.dead_letter import Letter, iso, read, replay_headers, replayed_marker, unreadable, waiting

REASON = {"code": "ID_CHECKSUM", "column": "CERT_NUM_MAN", "message_zh": "校验码错误", "message_en": "wrong check character"}
LETTER = Letter(
    id="ab12",
    department="civil",
    dataset="civil.marriage",
    source={"department": "civil", "dataset": "civil.marriage", "row": 7, "role": "husband", "ordinal": 1},
    statement="resident",
    outcome="partial",
    reasons=[REASON],
    at="2026-09-30T02:00:00.000Z",
    sealed=b"\x00sealed",
)


def batch(*records: Record) -> list[Batch]:
    return [Batch("deadletter.civil", 0, list(range(len(records))), list(records))]


def test_a_letter_that_was_written_is_read_as_it_was() -> None:
    assert read(LETTER.as_record(5).value or b"") == LETTER


def test_what_is_listed_is_the_shape_others_rely_on_and_nothing_sealed() -> None:
    assert set(LETTER.shown()) == {"id", "department", "dataset", "source", "statement", "reasons", "at"}


def test_the_statement_is_named_with_role_and_ordinal_for_a_replay() -> None:
    assert LETTER.which == "resident:husband:1"
    assert replay_headers([LETTER]) == (
        (dead_letter.REPLAY_LETTER, b"ab12"),
        (dead_letter.REPLAY_STATEMENT, b"resident:husband:1"),
        (dead_letter.REPLAY_OUTCOME, b"partial"),
    )


def test_a_letter_written_twice_waits_once() -> None:
    assert waiting(batch(LETTER.as_record(5), LETTER.as_record(5))) == {(0, 1)}


def test_a_letter_that_was_replayed_waits_no_more_until_it_is_refused_again() -> None:
    marker = replayed_marker(LETTER, 9).record

    assert waiting(batch(LETTER.as_record(5), marker)) == set()
    assert waiting(batch(LETTER.as_record(5), marker, LETTER.as_record(5))) == {(0, 2)}


def test_a_marker_is_no_letter() -> None:
    assert read(replayed_marker(LETTER, 9).record.value or b"") is None


def test_a_letter_that_speaks_of_replaying_is_still_a_letter() -> None:
    told = LETTER.as_record(5)._replace(value=(LETTER.as_record(5).value or b"").replace(b"ID_CHECKSUM", b'"replayed"'[1:-1]))

    assert waiting(batch(told)) == {(0, 0)}


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_is_said_to_the_millisecond(timestamp: int) -> None:
    from datetime import datetime

    assert round(datetime.fromisoformat(iso(timestamp)).timestamp() * 1000) == timestamp


def test_the_letter_of_an_unreadable_record_names_its_place_and_is_the_same_each_time() -> None:
    record = Record(b"k", b"v", 1_790_000_000_123)
    letter = unreadable("raw.civil.marriage", 2, 17, record, b"sealed")

    assert letter == unreadable("raw.civil.marriage", 2, 17, record, b"sealed")
    assert letter.id != unreadable("raw.civil.marriage", 2, 18, record, b"sealed").id
    assert letter.source["key"] == {"topic": "raw.civil.marriage", "partition": "2", "offset": "17"}
    assert letter.codes == {dead_letter.RECORD_UNREADABLE}
    assert json.loads(letter.as_record(1).value or b"")["dataset"] == "civil.marriage"
