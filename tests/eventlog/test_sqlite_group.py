"""Who reads what: sharing is fair and stable, and the dead are told from the living."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.event import Headers, Output, Record
from bus.eventlog.port import TopicSpec
from bus.eventlog.sqlite import SqliteLog
from bus.eventlog.sqlite.group import may_live, share, this_process
from bus.eventlog.sqlite.reader import LINE, STAY
from bus.eventlog.sqlite.records import pack, unpack

lanes_of_topics = st.lists(st.integers(1, 6), min_size=1, max_size=5).map(
    lambda counts: dict(enumerate(topic for topic, count in enumerate(counts) for _ in range(count)))
)


@st.composite
def groups(draw: st.DrawFn) -> tuple[dict[int, int], dict[int, frozenset[int]], dict[int, int]]:
    """Lanes of topics, members who all read all of them, and whoever owned some of the lanes before."""
    lanes = draw(lanes_of_topics)
    members = draw(st.sets(st.integers(1, 9), min_size=1, max_size=5))
    owners = draw(st.dictionaries(st.sampled_from(sorted(lanes)), st.integers(1, 9)))
    return lanes, dict.fromkeys(sorted(members), frozenset(lanes.values())), owners


@given(groups())
def test_each_topic_and_the_whole_are_shared_evenly(case: tuple[dict[int, int], dict[int, frozenset[int]], dict[int, int]]) -> None:
    lanes, members, owners = case
    due = share(lanes, members, owners)
    assert due.keys() == lanes.keys()
    for topic in set(lanes.values()):
        counts = Counter(due[lane] for lane in lanes if lanes[lane] == topic)
        assert max(counts[member] for member in members) - min(counts[member] for member in members) <= 1
    totals = Counter(due.values())
    assert max(totals[member] for member in members) - min(totals[member] for member in members) <= 1


@given(groups())
def test_what_is_shared_evenly_stays_where_it_is(case: tuple[dict[int, int], dict[int, frozenset[int]], dict[int, int]]) -> None:
    lanes, members, owners = case
    due = share(lanes, members, owners)
    assert share(lanes, members, due) == due


def test_a_member_is_given_only_topics_that_it_reads() -> None:
    lanes = {1: 10, 2: 10, 3: 20, 4: 30}
    assert share(lanes, {1: frozenset({10}), 2: frozenset({20})}, {3: 1}) == {1: 1, 2: 1, 3: 2}


@given(st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=40)), max_size=5).map(tuple))
def test_headers_come_back_as_they_were(headers: Headers) -> None:
    assert unpack(pack(headers)) == headers


def test_a_process_is_dead_when_the_machine_started_anew_or_its_number_is_another_s_now() -> None:
    boot, namespace, pid, started = this_process().split(" ")
    assert may_live(f"{boot} {namespace} {pid} {started}")
    assert not may_live(f"an-earlier-boot {namespace} {pid} {started}")
    assert not may_live(f"{boot} {namespace} {pid} 1")
    assert may_live(f"{boot} another-container {pid} 1"), "of another container only the lease can tell"
    assert may_live(""), "where the system does not say, only the lease can tell"


def test_a_killed_reader_s_partitions_are_free_at_once_however_long_its_lease(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", lease_s=600)
    log.create([TopicSpec("t")])
    log.writer("w").append([Output("t", Record(b"k%d" % number, b"", 0)) for number in range(20)])
    script = (
        "from bus.eventlog.sqlite import SqliteLog\n"
        f"reader = SqliteLog({str(tmp_path / 'log.db')!r}, lease_s=600).reader('g', ['t'])\n"
        "print(len(reader.owned()), flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "4\n"
        with log.reader("g", ["t"]) as waiting:
            assert waiting.poll(100, 0) == []
        process.kill()
        process.wait()
    began = time.monotonic()
    with log.reader("g", ["t"]) as reader:
        assert sum(len(batch.records) for batch in reader.poll(100, 5)) == 20
    assert time.monotonic() - began < 5


def records(partition: int, count: int) -> list[Output]:
    return [Output("t", Record(b"k", b"v", 1), partition)] * count


@pytest.fixture
def lanes(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "bus.db")
    log.create([TopicSpec("t", 3)])
    yield log
    log.close()


def test_of_several_lines_one_is_read_at_a_time_and_what_is_no_line_at_once(lanes: SqliteLog) -> None:
    at_once = 200
    with lanes.writer("w") as writer:
        writer.append([*records(0, 4 * at_once), *records(1, 4 * at_once), *records(2, LINE)])
    read = []
    with lanes.reader("g", ["t"]) as reader:
        while batches := reader.poll(at_once, 0):
            read.append({each.partition for each in batches})
            reader.commit([])

    assert [2 in some for some in read[:3]] == [True, True, True], "a short one has its share of each poll"
    assert [some & {0, 1} for some in read[:4]] == [{0}] * 4


def test_what_comes_to_a_line_while_it_is_read_waits_for_its_next_turn(lanes: SqliteLog) -> None:
    at_once = LINE + 50
    with lanes.writer("w") as writer:
        writer.append([*records(0, at_once), *records(1, at_once)])
        read = []
        with lanes.reader("g", ["t"]) as reader:
            for _ in range(3):
                read += [each.partition for each in reader.poll(at_once, 0)]
                reader.commit(records(0, at_once) if read == [0] else [])

    assert read == [0, 1, 0]


def test_a_line_without_an_end_leaves_the_others_their_turn(lanes: SqliteLog) -> None:
    at_once = 10
    with lanes.writer("w") as writer:
        writer.append([*records(0, LINE + at_once * (STAY + 10)), *records(1, LINE + at_once * (STAY + 10))])
    read = []
    with lanes.reader("g", ["t"]) as reader:
        for _ in range(STAY + 10):
            read += [each.partition for each in reader.poll(at_once, 0)]
            reader.commit([])

    assert read[:STAY] == [0] * STAY
    assert read[STAY + 1 :] == [1] * 9
