"""A key of evidence from which something could follow waits in a long line for the other claims on it; none is forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bus.cli import resolving
from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.sqlite import SqliteLog
from bus.resolver.evidence import PHONE, Claim
from bus.resolver.match import Match, is_look
from bus.resolver.routing import ID_BYTES, Routes
from bus.step import Step
from tests.resolver.test_evidence import ident
from tests.resolver.world import KEYS, PARTITIONS, blank_log, work

PHONES = [bytes((number,)) * 16 for number in range(1, 21)]
ROUTES = Routes()
MANY = 5


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    return blank_log(tmp_path)


def say(log: SqliteLog, statement: str, name: str | None = "张三", subject: str = "", phones: list[bytes] = PHONES) -> None:
    """One statement more at each phone; one without a name is withdrawn."""
    claim = Claim(PHONE, ident(subject) if subject else b"", name or "", "", "")
    with log.writer("test") as writer:
        writer.append(
            [ROUTES.as_evidence(p, p[:8] + statement.encode().ljust(8), b"", claim.encoded() if name else None, 1) for p in phones]
        )


def matching(log: SqliteLog, state: Path, batch: int = 1000, turns: int = 0, many: int = MANY, most: int = 1000) -> None:
    """Work until all is through, or on so many batches."""
    work(log, Step("match", topics.EVIDENCE, Match(KEYS, ROUTES, many, most).memory(), resolving.refuse), state, batch, turns)


def sent(log: SqliteLog) -> list[Record]:
    """What was said of those who are looked for, in order."""
    return [record for batch in log.scan(topics.PENDING) for record in batch.records]


def meant(log: SqliteLog) -> dict[bytes, set[bytes]]:
    """Phone → whom the one who looks at it may be, as it stands in the end."""
    latest = {record.key or b"": record.value for record in sent(log)}
    subjects = (ident("A"), ident("B"), ident("C"))
    return {key[ID_BYTES:]: {each for each in subjects if each in value} for key, value in latest.items() if value is not None}


def looked(log: SqliteLog) -> int:
    return sum(is_look(record.key or b"") for batch in log.scan(topics.EVIDENCE) for record in batch.records)


def test_of_a_long_line_each_key_is_looked_at_once_when_all_of_it_has_come(log: SqliteLog, tmp_path: Path) -> None:
    for statement, subject in (("s", ""), ("a", "A"), ("b", "B"), ("c", "C")):
        say(log, statement, subject=subject)
    matching(log, tmp_path / "state", batch=2 * MANY, many=1)

    assert len(sent(log)) == len(PHONES)
    assert meant(log) == {key: {ident("A"), ident("B"), ident("C")} for key in PHONES}
    assert 0 < looked(log) <= len(PHONES)


def test_of_a_short_line_each_claim_is_heard_at_once(log: SqliteLog, tmp_path: Path) -> None:
    for statement, subject in (("s", ""), ("a", "A"), ("b", "B")):
        say(log, statement, subject=subject, phones=PHONES[:1])
        matching(log, tmp_path / "state")

    assert (len(sent(log)), looked(log)) == (2, 0)
    assert meant(log) == {PHONES[0]: {ident("A"), ident("B")}}


def test_all_who_know_their_numbers_wait_for_nothing(log: SqliteLog, tmp_path: Path) -> None:
    say(log, "a", subject="A")
    say(log, "b", subject="B")
    matching(log, tmp_path / "state")

    assert (sent(log), looked(log)) == ([], 0)


@pytest.mark.parametrize("batch", [1, 4, 7, 33, 1000])
def test_what_is_said_in_the_end_is_the_same_however_long_the_line_was(log: SqliteLog, tmp_path: Path, batch: int) -> None:
    for statement, name, subject in (("s", "张三", ""), ("a", "张三", "A"), ("b", "李四", "B"), ("a", None, ""), ("c", "张三", "C")):
        say(log, statement, name, subject)
    matching(log, tmp_path / "state", batch)

    assert meant(log) == {key: {ident("C")} for key in PHONES}


@pytest.mark.parametrize("turns", [1, 2, 3, 4])
def test_a_view_that_is_lost_while_keys_wait_forgets_none_of_them(log: SqliteLog, tmp_path: Path, turns: int) -> None:
    say(log, "s")
    say(log, "a", subject="A")
    matching(log, tmp_path / "state", 4 * MANY, turns=turns)
    shutil.rmtree(tmp_path / "state" / "views")
    say(log, "b", subject="B")
    say(log, "a", None)
    matching(log, tmp_path / "state", batch=4 * MANY)

    assert meant(log) == {key: {ident("B")} for key in PHONES}


def test_a_key_that_was_looked_at_waits_no_more(log: SqliteLog, tmp_path: Path) -> None:
    for statement, subject in (("s", ""), ("a", "A")):
        say(log, statement, subject=subject)
    matching(log, tmp_path / "state", many=1)
    before = looked(log)
    say(log, "b", subject="B")
    matching(log, tmp_path / "state", many=1)

    assert (meant(log), looked(log)) == ({key: {ident("A"), ident("B")} for key in PHONES}, before)


def test_no_look_takes_the_place_of_another_when_the_log_is_compacted(log: SqliteLog, tmp_path: Path) -> None:
    for _ in range(2):
        for statement, name, subject in (("s", "张三", ""), ("a", "张三", "A")):
            say(log, statement, name, subject)
        matching(log, tmp_path / "state", many=1)
        for statement in ("s", "a"):
            say(log, statement, None)
        matching(log, tmp_path / "state", many=1)

    looks = [record.key for batch in log.scan(topics.EVIDENCE) for record in batch.records if is_look(record.key or b"")]
    assert len(set(looks)) == len(looks) > PARTITIONS


def test_of_very_many_looks_some_go_to_the_end_of_the_line_again(log: SqliteLog, tmp_path: Path) -> None:
    say(log, "s")
    say(log, "a", subject="A")
    matching(log, tmp_path / "state", batch=2, many=1, turns=len(PHONES))
    once = looked(log)
    matching(log, tmp_path / "state", most=1)

    assert meant(log) == {key: {ident("A")} for key in PHONES}
    assert len(sent(log)) == len(PHONES)
    assert looked(log) > once > PARTITIONS
