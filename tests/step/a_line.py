"""A line of records before a step, and the clock of whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable

from bus.event import Output, Record
from bus.eventlog.port import EventLog, TopicSpec

TOPIC = "raw.x"


class Line:
    """`now`: seconds, which pass while somebody sleeps; `meanwhile`: what happens then."""

    def __init__(self, log: EventLog) -> None:
        self.log, self.now, self.slept = log, 100.0, 0.0
        log.create([TopicSpec(TOPIC, 2)])
        self.meanwhile: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds
        self.meanwhile()

    def write(self, count: int) -> None:
        """So many records more stand in the line."""
        with self.log.writer("w") as writer:
            writer.append([Output(TOPIC, Record(b"%d" % n, b"", 1)) for n in range(count)])

    def work(self, count: int) -> None:
        """The step commits `count` records."""
        with self.log.reader("step", [TOPIC]) as reader:
            while count > 0:
                count -= sum(len(batch.offsets) for batch in reader.poll(count, 5.0))
                reader.commit([])
