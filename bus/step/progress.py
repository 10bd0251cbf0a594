"""How far a group is: are all through, and if not, how far behind in records and in time."""

from __future__ import annotations

from typing import NamedTuple

from bus.eventlog.port import EventLog


class Behind(NamedTuple):
    """Of one topic: records not worked on yet (at most; on Kafka the log's own marks count), and the time (ms) of the oldest, if any."""

    topic: str
    records: int
    oldest: int | None


Reads = str | tuple[str, ...]
"""Which topics a step reads: names, or prefixes that end in a dot; several in a tuple."""


def is_read(topic: str, reads: Reads) -> bool:
    """Whether `reads` means this topic ("" means every)."""
    if isinstance(reads, tuple):
        return any(is_read(topic, each) for each in reads)
    return topic == reads or (topic.startswith(reads) and (not reads or reads.endswith(".")))


def matching(log: EventLog, reads: Reads) -> list[str]:
    """The topics that `reads` means, sorted."""
    return [info.name for info in log.topics() if is_read(info.name, reads)]


Place = tuple[str, int, int, int]
"""(topic, partition, position, end)"""

_WINDOW = 8  # offsets looked at first of each partition: on Kafka the last ones are often marks of transactions


def all_through(log: EventLog, group: str, topics: list[str], seen: dict[Place, int | None] | None = None) -> bool:
    """Whether `group` has committed all records of `topics` that were there when this was asked. `seen`: as in `behind`."""
    wanted = set(topics)
    return all(each.oldest is None for each in behind(log, group, "", seen) if each.topic in wanted)


def behind(log: EventLog, group: str, reads: Reads, seen: dict[Place, int | None] | None = None) -> list[Behind]:
    """How far `group` is behind in each topic that it reads.

    Offsets alone do not tell on Kafka, where marks of transactions occupy some: so the first record that is left is looked for. That
    costs a read a topic; what was found stands in `seen` and is not asked again while neither position nor end has moved.
    """
    seen = {} if seen is None else seen
    before, found = dict(seen), []
    seen.clear()
    positions = log.positions(group)
    for info in log.topics():
        if not is_read(info.name, reads):
            continue
        ends = {partition: end for partition, (_, end) in info.ends.items()}
        stands = {p: max(first, positions.get((info.name, p), first)) for p, (first, _) in info.ends.items()}
        left = {p: (info.name, p, at, ends[p]) for p, at in stands.items() if at < ends[p]}
        if asked := {p: stands[p] for p, place in left.items() if place not in before}:
            times = _first_times(log, info.name, asked, ends)
            before.update({left[p]: times.get(p) for p in asked})
        oldest = {p: before[place] for p, place in left.items()}
        seen.update({left[p]: time for p, time in oldest.items()})
        waiting = {p: time for p, time in oldest.items() if time is not None}
        found.append(Behind(info.name, sum(ends[p] - stands[p] for p in waiting), min(waiting.values(), default=None)))
    return found


def _first_times(log: EventLog, topic: str, asked: dict[int, int], ends: dict[int, int]) -> dict[int, int]:
    """Partition → time of its first record from the offset asked; without those that have none."""
    start = {**ends, **asked}
    stop = {p: min(end, asked[p] + _WINDOW) if p in asked else end for p, end in ends.items()}
    times: dict[int, int] = {}
    for batch in log.scan(topic, start, stop, _WINDOW):
        times.setdefault(batch.partition, batch.records[0].timestamp)
    for partition, at in asked.items():
        if partition not in times and at + _WINDOW < ends[partition]:
            for batch in log.scan(topic, {**ends, partition: at + _WINDOW}, ends, 1):
                times[partition] = batch.records[0].timestamp
                break
    return times
