"""Several steps in one process: each with its own position, and none waits for another that is slow, fails, is refused, or comes late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bus.errors import NotInForce, Unreachable
from bus.event import Batch, Output, Record
from bus.eventlog.port import EventLog, TopicSpec
from bus.step import Options, Step, run_together
from bus.step.together import Wanted
from tests.conformance.adapters import MAKERS

COUNT = 250
Decide = Callable[[list[Batch]], Iterable[Output]]


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    log = MAKERS["sqlite"](tmp_path).open()
    log.create([TopicSpec("in", 2), *(TopicSpec(f"out.{name}", 1) for name in ("one", "two", "three"))])
    say(log, range(COUNT))
    return log


def say(log: EventLog, numbers: Iterable[int]) -> None:
    with log.writer("test") as writer:
        writer.append([Output("in", Record(b"%d" % n, b"%d" % n, n), n % 2) for n in numbers])


def options(tmp_path: Path, **more: object) -> Options:
    return Options(tmp_path / "state", 20, 60.0, **more)  # type: ignore[arg-type]


def copying(name: str, before: Callable[[], None] = lambda: None) -> Step:
    """A step that copies what it reads, and does something before."""

    def decide(batches: list[Batch]) -> Iterable[Output]:
        before()
        return [Output(f"out.{name}", record, 0) for batch in batches for record in batch.records]

    return Step(name, "in", decide, lambda *_: [])


def wanted(*steps: Step) -> Wanted:
    return lambda: {step.name: lambda step=step: step for step in steps}  # type: ignore[misc]


def copied(log: EventLog, name: str) -> int:
    return sum(len(batch.records) for batch in log.scan(f"out.{name}"))


def test_each_reads_all_and_writes_its_own(log: EventLog, tmp_path: Path) -> None:
    assert run_together(log, wanted(copying("one"), copying("two")), options(tmp_path, until_idle=True)) == 2 * COUNT
    assert (copied(log, "one"), copied(log, "two")) == (COUNT, COUNT)


def test_one_that_comes_later_begins_at_the_beginning_and_the_others_repeat_nothing(log: EventLog, tmp_path: Path) -> None:
    run_together(log, wanted(copying("one")), options(tmp_path, until_idle=True))
    say(log, range(COUNT, COUNT + 10))
    run_together(log, wanted(copying("one"), copying("two")), options(tmp_path, until_idle=True))

    assert (copied(log, "one"), copied(log, "two")) == (COUNT + 10, COUNT + 10)


def refused() -> None:
    raise NotInForce(place="two")


def failing() -> None:
    raise Unreachable(place="two")


@pytest.mark.parametrize(("wrong", "kind"), [(refused, NotInForce), (failing, Unreachable)])
def test_one_that_is_refused_or_fails_holds_up_no_other(
    log: EventLog, tmp_path: Path, wrong: Callable[[], None], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        run_together(log, wanted(copying("one"), copying("two", wrong), copying("three")), options(tmp_path, until_idle=True))

    assert (copied(log, "one"), copied(log, "two"), copied(log, "three")) == (COUNT, 0, COUNT)


def test_one_that_cannot_be_made_holds_up_no_other_and_is_tried_again(log: EventLog, tmp_path: Path) -> None:
    tried: list[float] = []

    def make() -> Step:
        tried.append(time.monotonic())
        if len(tried) == 1:
            raise NotInForce(place="two")
        return copying("two")

    steps = {"one": lambda: copying("one"), "two": make}
    run_together(log, lambda: steps, options(tmp_path, stopped=lambda: copied(log, "two") == COUNT))

    assert len(tried) == 2 and copied(log, "one") == COUNT


def test_while_one_has_a_long_way_the_others_have_their_turns(log: EventLog, tmp_path: Path) -> None:
    run_together(log, wanted(copying("one")), options(tmp_path, until_idle=True))
    say(log, range(COUNT, COUNT + 10))
    seen: list[int] = []
    behind = copying("two", lambda: seen.append(copied(log, "one")))
    run_together(log, wanted(behind, copying("one")), options(tmp_path, until_idle=True))

    assert seen[1] == COUNT + 10 < COUNT + len(seen)  # before the second of its many batches
