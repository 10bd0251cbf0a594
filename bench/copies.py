"""A larger city from one that was normalized: several of it side by side, each with persons, homes and rows of its own. Cheaper than
normalizing as many statements by twenty times, and of exactly the same mix, so that speed and memory at two sizes can be compared.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from bench.setting import KEPT, canonical, city, open_bus
from bus.cli.context import App
from bus.event import Output, Record
from bus.eventlog import topics

_IN_PERSON = ("event_id", "id_token", "token", "household_key", "source_person_code", "name")
_IN_DWELLING = ("real_estate_unit_no", "source_code", "compound_code", "compound", "compound_name", "road")
_OWN = frozenset((*_IN_PERSON, *_IN_DWELLING))
"""Fields by which a subject, or what stands beside it, is told from others: these differ from copy to copy."""
_STATEMENT = re.compile("[0-9a-f]{32}")
_TOGETHER = 2000


def side_by_side(residents: int, copies: int, partitions: int) -> Path:
    """A home whose embedded log holds the statements about residents, dwellings and their links of so many cities, in topics of so many
    partitions, made on first use. To be copied."""
    home = KEPT / f"canonical-{residents}x{copies}-in-{partitions}"
    if not (home / ".made").exists():
        before, where = canonical(residents), city(residents)
        print(f"  {copies} of it side by side …", file=sys.stderr)
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(before / "keys", home / "keys")
        known, app = open_bus(before, where), open_bus(home, where, partitions=partitions)
        app.create_topics()
        with app.log.writer("bench.copies") as writer:
            for number in range(copies):
                for entity in (*topics.MASTERS, *topics.OF_LINKS):
                    for outputs in _copied(known, entity, number):
                        writer.append(outputs)
        known.close()
        app.close()
        (home / ".made").touch()
    return home


def _copied(app: App, entity: str, number: int) -> Iterator[list[Output]]:
    topic, decode = topics.canonical(entity), app.codec.decoder()
    encode, mark = app.codec.encoder(f"{topic}-value"), str(number)
    for batch in app.log.scan(topic, max_records=_TOGETHER):
        yield [
            Output(topic, Record(_key(r.key or b"", mark), encode(_marked(decode(r.value or b"")[1], mark)), r.timestamp))
            for r in batch.records
        ]


def _key(key: bytes, mark: str) -> bytes:
    return blake2b(key + mark.encode(), digest_size=16).digest()


def _marked(value: Any, mark: str, own: bool = False) -> Any:
    """The value as the copy says it; where it names another statement, it names that of the same copy."""
    if isinstance(value, dict):
        return {name: _marked(each, mark, name in _OWN or name.endswith("key") or own) for name, each in value.items()}
    if isinstance(value, list):
        return [_marked(each, mark, own) for each in value]
    if not own or not isinstance(value, str) or not value:
        return value
    return _key(bytes.fromhex(value), mark).hex() if _STATEMENT.fullmatch(value) else value + mark
