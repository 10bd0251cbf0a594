"""What `bus.eventlog.port` promises of readers that share a group, held against every adapter."""

from __future__ import annotations

import os
import signal

import pytest

from bus.errors import Fenced, WrongUse
from bus.event import Output, Record
from bus.eventlog.port import TopicSpec
from tests.conformance.adapters import Place, until
from tests.conformance.member import OURS
from tests.conformance.steps import IN, answer, fill, kept, other_process, poll, record, records, step


def test_readers_of_a_group_share_the_partitions_evenly_and_each_record_once(place: Place) -> None:
    log = place.open()
    fill(log, 100)
    seen: list[Record] = []
    with log.reader("g", ["in"]) as one, log.reader("g", ["in"]) as two:

        def advance() -> None:
            seen.extend(step(one, 3) + step(two, 3))

        assert until(lambda: len(one.owned()) == len(two.owned()) == 2, 60, advance)
        assert one.owned() | two.owned() == {("in", partition) for partition in range(4)}
        assert until(lambda: len(seen) >= 100, 60, advance)
        assert not step(one)
        assert not step(two)
    assert sorted(seen) == sorted(record(number) for number in range(100))


def test_a_closed_reader_leaves_its_partitions_to_the_others_at_once(place: Place) -> None:
    log = place.open()
    fill(log, 100)
    with log.reader("g", ["in"]) as stays:
        with log.reader("g", ["in"]) as leaves:
            assert until(lambda: len(leaves.owned()) == 2, meanwhile=lambda: step(stays) + step(leaves))
        assert until(lambda: len(stays.owned()) == 4, place.lease_s() * 0.8, lambda: step(stays))


def test_a_killed_member_s_partitions_are_taken_over_and_nothing_of_it_is_lost(place: Place) -> None:
    log = place.open()
    fill(log, 20)
    with other_process(place) as process, log.reader("g", ["in"]) as reader:
        process.kill()
        assert len(records(poll(reader, 20, within_s=place.lease_s() * 5 + 10))) == 20
        reader.commit([Output("out", record(1))])
    assert kept(log, "out", 1) == [record(1)]


def test_a_member_that_comes_back_too_late_is_fenced_and_nothing_of_it_is_kept(place: Place) -> None:
    log = place.open()
    fill(log, 20)
    with other_process(place) as zombie, log.reader("g", ["in"]) as reader:
        os.kill(zombie.pid, signal.SIGSTOP)
        assert len(records(poll(reader, 20, within_s=place.lease_s() * 5 + 20))) == 20
        reader.commit([Output("out", record(1))])
        os.kill(zombie.pid, signal.SIGCONT)
        assert answer(zombie) == Fenced.code
    assert kept(log, "out", 1) == [record(1)]


def test_a_member_that_is_alone_commits(place: Place) -> None:
    log = place.open()
    fill(log, 20)
    with other_process(place) as process:
        assert answer(process) == "committed"
    assert kept(log, "out", 1) == [OURS.record]


def test_a_group_is_moved_only_while_nobody_reads(place: Place) -> None:
    log = place.open()
    fill(log, 20)
    with log.reader("g", ["in"]) as reader:
        poll(reader, 20)
        reader.commit([])
        with pytest.raises(WrongUse):
            log.move("g", {("in", partition): 0 for partition in range(4)})
        assert sum(log.positions("g").values()) >= 20

    def moved() -> bool:
        try:
            log.move("g", {("in", partition): 0 for partition in range(4)})
        except WrongUse:
            return False
        return True

    assert until(moved, place.lease_s() * 5)
    assert set(log.positions("g").values()) == {0}
    with log.reader("g", ["in"]) as reader:
        assert len(records(poll(reader, 20))) == 20


def test_a_new_record_does_not_wait_for_a_long_backlog_elsewhere(place: Place) -> None:
    log = place.open()
    log.create([IN, TopicSpec("live", 1)])
    backlog, noise = 60_000, os.urandom(1 << 20)  # what does not compress: the fewer records come in one answer of the broker
    with log.writer("backfill") as writer:
        for begin in range(0, backlog, 10_000):
            values = ((number, number * 17 % (len(noise) - 200)) for number in range(begin, begin + 10_000))
            writer.append([Output("in", Record(b"k%d" % number, noise[at : at + 200], 1)) for number, at in values])
    with log.reader("g", ["in", "live"]) as reader:
        ahead = len(records(poll(reader, 1)))
        with log.writer("live") as writer:
            writer.append([Output("live", record(1))])
        found = False
        while not found:
            batches = reader.poll(500, 5.0)
            found = "live" in {batch.topic for batch in batches}
            ahead += len(records(batches))
            assert found or ahead < backlog / 2
            reader.commit([])
