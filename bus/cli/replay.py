"""Hands the original records of dead letters in again. How it looks in the log: `bus.eventlog.dead_letter`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import NamedTuple

from bus.cli.context import App
from bus.errors import KeyRefused
from bus.event import Output, Record
from bus.eventlog import dead_letter, topics
from bus.eventlog.dead_letter import Letter
from bus.keys import department_private
from bus.sealing import open_sealed

_AT_ONCE = 500  # rows in one atomic append


class _Row(NamedTuple):
    """A raw record of which statements were refused."""

    topic: str
    digest: bytes
    letters: list[Letter]


class _Found(NamedTuple):
    """Where a row was found. `overtaken`: the department has said something else of it since."""

    record: Record
    overtaken: bool


def replay(app: App, letters: Iterable[Letter], chosen: Callable[[Letter], bool], now_ms: int, dry_run: bool) -> dict[str, int]:
    """Replay the rows of `letters` of which at least one is `chosen`. Counts: replayed, rows, overtaken, publish_again, not_found.

    Raises `KeyRefused` when a department's private key is not here."""
    said = {"replayed": 0, "rows": 0, "overtaken": 0, "publish_again": 0, "not_found": 0}
    rows: dict[bytes, _Row] = {}
    for letter in letters:
        if letter.outcome == "refused_at_publish":
            said["publish_again"] += chosen(letter)
        elif digest := _original(app, letter):
            rows.setdefault(digest, _Row(topics.raw(letter.dataset), digest, [])).letters.append(letter)
        else:
            said["not_found"] += chosen(letter)
    outputs: dict[str, list[list[Output]]] = defaultdict(list)
    for row, found in _search(app, [row for row in rows.values() if any(map(chosen, row.letters))]):
        if found is None:
            said["not_found"] += len(row.letters)
            continue
        if found.overtaken:
            said["overtaken"] += len(row.letters)
            outputs[row.letters[0].department].append([dead_letter.replayed_marker(each, now_ms, "overtaken") for each in row.letters])
            continue
        said["replayed"] += len(row.letters)
        said["rows"] += 1
        markers = [dead_letter.replayed_marker(letter, now_ms) for letter in row.letters]
        outputs[row.letters[0].department].append([Output(row.topic, _again(found.record, row.letters)), *markers])
    for department, of_rows in outputs.items() if not dry_run else ():
        with app.log.writer(f"replay.{department}") as writer:
            for at in range(0, len(of_rows), _AT_ONCE):
                writer.append([output for row in of_rows[at : at + _AT_ONCE] for output in row])
    return said


def _original(app: App, letter: Letter) -> bytes:
    """What the raw record's value hashes to; b"" where the letter holds none."""
    if not letter.sealed:
        return b""
    private = _private(app, letter.department)
    return _digest(letter.dataset, open_sealed(private, letter.id.encode(), letter.sealed))


def _private(app: App, department: str) -> bytes:
    try:
        return department_private(app.home, department)
    except KeyRefused as refused:
        raise KeyRefused(
            "Only the owner of the letters can replay them: the department's private key is not here.",
            "只有数据所属部门可以重放：此处没有该部门的私钥。",
            place=refused.place,
            hint="Run it where the private key is kept.",
            hint_zh="请在保存该私钥的机器上执行。",
        ) from refused


def _search(app: App, rows: list[_Row]) -> Iterable[tuple[_Row, _Found | None]]:
    """Each row with its raw record. A topic is read once; of one key the records are in one partition, so in order."""
    by_topic: dict[str, dict[bytes, _Row]] = defaultdict(dict)
    for row in rows:
        by_topic[row.topic][row.digest] = row
    for topic, wanted in by_topic.items():
        dataset = topics.dataset_of(topic)[1]
        found: dict[bytes, Record] = {}
        last: dict[bytes | None, bytes] = {}
        for batch in app.log.scan(topic):
            for record in batch.records:
                digest = _digest(dataset, record.value or b"")
                if digest in wanted:
                    found[digest] = record
                    last[record.key] = digest
                elif record.key in last:
                    last[record.key] = digest
        for digest, row in wanted.items():
            there = found.get(digest)
            yield row, None if there is None else _Found(there, last[there.key] != digest)


def _again(record: Record, letters: list[Letter]) -> Record:
    """The raw record as it was, with what the normalizer must know. Its time stays: what is derived from it comes out the same."""
    kept = tuple(header for header in record.headers if not header[0].startswith("replay."))
    return record._replace(headers=(*kept, *dead_letter.replay_headers(letters)))


def _digest(dataset: str, value: bytes) -> bytes:
    return blake2b(value, digest_size=16, person=dataset.encode()[:16]).digest()
