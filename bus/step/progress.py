"""How far a group is: are all through, and if not, how far behind in records and in time."""

from __future__ import annotations

from typing import NamedTuple

from bus.eventlog.port import EventLog


class Behind(NamedTuple):
    """Of one topic: records not worked on yet (at most; on Kafka the log's own marks count), and the time (ms) of the oldest, if any."""

    topic: str
    records: int
    oldest: int | None


def matching(log: EventLog, prefix: str) -> list[str]:
    """The topics that begin with `prefix`, sorted."""
    return [info.name for info in log.topics() if info.name.startswith(prefix)]


def all_through(log: EventLog, group: str, topics: list[str]) -> bool:
    """Whether `group` has committed all records of `topics` that were there when this was asked."""
    wanted = set(topics)
    return all(each.oldest is None for each in behind(log, group, "") if each.topic in wanted)


def behind(log: EventLog, group: str, prefix: str) -> list[Behind]:
    """How far `group` is behind in each topic that begins with `prefix`.

    Offsets alone do not tell on Kafka, where marks of transactions occupy some: so the first record that is left is looked for."""
    positions = log.positions(group)
    found = []
    for info in log.topics():
        if not info.name.startswith(prefix):
            continue
        start = {partition: max(first, positions.get((info.name, partition), first)) for partition, (first, _) in info.ends.items()}
        stop = {partition: end for partition, (_, end) in info.ends.items()}
        left = {partition: stop[partition] - at for partition, at in start.items() if at < stop[partition]}
        oldest = _oldest(log, info.name, start, stop, left) if left else None
        found.append(Behind(info.name, sum(left.values()) if oldest is not None else 0, oldest))
    return found


def _oldest(log: EventLog, topic: str, start: dict[int, int], stop: dict[int, int], left: dict[int, int]) -> int | None:
    """The earliest time among the first records left of each partition; one is asked at a time, as a scan goes partition by partition."""
    times = []
    for partition in left:
        begin = {**stop, partition: start[partition]}
        for batch in log.scan(topic, begin, stop, 1):
            times.append(batch.records[0].timestamp)
            break
    return min(times, default=None)
