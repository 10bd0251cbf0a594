"""What persons rule about identity holds whenever it is said, is kept, and can be taken back."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from bus.event import Output
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver import docket
from bus.resolver.identify import own_subject, subject_of
from bus.resolver.routing import Routes
from bus.resolver.rulings import Move, Ruling, moves_to_join, outputs
from tests.conformance.adapters import MAKERS
from tests.resolver.world import KEYS, TIME, Said, masters, publish, record, resolve, together

A, B, C = (subject_of(KEYS, "resident", f"token:{name}") for name in "abc")
ROWS = {name: name.encode().ljust(16, b".") for name in ("a1", "a2", "b1", "c1", "x1")}
NEW = own_subject(KEYS, ROWS["a2"])


def rows() -> list[Said]:
    known = {"a1": ("token:a",), "a2": ("token:a",), "b1": ("token:b",), "c1": ("token:c",), "x1": ()}
    return [Said("resident", ROWS[name], TIME + at, tokens, name) for at, (name, tokens) in enumerate(known.items())]


def ruling(kind: str, *moves: Move, at: int = 100, undoes: bytes = b"", **statements: bytes) -> Ruling:
    said = {ROWS[name]: to for name, to in statements.items()}
    return Ruling(f"{kind}{at}".encode().ljust(16, b"."), kind, "resident", "clerk", "why", TIME + at, moves, said, ("e",), undoes)


def rule(log: EventLog, *found: Output) -> None:
    with log.writer("rulings") as writer:
        writer.append(found)


def told(one: Ruling, undone: Ruling | None = None) -> list[Output]:
    return outputs(one, Routes(), (), undone)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return MAKERS["sqlite"](tmp_path).open()


def files(log: EventLog, state: Path) -> set[frozenset[str]]:
    resolve(log, state)
    return together(log)["resident"]


def sets(*texts: str) -> set[frozenset[str]]:
    return {frozenset(each.split()) for each in texts}


def test_two_numbers_are_one_person_once_a_person_says_so(log: EventLog, tmp_path: Path) -> None:
    publish(log, rows())
    rule(log, *told(ruling("join", *moves_to_join(B, A))))

    assert files(log, tmp_path / "state") == sets("a1 a2 b1", "c1", "x1")


def test_what_is_said_later_of_who_was_joined_goes_the_same_way(log: EventLog, tmp_path: Path) -> None:
    publish(log, rows()[:2])
    rule(log, *told(ruling("join", *moves_to_join(B, A))))
    resolve(log, tmp_path / "state")
    publish(log, rows()[2:])

    assert files(log, tmp_path / "state") == sets("a1 a2 b1", "c1", "x1")


def test_who_was_joined_to_one_that_is_joined_to_a_third_is_the_third(log: EventLog, tmp_path: Path) -> None:
    publish(log, rows())
    rule(log, *told(ruling("join", *moves_to_join(B, A))), *told(ruling("join", *moves_to_join(A, C), at=101)))

    assert files(log, tmp_path / "state") == sets("a1 a2 b1 c1", "x1")


def test_a_row_taken_out_of_a_file_has_one_of_its_own(log: EventLog, tmp_path: Path) -> None:
    publish(log, rows())
    rule(log, *told(ruling("split", Move(A, ROWS["a2"], NEW))))

    assert files(log, tmp_path / "state") == sets("a1", "a2", "b1", "c1", "x1")


def test_a_row_may_be_taken_out_of_what_was_joined(log: EventLog, tmp_path: Path) -> None:
    publish(log, rows())
    rule(log, *told(ruling("join", *moves_to_join(B, A))), *told(ruling("split", Move(A, ROWS["b1"], C), at=101)))

    assert files(log, tmp_path / "state") == sets("a1 a2", "b1 c1", "x1")


def test_a_row_that_was_sent_away_comes_back_when_the_other_is_joined(log: EventLog, tmp_path: Path) -> None:
    publish(log, rows())
    away, back = ruling("split", Move(A, ROWS["a2"], B)), ruling("join", *moves_to_join(B, A, [ROWS["a2"]]), at=101)
    rule(log, *told(away), *told(back))

    assert files(log, tmp_path / "state") == sets("a1 a2 b1", "c1", "x1")


def test_of_a_statement_without_a_number_a_person_says_whom_it_is_about(log: EventLog, tmp_path: Path) -> None:
    publish(log, rows())
    rule(log, *told(ruling("join", x1=C)))

    assert files(log, tmp_path / "state") == sets("a1 a2", "b1", "c1 x1")


def test_a_ruling_that_is_taken_back_leaves_all_as_it_was(log: EventLog, tmp_path: Path) -> None:
    publish(log, rows())
    before = files(log, tmp_path / "state")
    join = ruling("join", *moves_to_join(B, A), x1=C)
    rule(log, *told(join))
    resolve(log, tmp_path / "state")
    rule(log, *told(ruling("undo", at=101, undoes=join.id), join))

    assert files(log, tmp_path / "state") == before
    assert docket.read(log).undone == {join.id}


@pytest.mark.parametrize("seed", range(4))
def test_it_does_not_matter_in_what_order_rows_and_rulings_come(log: EventLog, tmp_path: Path, seed: int) -> None:
    found = _rows_and_rulings()
    random.Random(seed).shuffle(found)
    publish(log, [])
    for at in range(0, len(found), 3):
        rule(log, *found[at : at + 3])
        resolve(log, tmp_path / "state")

    other = MAKERS["sqlite"](tmp_path / "other")
    (tmp_path / "other").mkdir()
    plain = other.open()
    publish(plain, [])
    rule(plain, *_rows_and_rulings())
    resolve(plain, tmp_path / "other" / "state")
    assert masters(log) == masters(plain)
    plain.close()


def test_masters_rebuilt_with_rulings_are_the_same(log: EventLog, tmp_path: Path) -> None:
    publish(log, [])
    rule(log, *_rows_and_rulings())
    resolve(log, tmp_path / "state")
    before = masters(log)
    shutil.rmtree(tmp_path / "state" / "views")
    publish(log, [Said("resident", ROWS["c1"], TIME + 50, ("token:c",), "c1 again")])
    resolve(log, tmp_path / "state")

    after = masters(log)
    changed = {
        key for key in before["resident"].keys() | after["resident"].keys() if before["resident"].get(key) != after["resident"].get(key)
    }
    assert changed == {C.hex().encode()}


def test_a_ruling_reads_as_it_was_written() -> None:
    one = ruling("split", Move(A, ROWS["a2"], NEW), x1=C)
    assert Ruling.read(one.id, one.at, one.record()) == Ruling(**{**_fields(one), "moves": list(one.moves), "corrects": list(one.corrects)})


def _fields(one: Ruling) -> dict[str, object]:
    return {name: getattr(one, name) for name in Ruling.__dataclass_fields__}


def _rows_and_rulings() -> list[Output]:
    said: Sequence[Output] = [record(each) for each in rows()]
    join = ruling("join", *moves_to_join(B, A))
    return [*said, *told(join), *told(ruling("split", Move(A, ROWS["a2"], C), at=101))]


def test_the_queue_is_read_without_what_the_resolver_decided_itself(log: EventLog, tmp_path: Path) -> None:
    publish(log, rows())
    rule(log, *told(ruling("join", x1=C)))
    resolve(log, tmp_path / "state")
    found = docket.read(log)

    assert not found.doubts
    assert [each.kind for each in found.rulings.values()] == ["join"]
    assert topics.DECISION in {info.name for info in log.topics()}
