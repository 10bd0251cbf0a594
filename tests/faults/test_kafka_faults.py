"""Faults 2, 3, 4, 5 and 10 on a real Apache Kafka: nothing is lost, doubled or out of order, whatever is killed or paused.

What came out is read by confluent-kafka, another client than the one under test, `read_committed`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from bus.errors import BusError, Fenced, Overtaken, WrongUse
from bus.event import Batch, Output, Record
from bus.eventlog.kafka import KafkaLog
from bus.eventlog.port import Reader, TopicSpec
from tests.broker import broker, running_broker, stock_read
from tests.faults.kafka_proxy import Proxy
from tests.faults.kafka_worker import SETTINGS

pytestmark = pytest.mark.kafka

KEYS, COUNT = 20, 3000


class Run:
    """Records of known content in topic `in`, and what must come out of it."""

    def __init__(self, count: int = COUNT) -> None:
        self.namespace = f"f{uuid.uuid4().hex[:10]}"
        self.log = KafkaLog(running_broker(), self.namespace, SETTINGS)
        self.log.create([TopicSpec("in"), TopicSpec("out")])
        self.sent = [Record(b"key %d" % (number % KEYS), b"%d" % number, number) for number in range(count)]
        with self.log.writer("filler") as writer:
            writer.append([Output("in", record) for record in self.sent])

    def out(self) -> list[tuple[bytes | None, bytes | None]]:
        """What a stock client sees in `out`, in its order."""
        return [(record.key, record.value) for record in stock_read(f"{self.namespace}.out")]

    def assert_exactly_once_and_in_order(self) -> None:
        """I1 no loss, I2 no duplicate, I4 order per key, I5 content, I6 positions at the end."""
        by_key: dict[bytes | None, list[bytes | None]] = {}
        for key, value in self.out():
            by_key.setdefault(key, []).append(value)
        expected: dict[bytes | None, list[bytes | None]] = {}
        for record in self.sent:
            expected.setdefault(record.key, []).append(record.value)
        assert by_key == expected
        last = {batch.partition: batch.next_offset for batch in self.log.scan("in")}
        assert {partition: offset for (_, partition), offset in self.log.positions("copy").items()} == last

    def through(self) -> bool:
        """Has everything come out?"""
        return len(self.out()) >= len(self.sent)


@contextmanager
def worker(run: Run) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.faults.kafka_worker", running_broker(), run.namespace]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def commits(process: subprocess.Popen[str], count: int = 1) -> None:
    """Wait until a worker has committed `count` batches that were not empty."""
    assert process.stdout is not None
    while count:
        line = process.stdout.readline()
        assert line, f"the worker ended with {process.wait()}"
        count -= line.strip() != "0"


def drain(process: subprocess.Popen[str]) -> None:
    """Let a worker talk on without anyone listening."""
    subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)


def wait_until_through(run: Run, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not run.through():
        assert time.monotonic() < deadline, f"{len(run.out())} of {len(run.sent)} came through"
        time.sleep(0.3)


def poll_some(reader: Reader, within_s: float = 30) -> list[Batch]:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if batches := reader.poll(100, 0.5):
            return batches
    raise AssertionError("nothing came")


def copied(batches: list[Batch]) -> list[Output]:
    return [Output("out", record) for batch in batches for record in batch.records]


def refused_after_s(call: Callable[[], None]) -> float:
    began = time.monotonic()
    with pytest.raises(BusError):
        call()
    return time.monotonic() - began


def test_a_paused_worker_that_comes_back_late_adds_nothing() -> None:
    run = Run()
    with worker(run) as zombie:
        commits(zombie, 3)
        zombie.send_signal(signal.SIGSTOP)
        with worker(run) as successor:
            drain(successor)
            wait_until_through(run)
            zombie.send_signal(signal.SIGCONT)
            time.sleep(2)
    run.assert_exactly_once_and_in_order()


def test_killed_workers_leave_nothing_double_and_nothing_out() -> None:
    run = Run()
    for _ in range(4):
        with worker(run) as process:
            commits(process, 3)
    with worker(run) as process:
        drain(process)
        wait_until_through(run)
    run.assert_exactly_once_and_in_order()


def test_a_member_expelled_because_it_worked_too_long_commits_nothing() -> None:
    run = Run(100)
    hasty = KafkaLog(running_broker(), run.namespace, {**SETTINGS, "max.poll.interval.ms": "1500"})
    with hasty.reader("copy", ["in"]) as reader:
        batches = poll_some(reader)
        time.sleep(4)
        with pytest.raises(Overtaken):
            reader.commit(copied(batches))
        assert run.out() == []
        reader.rewind()
        seen = 0
        while seen < 100:
            batches = poll_some(reader)
            reader.commit(copied(batches))
            seen += sum(len(batch.records) for batch in batches)
    run.assert_exactly_once_and_in_order()


def test_two_with_one_instance_name_are_refused_on_one_host(tmp_path: Path) -> None:
    run = Run(10)
    named = KafkaLog(running_broker(), run.namespace, {**SETTINGS, "instance": "one", "lock.dir": str(tmp_path)})
    with named.reader("copy", ["in"]), pytest.raises(WrongUse):
        named.reader("copy", ["in"])
    named.reader("copy", ["in"]).close()


def test_of_two_with_one_instance_name_on_two_hosts_the_later_fences_the_earlier(tmp_path: Path) -> None:
    run = Run(100)

    def on_host(name: str) -> KafkaLog:
        return KafkaLog(running_broker(), run.namespace, {**SETTINGS, "instance": "one", "lock.dir": str(tmp_path / name)})

    with on_host("a").reader("copy", ["in"]) as earlier:
        batches = poll_some(earlier)
        with on_host("b").reader("copy", ["in"]):
            with pytest.raises(Fenced):
                earlier.commit(copied(batches))
            with pytest.raises(Fenced):  # it does not take its place back: the two would fence each other for ever
                earlier.rewind()
    assert run.out() == []


def test_a_broker_killed_in_the_midst_loses_and_doubles_nothing() -> None:
    run = Run()
    with ExitStack() as workers:
        first = workers.enter_context(worker(run))
        commits(first, 3)
        broker().kill()
        time.sleep(1)
        broker().start()
        drain(first)
        deadline = time.monotonic() + 60
        while not run.through():
            assert time.monotonic() < deadline, "the bus did not come back after the broker did"
            if first.poll() is not None:  # it gave up while the broker was away, as a step does; the supervisor starts it again
                first = workers.enter_context(worker(run))
                drain(first)
            time.sleep(0.5)
    run.assert_exactly_once_and_in_order()


@pytest.mark.parametrize("how", ["cut", "silence"])
def test_a_commit_whose_answer_is_lost_counts_once(how: str) -> None:
    run = Run(300)
    ports = broker().ports
    with Proxy(ports["proxy"], ports["proxied"]) as proxy:
        log = KafkaLog(f"127.0.0.1:{ports['proxy']}", run.namespace, SETTINGS)
        with log.reader("copy", ["in"]) as reader:
            seen = 0
            while seen < 300:
                batches = poll_some(reader)
                if not proxy.lost:
                    proxy.arm(how)  # type: ignore[arg-type]
                try:
                    reader.commit(copied(batches))
                except BusError:
                    reader.rewind()
                seen = len(run.out())
            assert reader.poll(100, 1.0) == []
        assert proxy.lost == 1
    run.assert_exactly_once_and_in_order()


def test_where_the_network_swallows_everything_every_call_comes_back_and_afterwards_nothing_is_missing() -> None:
    run = Run(300)
    ports = broker().ports
    with Proxy(ports["proxy"], ports["proxied"]) as proxy:
        log = KafkaLog(f"127.0.0.1:{ports['proxy']}", run.namespace, SETTINGS)
        with log.reader("copy", ["in"]) as reader:
            batches = poll_some(reader)
            proxy.swallows = True
            longest = max(refused_after_s(lambda: reader.commit(copied(batches))), refused_after_s(reader.rewind))
            proxy.swallows = False
            deadline = time.monotonic() + 90
            while not run.through():
                assert time.monotonic() < deadline, "it did not go on when the network did"
                try:
                    reader.commit(copied(reader.poll(100, 0.5)))
                except BusError:
                    with suppress(BusError):
                        reader.rewind()
    assert longest < 120, "R5: a process that can do nothing ends, or goes on, within two minutes"
    run.assert_exactly_once_and_in_order()
