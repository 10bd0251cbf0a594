"""Where much is waiting, a step reads out first what the rest is decided on by; where little is, all is read as it comes."""

from __future__ import annotations

from pathlib import Path

from bus.event import Batch, Output, Record
from bus.eventlog.port import EventLog, TopicSpec
from bus.step import Options, Step, run
from tests.conformance.adapters import MAKERS

AT_ONCE = 20


def order_of(tmp_path: Path, waiting: int, first: str) -> list[str]:
    """The topics in the order in which they are read, of two with so many records each."""
    log: EventLog = MAKERS["sqlite"](tmp_path).open()
    log.create([TopicSpec("a", 1), TopicSpec("b", 1)])
    read: list[str] = []
    with log.writer("test") as writer:
        writer.append([Output(topic, Record(b"%d" % n, b"", n), 0) for topic in "ab" for n in range(waiting)])

    def decide(batches: list[Batch]) -> list[Output]:
        read.extend(batch.topic for batch in batches for _ in batch.records)
        return []

    run(log, Step("step", ("a", "b"), decide, lambda *_: [], first=first), Options(tmp_path / "state", AT_ONCE, 60.0, until_idle=True))
    log.close()
    return read


def test_of_a_long_line_what_is_to_be_first_is_read_out_before_the_rest(tmp_path: Path) -> None:
    read = order_of(tmp_path, 10 * AT_ONCE, first="b")

    assert (read.count("a"), read.count("b")) == (10 * AT_ONCE, 10 * AT_ONCE)
    assert "a" not in read[AT_ONCE : read.index("b") + 10 * AT_ONCE], "but for the first batch, of which nobody knew how much follows"


def test_of_a_short_line_all_is_read_as_it_comes(tmp_path: Path) -> None:
    assert set(order_of(tmp_path, AT_ONCE // 4, first="b")[: AT_ONCE // 2]) == {"a", "b"}
