"""Links find their ends: in both files, after every mending, join and split, in any order, with any number of workers, after any crash."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog
from bus.resolver import rulings
from bus.resolver.ends import benefit
from bus.resolver.linking import GONE, HEAD, SAID, Held, Way, held_by, member
from bus.resolver.routing import ABOUT, Routes
from bus.resolver.rulings import Move, Ruling
from bus.resolver.subject import ALL, BENEFIT, MEMBER
from tests.conformance.adapters import MAKERS, Place, chosen
from tests.resolver import link_world as world
from tests.resolver.link_world import ORDER, Said, codec, house, lives, married, owned, person, publish, rented, resolve, small_world
from tests.resolver.world import TIME, masters

POINTS = ("during_init", "after_poll", "after_decide", "mid_send", "before_end", "after_commit", "after_views")
ONE, OTHER, THIRD, VIA = (bytes([number]) * 16 for number in range(1, 5))
Masters = dict[str, dict[bytes, Record]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return MAKERS["sqlite"](tmp_path)


@pytest.fixture
def log(place: Place) -> Iterator[EventLog]:
    opened = place.open()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Masters:
    """The masters of the small world, told in order to one worker."""
    folder = tmp_path_factory.mktemp("in order")
    log = MAKERS["sqlite"](folder).open()
    publish(log, small_world())
    resolve(log, folder / "state")
    found = masters(log)
    log.close()
    return found


@pytest.fixture
def tell(log: EventLog, tmp_path: Path) -> Any:
    """Publish and resolve statements."""

    def told(*said: Sequence[Said]) -> None:
        publish(log, [each for some in said for each in some])
        resolve(log, tmp_path / "state")

    return told


def links(log: EventLog, entity: str, subject: bytes) -> list[tuple[str, str | None, str | None]]:
    """Kind, other end, and by what it ended."""
    record = masters(log)[entity][subject.hex().encode()]
    return [(each["kind"], each["other"], each["ended_by"]) for each in codec().decode(record.value or b"")[1]["links"]]


def test_a_link_stands_in_the_file_of_the_person_and_in_that_of_the_dwelling(log: EventLog, tell: Any) -> None:
    tell(owned("1", "U", "甲"), lives("2", "U", "乙"))

    assert links(log, "resident", person("甲")) == [("owner", house("U").hex(), None)]
    assert links(log, "dwelling", house("U")) == [("owner", person("甲").hex(), None), ("resident", person("乙").hex(), None)]


def test_a_marriage_stands_in_both_files(log: EventLog, tell: Any) -> None:
    tell(married("1", "甲", "乙"))

    assert links(log, "resident", person("甲")) == [("spouse", person("乙").hex(), None)]
    assert links(log, "resident", person("乙")) == [("spouse", person("甲").hex(), None)]


def test_a_lease_links_owner_and_tenants_until_it_is_cancelled(log: EventLog, tell: Any) -> None:
    tell(rented("1", "U", "甲", ["乙"]))
    assert links(log, "dwelling", house("U")) == [("lessee", person("乙").hex(), None), ("lessor", person("甲").hex(), None)]

    tell(rented("1", "U", "甲", ["乙"], 9, "changed", status="cancelled", cancelled_on="2026-03-01"))
    assert {ended for _, _, ended in links(log, "dwelling", house("U"))} == {"stated"}


def test_a_tenant_whom_the_lease_no_longer_names_has_no_link_by_it(log: EventLog, tell: Any) -> None:
    tell(rented("1", "U", "甲", ["乙", "丙"]), rented("1", "U", "甲", ["乙"], 9, "changed"))

    assert links(log, "resident", person("丙")) == []
    assert [other for kind, other, _ in links(log, "dwelling", house("U")) if kind == "lessee"] == [person("乙").hex()]


def test_a_draft_of_a_lease_links_nobody(log: EventLog, tell: Any) -> None:
    tell(rented("1", "U", "甲", ["乙"], status="draft"))

    assert links(log, "resident", person("甲")) == []


def test_a_mended_number_takes_the_links_along(log: EventLog, tell: Any) -> None:
    tell(lives("1", "U", "甲"), lives("2", "U", "甲"))
    tell(lives("1", "U", "乙", 9))

    assert links(log, "resident", person("乙")) == [("resident", house("U").hex(), None)]
    assert [other for _, other, _ in links(log, "dwelling", house("U"))] == sorted([person("甲").hex(), person("乙").hex()])


def test_a_join_by_a_person_takes_the_links_along_and_taking_it_back_returns_them(log: EventLog, tell: Any) -> None:
    tell(owned("1", "U", "甲"), lives("2", "V", "乙"))
    before = masters(log)
    routes = Routes()
    join = Ruling(b"r" * 16, "join", "resident", "clerk", "same", TIME + 10, [Move(person("乙"), ALL, person("甲"))])
    with log.writer("clerk") as writer:
        writer.append(rulings.outputs(join, routes))
    tell()
    assert links(log, "resident", person("甲")) == [("owner", house("U").hex(), None), ("resident", house("V").hex(), None)]
    assert links(log, "dwelling", house("V")) == [("resident", person("甲").hex(), None)]

    back = Ruling(b"u" * 16, "undo", "resident", "clerk", "not the same", TIME + 20, undoes=join.id)
    with log.writer("clerk") as writer:
        writer.append(rulings.outputs(back, routes, undone=join))
    tell()
    assert masters(log) == before


def test_death_ends_the_marriage_in_the_file_of_the_one_who_lives_on(log: EventLog, tell: Any) -> None:
    tell(married("1", "甲", "乙"), lives("2", "U", "甲", 9, deceased=True))

    assert links(log, "resident", person("乙")) == [("spouse", person("甲").hex(), "death")]
    assert links(log, "dwelling", house("U")) == [("resident", person("甲").hex(), "death")]


def test_demolition_ends_ownership(log: EventLog, tell: Any) -> None:
    tell(owned("1", "U", "甲", status="demolished"))

    assert links(log, "resident", person("甲")) == [("owner", house("U").hex(), "demolition")]


def test_an_organization_that_owns_a_dwelling_stands_in_its_file(log: EventLog, tell: Any) -> None:
    owner = {"entity": "organization", "key": "ab" * 16, "name": "x", "id_token": None, "uscc": "91370000MA00000000"}
    house_, _, link = owned("1", "U", "甲")
    tell([house_, link._replace(values={**link.values, "party": owner})])

    assert links(log, "dwelling", house("U")) == [("owner", "91370000MA00000000", None)]


def test_a_home_that_nobody_knows_is_a_link_all_the_same(log: EventLog, tell: Any) -> None:
    said = lives("1", "U", "甲")
    tell([said[0], said[2]._replace(values={**said[2].values, "dwelling_key": None})])

    assert links(log, "resident", person("甲")) == [("resident", None, None)]


def test_the_benefit_of_a_household_comes_to_its_head_and_says_no_amount(log: EventLog, tell: Any) -> None:
    tell(world.assisted("1", "甲"))
    come = [each for batch in log.scan(topics.internal("resident")) for each in batch.records if (each.key or b"")[16:17] == BENEFIT]

    assert [each.key[:16] for each in come if each.key] == [person("甲")]
    assert benefit(Way.unpacked(come[0].value or b"").body)[:2] == ("urban_subsistence_allowance", "civil")
    assert links(log, "resident", person("甲")) == [("member", world.key("civil.assistance_family", "household", "1").hex(), None)]


def test_a_statement_is_held_to_be_about_the_subject_that_it_was_sent_to() -> None:
    assert held_by({ABOUT + ONE: b"r"}) == Held(ONE, b"r")
    assert held_by({}) == Held()


def test_what_the_owner_of_the_subject_knows_more_of_it_is_known_with_it() -> None:
    assert held_by({ABOUT + ONE + VIA: b"d", MEMBER + ONE: member("dwelling", GONE)}) == Held(ONE, b"d", GONE)


def test_a_statement_that_was_sent_on_is_held_to_be_about_the_last_that_it_came_to() -> None:
    told = {
        ABOUT + ONE: b"r",
        MEMBER + ONE: member("resident", 0, OTHER),
        MEMBER + OTHER: member("resident", 0, THIRD),
        MEMBER + THIRD: member("resident", GONE),
    }
    assert held_by(told) == Held(THIRD, b"r", GONE)


def test_a_statement_that_is_sent_round_in_a_circle_stops_somewhere() -> None:
    told = {ABOUT + ONE: b"r", MEMBER + ONE: member("resident", 0, OTHER), MEMBER + OTHER: member("resident", 0, ONE)}
    assert held_by(told).subject == OTHER


def test_what_a_subject_alone_told_under_an_earlier_version_still_holds() -> None:
    assert held_by({MEMBER + ONE: member("resident", 0)}) == Held(ONE, b"r")
    assert held_by({MEMBER + ONE: member("resident", 0), ABOUT + OTHER: b"r"}) == Held(OTHER, b"r")


def test_of_a_plain_file_its_owner_tells_the_owners_of_its_statements_nothing(log: EventLog, tell: Any) -> None:
    tell(owned("1", "U", "甲"), lives("2", "U", "甲"))
    told = [each.key or b"" for batch in log.scan(topics.LINK) for each in batch.records]

    assert {key[16:17] for key in told if key[16:17] not in (SAID, HEAD)} == {ABOUT}


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_doubled_and_late_statements_make_the_same_files(place: Place, tmp_path: Path, in_order: Masters, seed: int) -> None:
    chance = random.Random(seed)
    said = small_world() + chance.choices(small_world(), k=60)
    chance.shuffle(said)
    log = place.open()
    for at in range(0, len(said), 150):
        publish(log, said[at : at + 150])
        resolve(log, tmp_path / "state")

    assert masters(log) == in_order
    log.close()


@pytest.mark.parametrize(
    ("adapter", "workers"),
    [pytest.param(a, n, marks=[pytest.mark.kafka] if a == "kafka" else []) for a in chosen() for n in ((2, 4) if a == "sqlite" else (2,))],
)
def test_any_number_of_workers_makes_the_same_files(adapter: str, workers: int, tmp_path: Path, in_order: Masters) -> None:
    place = MAKERS[adapter](tmp_path)
    log = place.open()
    publish(log, small_world())
    working = [worker(place, tmp_path / "state") for _ in range(workers)]

    assert [each.wait(180) for each in working] == [0] * workers
    assert masters(log) == in_order
    log.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_while_it_links_goes_on_as_if_nothing_had_been(place: Place, tmp_path: Path, in_order: Masters, point: str) -> None:
    log = place.open()
    publish(log, small_world()[::2])
    resolve(log, tmp_path / "state")
    publish(log, small_world()[1::2])
    resolve(log, tmp_path / "state", ORDER[: ORDER.index("link")])
    killed = worker(place, tmp_path / "state", "link", crash_at=f"{point}:{1 if point == 'during_init' else 2}")
    assert killed.wait(60) == -signal.SIGKILL
    resolve(log, tmp_path / "state")

    assert masters(log) == in_order
    log.close()


def test_views_deleted_between_two_runs_are_rebuilt(place: Place, tmp_path: Path, in_order: Masters) -> None:
    log = place.open()
    for nth, step in enumerate(("link", "merge")):
        publish(log, small_world()[nth::2])
        resolve(log, tmp_path / "state")
        shutil.rmtree(tmp_path / "state" / "views" / step)
    resolve(log, tmp_path / "state")

    assert masters(log) == in_order
    log.close()


def worker(place: Place, state: Path, *steps: str, crash_at: str = "") -> subprocess.Popen[bytes]:
    """A process that runs the steps until nothing is left."""
    told = {**os.environ, "CIVICBUS_TEST": "1", "CIVICBUS_CRASH_AT": crash_at}
    command = [sys.executable, "-m", "tests.resolver.link_world", place.adapter, place.address, place.namespace, str(state), *steps]
    return subprocess.Popen(command, env=told)
