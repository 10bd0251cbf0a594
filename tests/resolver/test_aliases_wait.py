"""A statement that knows few names of its dwelling waits for those that know more, and is sent once; no alias is forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bus.cli import resolving
from bus.event import Output
from bus.eventlog import topics
from bus.eventlog.sqlite import SqliteLog
from bus.resolver.alias import Alias
from bus.resolver.questions import Question
from bus.resolver.routing import ID_BYTES, LOOK, Routes
from bus.step import Step
from tests.resolver.world import PARTITIONS, blank_log, work

PLACES = [bytes((number,)) * 16 for number in range(1, 21)]
UNIT = b"u" * 16
CLAIMANT = b"c" * 16
WAITING = b"w" * 16
ROUTES = Routes()
MANY = 5


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    return blank_log(tmp_path)


def say(log: SqliteLog, *said: Output) -> None:
    with log.writer("test") as writer:
        writer.append(said)


def waiting(place: bytes, value: bytes | None = b"") -> Output:
    question = Question("dwelling", (), b"said", waits=True).encoded() if value is not None else None
    return ROUTES.on_alias(place, WAITING, place, question, 1)


def knowing() -> Output:
    """A statement that knows all places."""
    return ROUTES.on_alias(UNIT, CLAIMANT, UNIT, Question("dwelling", PLACES, b"known").encoded(), 1)


def settling(log: SqliteLog, state: Path, batch: int = 1000, turns: int = 0, many: int = MANY, most: int = 1000) -> None:
    """Work until all is through, or on so many batches."""
    work(log, Step("alias", topics.ALIAS, Alias(ROUTES, many, most).memory(), resolving.refuse), state, batch, turns)


def sent(log: SqliteLog) -> list[tuple[bytes, bytes, bytes, bool]]:
    """(subject, statement, alias, whether it is withdrawn) as it was sent."""
    records = [record for batch in log.scan(topics.internal("dwelling")) for record in batch.records]
    keys = [(record.key or b"", record.value is None) for record in records]
    return [(key[:16], key[16:32], key[32:], gone) for key, gone in keys]


def held(log: SqliteLog) -> set[tuple[bytes, bytes, bytes]]:
    """What stands in the end."""
    latest = {each[:3]: each[3] for each in sent(log)}
    return {each for each, gone in latest.items() if not gone}


def test_a_statement_that_waits_is_sent_once_to_the_subject_that_a_later_one_knows(log: SqliteLog, tmp_path: Path) -> None:
    say(log, *map(waiting, PLACES))
    say(log, knowing())
    settling(log, tmp_path / "state", batch=20, many=1)

    assert not any(gone for *_, gone in sent(log))
    assert held(log) == {(UNIT, WAITING, place) for place in PLACES} | {(UNIT, CLAIMANT, UNIT)}


def test_a_statement_for_which_nobody_speaks_is_sent_to_a_subject_of_its_own(log: SqliteLog, tmp_path: Path) -> None:
    say(log, *map(waiting, PLACES))
    settling(log, tmp_path / "state")

    assert sorted(sent(log)) == sorted((place, WAITING, place, False) for place in PLACES)


def test_who_comes_after_the_alias_was_decided_on_does_not_wait(log: SqliteLog, tmp_path: Path) -> None:
    say(log, waiting(PLACES[0]))
    settling(log, tmp_path / "state")
    before = looks(log)
    say(log, waiting(PLACES[0], None))
    settling(log, tmp_path / "state")
    say(log, waiting(PLACES[0]))
    settling(log, tmp_path / "state")

    assert looks(log) == before > 0
    assert held(log) == {(PLACES[0], WAITING, PLACES[0])}


def looks(log: SqliteLog) -> int:
    return sum((record.key or b"")[ID_BYTES:] == LOOK for batch in log.scan(topics.ALIAS) for record in batch.records)


@pytest.mark.parametrize("turns", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("batch", [3, 20, 1000])
def test_a_view_that_is_lost_at_any_turn_forgets_none_and_withdraws_what_was_sent(
    log: SqliteLog, tmp_path: Path, turns: int, batch: int
) -> None:
    state = tmp_path / "state"
    say(log, *map(waiting, PLACES), *map(waiting, PLACES[:4], [None] * 4), *map(waiting, PLACES[:2]))
    settling(log, state, batch, turns)
    say(log, knowing())
    settling(log, state, batch, turns)
    shutil.rmtree(state / "views", ignore_errors=True)
    settling(log, state, batch)

    assert held(log) == {(UNIT, WAITING, place) for place in (*PLACES[:2], *PLACES[4:])} | {(UNIT, CLAIMANT, UNIT)}


def test_an_alias_whose_statement_was_withdrawn_and_came_again_while_it_waited_takes_no_look_from_others(
    log: SqliteLog, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    say(log, *map(waiting, PLACES))
    settling(log, state, 1000, turns=1)
    say(log, *(waiting(place, None) for place in PLACES))
    settling(log, state, 1000, turns=1)
    say(log, waiting(PLACES[0]))
    settling(log, state)
    assert log.maintain(10**15, ["alias"]) > 0
    shutil.rmtree(state / "views")
    say(log, waiting(PLACES[1]))
    settling(log, state)

    assert held(log) == {(place, WAITING, place) for place in PLACES[:2]}


def test_of_very_many_looks_some_are_put_off(log: SqliteLog, tmp_path: Path) -> None:
    say(log, *map(waiting, PLACES))
    settling(log, tmp_path / "state", batch=2, turns=len(PLACES), many=1)
    once = looks(log)
    settling(log, tmp_path / "state", most=1)

    assert sorted(sent(log)) == sorted((place, WAITING, place, False) for place in PLACES)
    assert looks(log) > once > PARTITIONS


@pytest.mark.parametrize("turns", range(1, 8))
@pytest.mark.parametrize("know", [True, False])
def test_a_view_that_is_lost_while_looks_are_put_off_forgets_no_alias(log: SqliteLog, tmp_path: Path, turns: int, know: bool) -> None:
    state = tmp_path / "state"
    say(log, *map(waiting, PLACES))
    settling(log, state, batch=2, turns=len(PLACES) // 2, many=1)
    settling(log, state, batch=8, turns=turns, most=1)
    if know:
        say(log, knowing())
    shutil.rmtree(state / "views")
    settling(log, state, batch=8, most=1)

    expected = {(UNIT, WAITING, place) for place in PLACES} | {(UNIT, CLAIMANT, UNIT)}
    assert held(log) == (expected if know else {(place, WAITING, place) for place in PLACES})
