"""Reads a log by other means than the ones under test, and holds it to the invariants.

SQLite through Python's own sqlite3 and the file format alone, Kafka through confluent-kafka (another client), read_committed.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.conformance.adapters import Place
from tests.faults.travellers import CANONICAL, KEYS, LETTERS, RAW


class Seen(NamedTuple):
    """A committed record as the witness saw it."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: dict[str, Any]


def violations(place: Place, numbers: range) -> list[str]:
    """What is wrong with a log through which the travellers `numbers` went; [] when nothing is."""
    seen = list(_read(place))
    out = [each for each in seen if each.topic in (CANONICAL, LETTERS) and "number" in each.value]
    counted = Counter(each.value["number"] for each in out)
    wrong = [f"I1 lost: {n}" for n in numbers if n not in counted]
    wrong += [f"I2 {count} times: {n}" for n, count in counted.items() if count > 1]
    wrong += [f"I3 in {e.topic}: {e.value['number']}" for e in out if (e.topic == LETTERS) != (e.value["kind"] == "bad")]
    wrong += [f"I5 content of {e.value['number']}" for e in out if e.value["doubled"] != 2 * e.value["number"]]
    return wrong + _disorder(out) + _positions(place, seen, out)


def _disorder(out: list[Seen]) -> Iterator[str] | list[str]:
    """I4: of one key, numbers rise, and all are in one partition."""
    wrong = []
    for topic in (CANONICAL, LETTERS):
        for key in range(KEYS):
            mine = sorted((e for e in out if e.topic == topic and e.key == f"key {key}".encode()), key=lambda e: (e.partition, e.offset))
            numbers = [e.value["number"] for e in mine]
            if numbers != sorted(numbers) or len({e.partition for e in mine}) > 1:
                wrong.append(f"I4 order of key {key} in {topic}")
    return wrong


def _positions(place: Place, seen: list[Seen], out: list[Seen]) -> list[str]:
    """I6: the group stands behind the last raw record of each partition, and every raw record has left its mark."""
    last: dict[int, int] = {}
    for each in seen:
        if each.topic == RAW:
            last[each.partition] = max(last.get(each.partition, -1), each.offset)
    log = place.open()
    stands = log.positions("travel")
    log.close()
    wrong = [f"I6 partition {p} stands at {stands.get((RAW, p))}" for p, at in last.items() if stands.get((RAW, p), 0) < at + 1]
    marks = {tuple(each.value["from"]) for each in out}
    raw = {(each.partition, each.offset) for each in seen if each.topic == RAW and each.value["kind"] != "poison"}
    return wrong + [f"I6 no mark of {each}" for each in sorted(raw - marks)]


def letters(place: Place) -> list[dict[str, Any]]:
    """The dead letters that the loop itself wrote."""
    return [each.value for each in _read(place) if each.topic == LETTERS and "id" in each.value]


def _read(place: Place) -> Iterator[Seen]:
    return _read_kafka(place) if place.adapter == "kafka" else _read_sqlite(place)


def _read_sqlite(place: Place) -> Iterator[Seen]:
    db = sqlite3.connect(place.address)
    if db.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        raise AssertionError("the file is damaged")
    rows = db.execute(
        "SELECT name, partition, record.id & ((1 << 40) - 1), key, value FROM record"
        " JOIN lane ON lane.id = record.id >> 40 JOIN topic ON topic.id = lane.topic"
    ).fetchall()
    db.close()
    for name, partition, offset, key, value in rows:
        yield Seen(name.removeprefix(place.namespace), partition, offset, key, json.loads(value))


def _read_kafka(place: Place) -> Iterator[Seen]:
    import confluent_kafka as ck

    settings = {
        "bootstrap.servers": place.address,
        "group.id": "witness",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }
    reader = ck.Consumer({**settings, "enable.auto.commit": False, "auto.offset.reset": "error"})
    try:
        waiting = set()
        known = reader.list_topics(timeout=20).topics
        for topic in (RAW, CANONICAL, LETTERS):
            name = f"{place.namespace}.{topic}"
            waiting |= {(name, partition) for partition in known[name].partitions}
        reader.assign([ck.TopicPartition(name, partition, 0) for name, partition in sorted(waiting)])
        while waiting:
            message = reader.poll(30)
            if message is None:
                raise AssertionError("Kafka does not come to an end")
            where = (message.topic(), message.partition())
            if message.error():
                if message.error().code() != ck.KafkaError._PARTITION_EOF:
                    raise AssertionError(str(message.error()))
                waiting.discard(where)
                continue
            topic = message.topic().removeprefix(f"{place.namespace}.")
            yield Seen(topic, message.partition(), message.offset(), message.key(), json.loads(message.value()))
    finally:
        reader.close()
