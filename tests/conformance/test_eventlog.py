"""What `bus.eventlog.port` promises, held against every adapter. Groups: `test_eventlog_groups.py`."""

from __future__ import annotations

import signal
import time

import pytest

from bus.errors import BusError, Fenced
from bus.event import BY_OWNER, OWNER_BYTES, Output, Record
from bus.eventlog.partitioning import partition_of
from bus.eventlog.port import EventLog, TopicSpec
from tests.conformance.adapters import Place, until
from tests.conformance.steps import IN, OUT, answer, ends, fill, first_kept, kept, other_process, poll, record, records

# --- records


def test_records_of_a_partition_are_read_in_the_order_of_appending(place: Place) -> None:
    log = place.open()
    log.create([IN])
    with log.writer("w") as writer:
        for start in range(0, 300, 50):
            writer.append([Output("in", record(number), number % 4) for number in range(start, start + 50)])
    kept(log, "in", 300)
    expected = {partition: [record(number) for number in range(300) if number % 4 == partition] for partition in range(4)}
    scanned = {
        partition: [r for b in log.scan("in", max_records=7) if b.partition == partition for r in b.records] for partition in range(4)
    }
    with log.reader("g", ["in"]) as reader:
        batches = poll(reader, 300)
    polled = {partition: records([b for b in batches if b.partition == partition]) for partition in range(4)}
    assert scanned == expected
    assert polled == expected


@pytest.mark.parametrize(
    "odd",
    [
        Record(None, b"no key", 1),
        Record(b"gone", None, 1),
        Record(b"", b"", 1),
        Record(b"k", bytes(range(256)), 0),
        Record(b"k", b"v" * 900_000, 1_790_000_000_000),
        Record(b"k", b"v", 1, (("hash", b"\x00\xff"), ("again", b""), ("again", b"2"), ("名", "值".encode()))),
    ],
    ids=["no key", "tombstone", "empty", "all bytes", "large", "headers"],
)
def test_a_record_comes_back_as_it_was(place: Place, odd: Record) -> None:
    log = place.open()
    log.create([IN])
    with log.writer("w") as writer:
        writer.append([Output("in", odd)])
    assert kept(log, "in", 1) == [odd]


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_a_key_goes_to_the_partition_that_kafka_s_own_producers_choose(key: bytes, hashed: int) -> None:
    # the vectors of Apache Kafka's UtilsTest.testMurmur2
    assert [partition_of(key, n) for n in (1, 4, 7, 1000)] == [(hashed & 0x7FFFFFFF) % n for n in (1, 4, 7, 1000)]


def test_a_record_is_kept_in_the_partition_of_its_key_unless_another_is_named(place: Place) -> None:
    log = place.open()
    log.create([IN])
    by_key = [record(number) for number in range(40)]
    with log.writer("w") as writer:
        writer.append(
            [Output("in", each) for each in by_key] + [Output("in", Record(b"named", b"", 1), 3), Output("in", Record(None, b"none", 1))]
        )
    kept(log, "in", 42)
    found = {each: batch.partition for batch in log.scan("in") for each in batch.records}
    assert {found[each] for each in by_key} == {0, 1, 2, 3}
    assert all(found[each] == partition_of(each.key, 4) for each in by_key)
    assert found[Record(b"named", b"", 1)] == 3
    assert found[Record(None, b"none", 1)] == 0


def test_records_of_one_owner_are_kept_in_one_partition_whatever_else_their_keys_hold(place: Place) -> None:
    log = place.open()
    log.create([IN])
    owners = [bytes((number,)) * OWNER_BYTES for number in range(20)]
    of_owners = [Record(owner + more, b"", 1) for owner in owners for more in (b"", b"one", b"another")]
    with log.writer("w") as writer:
        writer.append([*(Output("in", each, BY_OWNER) for each in of_owners), Output("in", Record(owners[0] + b"by its key", b"", 1))])
    kept(log, "in", 61)
    found = {each.key or b"": batch.partition for batch in log.scan("in") for each in batch.records}
    assert {each.key: found[each.key or b""] for each in of_owners} == {
        each.key: partition_of((each.key or b"")[:OWNER_BYTES], 4) for each in of_owners
    }
    assert found[owners[0] + b"by its key"] == partition_of(owners[0] + b"by its key", 4) != found[owners[0]]


