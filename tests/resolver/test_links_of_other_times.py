"""The links of a file as they were: what was known by a time is what stood in it then; what was so on a day follows the dates stated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bus.contracts import catalog
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver import past_links, rules
from bus.resolver.history import Times
from bus.resolver.linked import as_values
from bus.resolver.links import Link
from bus.resolver.master import iso
from bus.resolver.past import Past, named
from bus.resolver.past_links import PastLinks, ends_of
from bus.resolver.store import Store
from bus.resolver.survivorship import compiled
from bus.resolver.versions import Names, Versions
from tests.conformance.adapters import MAKERS
from tests.resolver.link_world import Said, codec, house, lives, married, owned, person, publish, rented, resolve, small_world
from tests.resolver.world import KEYS, TIME, masters

Links = dict[tuple[str, str], list[dict[str, Any]]]


class World:
    """What was said, resolved; and the links of any time."""

    def __init__(self, log: EventLog, state: Path, *said: Sequence[Said]) -> None:
        self.log, self.state = log, state
        publish(log, [each for some in said for each in some])
        resolve(log, state)
        merge = {each: compiled(rules.load(catalog.packaged(), each)) for each in topics.MASTERS}
        versions = {each: self._versions(each, partial(ends_of, each, keys=KEYS)) for each in past_links.ENTITIES}
        self._then = PastLinks({each: self._past(each) for each in topics.MASTERS}, versions, merge, KEYS)

    def now(self) -> Links:
        """By entity and subject (hex), as the files have them."""
        found = masters(self.log)
        decode = codec().decode
        return {
            (entity, (key or b"").decode()): decode(record.value)[1]["links"]
            for entity, of in found.items()
            for key, record in of.items()
            if record.value
        }

    def then(self, of: Collection[tuple[str, str]], times: Times) -> Links:
        """The same of another time."""
        return {each: as_values(self._then.then(each[0], bytes.fromhex(each[1]), times), iso) for each in of}

    def links(self, subject: bytes, as_of: str | None = None, known_at: int | None = None, entity: str = "resident") -> list[Link]:
        """Of one file."""
        return self._then.then(entity, subject, Times(as_of, known_at))

    def _past(self, entity: str) -> Past:
        store = Store(self.log, entity, codec().decoder(), KEYS, self.state)
        names = self._versions(entity, lambda said: [name] if (name := named(entity, said, KEYS)) else [])
        return Past(entity, store, names, codec().decoder(), KEYS)

    def _versions(self, entity: str, names: Names) -> Versions:
        return Versions(self.log, entity, codec().decoder(), KEYS, names, self.state)


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[list[EventLog]]:
    opened = [MAKERS["sqlite"](tmp_path / name).open() for name in ("all", "then") if (tmp_path / name).mkdir() is None]
    yield opened
    for each in opened:
        each.close()


@pytest.fixture
def tell(logs: list[EventLog], tmp_path: Path) -> Any:
    return partial(World, logs[0], tmp_path / "state")


@pytest.mark.parametrize("seconds", [45, 95, 1000])
def test_what_was_known_by_a_time_is_what_stood_in_the_files_then(logs: list[EventLog], tmp_path: Path, seconds: int) -> None:
    until = TIME + seconds * 1000
    said = small_world()
    everything = World(logs[0], tmp_path / "state", said)
    then = World(logs[1], tmp_path / "state of then", [each for each in said if each.at <= until]).now()

    assert any(then.values())
    assert everything.then(then, Times(None, until)) == then


def test_a_lease_lasts_on_the_days_before_it_was_cancelled(tell: Any) -> None:
    world = tell(
        rented("1", "U", "甲", ["乙"], 0, until_on="2027-12-31"),
        rented("1", "U", "甲", ["乙"], 1, "changed", status="cancelled", until_on="2027-12-31", cancelled_on="2026-08-10"),
    )
    found = {day: [each.current for each in world.links(person("乙"), day)] for day in ("2025-12", "2026-01", "2026-08-09", "2026-08-10")}
    assert found == {"2025-12": [], "2026-01": [True], "2026-08-09": [True], "2026-08-10": [False]}
    assert [(each.current, each.other) for each in world.links(house("U"), "2026-08-09", entity="dwelling") if each.kind == "lessee"] == [
        (True, person("乙").hex())
    ]


def test_a_marriage_lasts_until_the_divorce(tell: Any) -> None:
    world = tell(married("1", "甲", "乙", on="2001-01-01"), married("2", "甲", "乙", 1, act="divorce", on="2020-02-02"))
    found = {day: [each.current for each in world.links(person("甲"), day)] for day in ("2000", "2001-01-01", "2020-02-01", "2020-02-02")}
    assert found == {"2000": [], "2001-01-01": [True], "2020-02-01": [True], "2020-02-02": [False]}


def test_who_moved_lived_in_the_former_home_until_then(tell: Any) -> None:
    world = tell(lives("1", "U", "甲", seen="2024-05-01"), lives("2", "V", "甲", 1, seen="2026-05-01"))
    homes = {day: [each.other for each in world.links(person("甲"), day) if each.current] for day in ("2024", "2026-04-30", "2026-05-01")}
    assert homes == {"2024": [house("U").hex()], "2026-04-30": [house("U").hex()], "2026-05-01": [house("V").hex()]}


def test_a_home_that_was_sold_was_its_former_owners(tell: Any) -> None:
    world = tell(owned("1", "U", "甲", updated_at="2020-01-01"), owned("1", "U", "乙", 1))
    before = TIME + 500
    assert [[each.kind for each in world.links(person(who), None, before)] for who in ("甲", "乙")] == [["owner"], []]
    assert [[each.kind for each in world.links(person(who))] for who in ("甲", "乙")] == [[], ["owner"]]
    assert [each.other for each in world.links(house("U"), None, before, "dwelling")] == [person("甲").hex()]
