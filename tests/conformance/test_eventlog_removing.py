"""What `bus.eventlog.port` promises about removing, held against every adapter."""

from __future__ import annotations

import pytest

from bus.errors import BusError, WrongUse
from bus.event import Output
from bus.eventlog.port import EventLog, TopicSpec
from tests.conformance.adapters import Place, until
from tests.conformance.steps import IN, ends, fill, kept, poll, record


def test_a_topic_that_was_removed_is_gone_with_all_it_held_and_one_made_anew_is_another(place: Place) -> None:
    log, other = place.open(), place.open()
    fill(log, 40)
    assert other.offsets_at("in", 0) == {0: 0, 1: 0, 2: 0, 3: 0}  # it has looked the topic up
    log.remove(["in", "never-there"])
    assert until(lambda: "in" not in [info.name for info in log.topics()])
    with pytest.raises(BusError):
        list(other.scan("in"))
    log.create([IN])
    with other.writer("w") as writer:
        writer.append([Output("in", record(77), 1)])
    assert until(lambda: len(kept(other, "in", 1)) == 1)
    assert [info.ends for info in log.topics() if info.name == "in"] == [{p: (0, ends(log, "in")[1] if p == 1 else 0) for p in range(4)}]
    place.tidy(log)
    assert len(kept(log, "in", 1)) == 1


def test_how_a_topic_is_kept_can_be_changed_once_it_holds_something(place: Place) -> None:
    log = place.open()
    for_a_day, for_a_month = TopicSpec("aged", 4, "latest+time", 86_400_000), TopicSpec("aged", 2, "latest+time", 30 * 86_400_000)
    log.create([IN, for_a_month])
    assert log.kept_otherwise([IN, for_a_month, TopicSpec("never-there")]) == []
    assert log.kept_otherwise([IN, for_a_day]) == [for_a_day]
    assert log.kept_otherwise([TopicSpec("in", 4, "latest")]) == [TopicSpec("in", 4, "latest")]

    log.keep([for_a_day])
    assert until(lambda: log.kept_otherwise([for_a_day]) == [])  # a broker says so a moment later
    assert log.kept_otherwise([for_a_month]) == [for_a_month]
    assert [len(each.ends) for each in log.topics() if each.name == "aged"] == [2]  # as many partitions as before


def test_the_positions_of_a_group_are_removed_once_nobody_is_in_it(place: Place) -> None:
    log = place.open()
    fill(log, 40)
    with log.reader("g", ["in"]) as reader:
        poll(reader, 40)
        reader.commit([])
        with pytest.raises(WrongUse):
            log.remove(groups=["g"])
    assert log.positions("g")
    assert until(lambda: _removed(log, "g"))
    assert log.positions("g") == {}
    log.remove(groups=["g", "never-there"])


def _removed(log: EventLog, group: str) -> bool:
    try:
        log.remove(groups=[group])
    except WrongUse:  # the broker has not noticed yet that the last one left
        return False
    return True