# --- all or nothing


def test_an_append_that_cannot_be_done_in_full_leaves_nothing(place: Place) -> None:
    log = place.open()
    log.create([IN])
    with log.writer("w") as writer, pytest.raises(BusError):
        writer.append([Output("in", record(1)), Output("there.is.no.such", record(2))])
    with log.writer("w") as writer:
        writer.append([Output("in", record(3))])
    assert kept(log, "in", 1) == [record(3)]


def test_a_commit_makes_outputs_and_positions_visible_together(place: Place) -> None:
    log = place.open()
    fill(log, 20)
    with log.reader("g", ["in"]) as reader:
        batches = poll(reader, 20)
        assert kept(log, "out") == []
        assert set(log.positions("g").values()) <= {0}
        reader.commit([Output("out", each) for each in records(batches)])
    assert sorted(kept(log, "out", 20)) == sorted(record(number) for number in range(20))
    committed = log.positions("g")
    assert all(committed["in", batch.partition] >= batch.next_offset for batch in batches)


def test_a_commit_that_cannot_be_done_in_full_moves_nothing(place: Place) -> None:
    log = place.open()
    fill(log, 20)
    with log.reader("g", ["in"]) as reader:
        first = poll(reader, 20)
        with pytest.raises(BusError):
            reader.commit([Output("out", record(1)), Output("there.is.no.such", record(2))])
        assert set(log.positions("g").values()) <= {0}
        assert kept(log, "out") == []
        reader.rewind()
        assert sorted(records(poll(reader, 20))) == sorted(records(first))
        reader.commit([Output("out", record(3))])
    assert kept(log, "out", 1) == [record(3)]


def test_a_process_killed_in_its_commit_leaves_nothing(place: Place) -> None:
    log = place.open()
    fill(log, 20)
    with other_process(place) as process:
        answer(process, "die")
        assert process.wait(30) == -signal.SIGKILL
    assert kept(log, "out") == []
    assert set(log.positions("g").values()) <= {0}


def test_what_was_polled_and_not_committed_is_polled_again_by_the_next(place: Place) -> None:
    log = place.open()
    fill(log, 20)
    with log.reader("g", ["in"]) as reader:
        poll(reader, 20)
    with log.reader("g", ["in"]) as reader:
        assert len(records(poll(reader, 20))) == 20
        reader.commit([])
    with log.reader("g", ["in"]) as reader:
        assert reader.poll(100, 2.0) == []


def test_after_a_rewind_the_next_poll_reads_from_the_committed_position(place: Place) -> None:
    log = place.open()
    fill(log, 10)
    with log.reader("g", ["in"]) as reader:
        poll(reader, 10)
        reader.commit([])
        with log.writer("w") as writer:
            writer.append([Output("in", record(number)) for number in range(10, 20)])
        polled = records(poll(reader, 10))
        reader.rewind()
        assert sorted(records(poll(reader, 10))) == sorted(polled) == sorted(record(number) for number in range(10, 20))


# --- reading


def test_a_poll_returns_no_more_than_asked_for(place: Place) -> None:
    log = place.open()
    fill(log, 50)
    with log.reader("g", ["in"]) as reader:
        assert until(lambda: bool(batches := reader.poll(7, 0.5)) and len(records(batches)) <= 7)
        assert all(len(records(reader.poll(7, 0.5))) <= 7 for _ in range(10))


def test_a_poll_of_some_partitions_leaves_what_waits_in_the_others_for_later(place: Place) -> None:
    log = place.open()
    fill(log, 40)
    with log.reader("g", ["in"]) as reader:
        first = poll(reader, 1, most=1)
        only = frozenset({("in", (first[0].partition + 1) % 4)})
        of_one = poll(reader, 1, only=only)
        began = time.monotonic()
        assert reader.poll(100, 5.0, frozenset({("out", 0)})) == []
        assert time.monotonic() - began < 1, "nothing can come of what it does not read"
        reader.commit([])
        rest = poll(reader, 40 - len(records(first)) - len(records(of_one)))

        assert {(batch.topic, batch.partition) for batch in of_one} == only
        assert sorted(records([*first, *of_one, *rest])) == sorted(record(number) for number in range(40))


