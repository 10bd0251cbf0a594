"""Who reads what: sharing is fair and stable, and the dead are told from the living."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bus.event import Headers, Output, Record
from bus.eventlog.port import TopicSpec
from bus.eventlog.sqlite import SqliteLog
from bus.eventlog.sqlite.group import may_live, share, this_process
from bus.eventlog.sqlite.reader import LONG_LINE, STAY
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


def test_of_several_long_lines_one_is_read_at_a_time_each_in_its_turn_and_a_short_one_at_once(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "bus.db")
    log.create([TopicSpec("t", 3)])
    at_once, long = 200, LONG_LINE + 300 * STAY
    with log.writer("w") as writer:
        writer.append(
            [Output("t", Record(b"k", b"v", 1), lane) for lane, count in enumerate((long, long, 2 * at_once)) for _ in range(count)]
        )
    read = []
    with log.reader("g", ["t"]) as reader:
        while batches := reader.poll(at_once, 0):
            read.append({each.partition for each in batches})
            reader.commit([])
    log.close()

    assert sum(2 in lanes for lanes in read[:2]) == 2, "the short line waits for none"
    assert [lanes & {0, 1} for lanes in read[:STAY]] == [{0}] * STAY
    assert [lanes & {0, 1} for lanes in read[STAY + 1 : STAY + 20]] == [{1}] * 19