def test_a_poll_waits_no_longer_than_asked_for_and_wakes_up_for_a_record(place: Place) -> None:
    log = place.open()
    fill(log, 4)
    with log.reader("g", ["in"]) as reader, log.writer("w") as writer:
        poll(reader, 4)
        reader.commit([])
        began = time.monotonic()
        assert reader.poll(100, 0.3) == []
        assert time.monotonic() - began < 3
        writer.append([Output("in", record(9))])
        assert records(poll(reader, 1, within_s=5)) == [record(9)]


def test_a_group_reads_several_topics_and_groups_do_not_disturb_each_other(place: Place) -> None:
    log = place.open()
    fill(log, 10)
    fill(log, 10, "out")
    for group in ("g", "h"):
        with log.reader(group, ["in", "out"]) as reader:
            assert sorted(batch.topic for batch in poll(reader, 20) for _ in batch.records) == ["in"] * 10 + ["out"] * 10
            reader.commit([])


def test_a_topic_that_does_not_exist_cannot_be_read(place: Place) -> None:
    log = place.open()
    with pytest.raises(BusError):
        log.reader("g", ["there.is.no.such"])
    with pytest.raises(BusError):
        list(log.scan("there.is.no.such"))


def test_a_scan_reads_between_start_and_stop(place: Place) -> None:
    log = place.open()
    log.create([IN])
    with log.writer("w") as writer:
        writer.append([Output("in", record(number), number % 2) for number in range(40)])
    kept(log, "in", 40)
    offsets = {partition: [o for b in log.scan("in") if b.partition == partition for o in b.offsets] for partition in (0, 1)}
    start, stop = {0: offsets[0][5], 1: offsets[1][19]}, {0: offsets[0][15]}
    batches = list(log.scan("in", start, stop, max_records=3))
    assert all(len(batch.offsets) == len(batch.records) <= 3 for batch in batches)
    found = {partition: [o for b in batches if b.partition == partition for o in b.offsets] for partition in (0, 1)}
    assert found == {0: offsets[0][5:15], 1: offsets[1][19:]}


def test_a_scan_ends_where_the_log_ended_when_it_began(place: Place) -> None:
    log = place.open()
    fill(log, 10)
    scan = log.scan("in", max_records=2)
    seen = list(next(scan).records)
    with log.writer("w") as writer:
        writer.append([Output("in", record(number)) for number in range(10, 30)])
    seen += [each for batch in scan for each in batch.records]
    assert sorted(seen) == sorted(record(number) for number in range(10))


# --- writers


def test_a_writer_fences_the_one_that_held_its_name_before_and_no_other(place: Place) -> None:
    log = place.open()
    log.create([IN])
    other, old = log.writer("other"), log.writer("w")
    old.append([Output("in", record(1))])
    new = log.writer("w")
    new.append([Output("in", record(2))])
    with pytest.raises(Fenced):
        old.append([Output("in", record(3))])
    new.append([Output("in", record(4))])
    other.append([Output("in", record(5))])
    for each in (old, new, other):
        each.close()
    assert sorted(kept(log, "in", 4)) == [record(1), record(2), record(4), record(5)]


# --- topics and times


def test_topics_are_listed_with_their_ends_and_creating_again_changes_nothing(place: Place) -> None:
    log = place.open()
    log.create([OUT, TopicSpec("in", partitions=2)])
    with log.writer("w") as writer:
        writer.append([Output("in", record(1), 1)])
    kept(log, "in", 1)
    log.create([TopicSpec("in", partitions=7)])
    assert [info.name for info in log.topics()] == ["in", "out"]
    first, end = next(info for info in log.topics() if info.name == "in").ends[1]
    assert list(ends(log, "in")) == [0, 1]
    assert (first, ends(log, "in")[0]) == (0, 0)
    assert end >= 1


def test_namespaces_do_not_see_each_other(place: Place) -> None:
    one, two = place.other_namespace(), place.other_namespace()
    fill(one.open(), 10)
    assert two.open().topics() == []
    fill(two.open(), 5)
    assert len(kept(one.open(), "in", 10)) == 10
    assert len(kept(two.open(), "in", 5)) == 5
    old = one.open().writer("w")
    two.open().writer("w").close()
    old.append([Output("in", record(11))])
    old.close()
    with one.open().reader("g", ["in"]) as reader:
        poll(reader, 11)
        reader.commit([])
        assert two.open().positions("g") == {}


def test_the_identity_stays_with_the_log_and_another_log_has_another(place: Place) -> None:
    first = place.open()
    first.create([IN])
    assert place.open().identity() == first.identity()
    assert place.fresh().open().identity() != first.identity()


def test_offsets_at_a_time_are_those_of_the_first_record_at_or_after_it(place: Place) -> None:
    log = place.open()
    log.create([IN])
    with log.writer("w") as writer:
        writer.append([Output("in", Record(b"k", b"v", 1_000 * number), number % 2) for number in range(20)])
    kept(log, "in", 20)
    offsets = {partition: [o for b in log.scan("in") if b.partition == partition for o in b.offsets] for partition in (0, 1)}
    assert log.offsets_at("in", 0) == {0: offsets[0][0], 1: offsets[1][0], 2: 0, 3: 0}
    assert log.offsets_at("in", 4_000) == {0: offsets[0][2], 1: offsets[1][2], 2: 0, 3: 0}
    assert log.offsets_at("in", 4_001) == {0: offsets[0][3], 1: offsets[1][2], 2: 0, 3: 0}
    assert list(log.scan("in", start=log.offsets_at("in", 99_000))) == []


# --- keeping


def test_what_waits_behind_a_position_is_told_with_its_time_and_marks_of_the_log_are_nothing(place: Place) -> None:
    log = place.open()
    fill(log, 40)
    with log.reader("g", ["in"]) as reader:
        poll(reader, 40)
        reader.commit([])
    through = log.positions("g")
    assert log.waiting(through) == {}
    assert log.waiting(dict.fromkeys(through, 0)) == {
        ("in", batch.partition): batch.records[0].timestamp for batch in log.scan("in") if batch.offsets[0] == 0
    }
    with log.writer("w") as writer:
        writer.append([Output("in", record(77), 2), Output("in", record(78), 2)])
    assert until(lambda: log.waiting(through) == {("in", 2): 1_077}, 10)


def test_nothing_that_must_be_kept_is_removed(place: Place) -> None:
    log = place.open()
    log.create([TopicSpec("latest", 1, "latest"), TopicSpec("for-ever", 1), TopicSpec("both", 1, "latest+time", 3_600_000)])
    log.create([TopicSpec("hour", 1, "time", 3_600_000)])
    now = int(time.time() * 1000)
    with log.writer("w") as writer:
        for topic in ("latest", "for-ever", "both", "hour"):
            writer.append([Output(topic, Record(b"k%d" % (number % 5), b"%d" % number, now - 60_000 + number)) for number in range(50)])
    place.tidy(log)
    assert {each.key: each.value for each in kept(log, "latest", 5)} == {b"k%d" % key: b"%d" % (45 + key) for key in range(5)}
    assert [len(kept(log, topic, 50)) for topic in ("for-ever", "both", "hour")] == [50, 50, 50]


def emptied(place: Place) -> EventLog:
    """A log whose topic `brief` has had fifty records, and keeps none of them any more."""
    log = place.open()
    log.create([TopicSpec("brief", 1, "time", 5_000)])
    with log.writer("w") as writer:
        writer.append([Output("brief", Record(b"k", b"v", int(time.time() * 1000))) for _ in range(50)])
    assert until(lambda: first_kept(log, "brief") >= 50, 60, lambda: place.tidy(log))
    with log.writer("w") as writer:
        writer.append([Output("brief", Record(b"k", b"new", int(time.time() * 1000) + 60_000))])
    return log


def test_records_older_than_their_topic_keeps_them_are_removed(place: Place) -> None:
    log = emptied(place)
    assert [each.value for each in kept(log, "brief", 1)] == [b"new"]
    assert first_kept(log, "brief") < ends(log, "brief")[0]


def test_a_reader_goes_over_the_hole_that_retention_has_left(place: Place) -> None:
    with emptied(place).reader("g", ["brief"]) as reader:
        assert [each.value for each in records(poll(reader, 1))] == [b"new"]
