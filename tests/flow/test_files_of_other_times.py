"""Two deliveries of a small city, and a row that comes late: the files as they were, and why, at several times; in any order of arrival."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bus.city import make_city
from bus.cli.context import App
from bus.config import read_settings
from bus.event import Output
from bus.eventlog import topics
from bus.resolver.identify import subject_of
from tests.flow.city_bus import BOTH_LOGS, Bus

HOMES, SURVEY = "housing.dwelling", "social.resident_survey"
FILES = {HOMES: ("housing/FC_HXX.csv", "gb18030", "FWBM"), SURVEY: ("social/WG_RK.csv", "utf-8-sig", "RKBH")}
MOVED_ON = "2026-10-12"
Rows = dict[str, dict[str, str]]


class Delivered(NamedTuple):
    """What was handed over, by dataset, and what is to be known of it. `sold`: a dwelling; `moved`: a person in the survey; `late`: one
    whose row of September came after all others."""

    folder: Path
    first: dict[str, Rows]
    second: dict[str, Rows]
    late: dict[str, Rows]
    sold: str
    moved: str
    came_late: str


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    """Of a small fictional city the dwellings that were sold, and a few people of the survey: one has moved, one row comes late."""
    folder = tmp_path_factory.mktemp("city")
    make_city(folder, 400, delivery="2026-09", deliveries=2, damage=0)
    before, after = ({name: read(folder / month, name) for name in FILES} for month in ("2026-09", "2026-10"))
    homes = {key: row for key, row in before[HOMES].items() if key in after[HOMES] and row["ZJH"] != after[HOMES][key]["ZJH"]}
    elsewhere = {row["ZJH"] for some in (before, after) for row in some[HOMES].values()}
    alone = [key for key, row in before[SURVEY].items() if row["SFZH"] not in elsewhere and row["SFZH"] and key in after[SURVEY]]
    moved, came_late, *others = alone[:6]
    first = {HOMES: homes, SURVEY: {key: before[SURVEY][key] for key in (moved, *others)}}
    home = before[SURVEY][others[0]]["XZZ"]
    second = {
        HOMES: {key: after[HOMES][key] for key in homes},
        SURVEY: {key: before[SURVEY][key] for key in others}
        | {moved: {**before[SURVEY][moved], "XZZ": home, "CJSJ": f"{MOVED_ON} 09:00:00"}},
    }
    late = {SURVEY: {came_late: {**before[SURVEY][came_late], "CJSJ": "2026-09-05 08:00:00"}}}
    return Delivered(folder, first, second, late, next(iter(homes)), moved, came_late)


class Told(NamedTuple):
    """A bus to which all was handed over, and when each delivery was (as `--as-known-at` takes it)."""

    bus: Bus
    times: list[str]

    def file(self, subject: str, *times: str, entity: str = "resident") -> dict[str, Any] | None:
        """The file, None where there was none."""
        done = self.bus.tried("show", entity, "--subject", subject, "--format", "json", *times)
        assert done.returncode in (0, 5), done.stderr
        found: dict[str, Any] | None = json.loads(done.stdout) if done.returncode == 0 else None
        return found

    def known_at(self, number: int) -> tuple[str, str]:
        """After the first, the second, the late delivery."""
        return "--as-known-at", self.times[number]


@pytest.fixture(scope="module", params=BOTH_LOGS)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, delivered: Delivered) -> Told:
    bus = Bus(request.param, tmp_path_factory.mktemp("bus") / "home", delivered.folder / "2026-09")
    times = []
    for name, files in (("2026-09", delivered.first), ("2026-10", delivered.second), ("2026-09-late", delivered.late)):
        publish(bus, name, files)
        time.sleep(0.01)
        times.append(datetime.now(UTC).isoformat(timespec="milliseconds"))
    bus("run", "--until-idle")
    return Told(bus, times)


def test_a_dwelling_that_was_sold_is_in_the_file_of_whoever_owned_it_then(told: Told, delivered: Delivered) -> None:
    hers, his = owners(told.bus, delivered.sold)

    for owner, then in ((hers, [True, False]), (his, [False, True])):
        assert [delivered.sold in rows(told.file(owner, *told.known_at(at)), "FWBM") for at in (0, 1)] == then
    assert [delivered.sold in rows(told.file(owner), "FWBM") for owner in (hers, his)] == [False, True]
    assert [owned(told, who, *told.known_at(at)) for at in (0, 1) for who in (hers, his)] == [True, False, False, True]
    former = json.dumps(told.file(hers, *told.known_at(0)), ensure_ascii=False)
    assert delivered.first[HOMES][delivered.sold]["QLRMC"] in former
    assert delivered.second[HOMES][delivered.sold]["QLRMC"] not in former


def test_the_file_of_the_dwelling_itself_goes_on(told: Told, delivered: Delivered) -> None:
    (line,) = {each["key"]: each for each in masters(told.bus, "dwelling") if delivered.sold in rows(each["value"], "FWBM")}.values()
    sources = [(told.file(line["key"], *told.known_at(at), entity="dwelling") or {"sources": []})["sources"] for at in (0, 1)]
    assert [[each["delivery"] for each in some if each["dataset"] == HOMES] for some in sources] == [["2026-09"], ["2026-10"]]


def test_who_moved_lived_where_he_did_by_what_was_known_and_by_the_day(told: Told, delivered: Delivered) -> None:
    who = surveyed(told.bus, delivered.moved)
    before, after = (each[SURVEY][delivered.moved]["XZZ"] for each in (delivered.first, delivered.second))
    assert before != after

    def at(*times: str) -> Any:
        return (told.file(who, *times) or {})["fields"]["residence_address"]["value"]["text"]

    assert [at(), at(*told.known_at(0)), at(*told.known_at(1))] == [after, before, after]
    assert [at("--as-of", day) for day in ("2026-09", "2026-10-11", MOVED_ON, "2026")] == [before, before, after, after]
    assert at("--as-of", MOVED_ON, *told.known_at(0)) == before


def test_what_came_late_was_so_before_it_was_known(told: Told, delivered: Delivered) -> None:
    who = surveyed(told.bus, delivered.came_late)

    assert [told.file(who, *told.known_at(at)) is not None for at in (0, 1, 2)] == [False, False, True]
    assert [told.file(who, "--as-of", day) is not None for day in ("2026-08", "2026-09-05", "2026-10")] == [False, True, True]
    assert told.file(who, "--as-of", "2026-10", *told.known_at(1)) is None


def test_an_explanation_of_then_considers_what_was_said_then_and_tells_by_what_it_was_one(told: Told, delivered: Delivered) -> None:
    hers, _ = owners(told.bus, delivered.sold)
    said = json.loads(told.bus("explain", "resident", hers, "--format", "json", *told.known_at(0)))

    (considered,) = [each for each in said["fields"]["name"]["considered"] if each["verdict"] == "holds"]
    assert considered["value"] == delivered.first[HOMES][delivered.sold]["QLRMC"]
    assert {(each["joined_by"], each["as_decided_today"]) for each in said["statements"]} == {("token", False)}
    assert told.bus.tried("explain", "resident", hers, *told.known_at(0), "--field", "name", "--format", "text").returncode == 0


def test_in_any_order_of_arrival_the_files_are_the_same_today_and_at_every_time(told: Told, delivered: Delivered, tmp_path: Path) -> None:
    other = told._replace(bus=Bus(told.bus.adapter, tmp_path / "home", delivered.folder / "2026-09", keys=told.bus.home))
    arrive_backwards(told.bus, other.bus)
    running = other.bus.started("run", "--until-idle")
    assert running.communicate(timeout=300)[1] is not None
    assert running.returncode == 0

    assert [each["value"] for each in latest(other.bus)] == [each["value"] for each in latest(told.bus)] != []
    who = [*owners(told.bus, delivered.sold), surveyed(told.bus, delivered.moved)]
    for times in (told.known_at(0), told.known_at(1), ("--as-of", "2026-09")):
        assert [other.file(each, *times) for each in who] == [told.file(each, *times) for each in who]


def arrive_backwards(bus: Bus, other: Bus) -> None:
    """All rows on another log, at the times at which they were published, the last first."""
    source, target = (App(read_settings({"home": str(each.home)}, each.env)) for each in (bus, other))
    names = sorted(map(topics.raw, FILES))
    found = [Output(name, record, batch.partition) for name in names for batch in source.log.scan(name) for record in batch.records]
    target.log.create(topics.spec(name, target.settings.partitions) for name in names)
    with target.log.writer("backwards") as writer:
        writer.append(sorted(found, key=lambda output: output.record.timestamp, reverse=True))
    for each in (source, target):
        each.close()


def publish(bus: Bus, name: str, files: dict[str, Rows]) -> None:
    for dataset, of in files.items():
        path, encoding, _ = FILES[dataset]
        file = bus.home.parent / name / path
        file.parent.mkdir(parents=True)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(next(iter(of.values()))))
        writer.writeheader()
        writer.writerows(of.values())
        file.write_text(text.getvalue(), encoding=encoding, newline="")
        bus("publish", dataset, str(file), "--delivery", name)


def read(folder: Path, dataset: str) -> Rows:
    path, encoding, key = FILES[dataset]
    with (folder / path).open(encoding=encoding, newline="") as lines:
        return {row[key]: row for row in csv.DictReader(lines)}


def owners(bus: Bus, home: str) -> tuple[str, str]:
    """The subjects of the former and of the new owner of a dwelling, as the rows name them by their numbers."""
    said = [each for each in statements(bus) if each["source"]["key"].get("FWBM") == home and each["source"]["role"] == "owner"]
    former, now = (next(each["id_token"] for each in said if each["source"]["delivery"] == name) for name in ("2026-09", "2026-10"))
    return subject(bus, former), subject(bus, now)


def owned(told: Told, who: str, *times: str) -> bool:
    """Whether somebody's file has a dwelling of his own."""
    return any(each["kind"] == "owner" for each in (told.file(who, *times) or {"links": []})["links"])


def surveyed(bus: Bus, row: str) -> str:
    """The subject of a person in the survey."""
    return subject(bus, next(each["id_token"] for each in statements(bus) if each["source"]["key"].get("RKBH") == row))


def subject(bus: Bus, token: str) -> str:
    app = App(read_settings({"home": str(bus.home)}, bus.env))
    found = subject_of(app.keys, "resident", f"token:{token}").hex()
    app.close()
    return found


def statements(bus: Bus) -> Iterator[dict[str, Any]]:
    return (line["value"] for line in bus.lines("read", "canonical.resident", "--format", "jsonl"))


def masters(bus: Bus, entity: str) -> Sequence[dict[str, Any]]:
    """The latest of each subject."""
    found = {line["key"]: line for line in bus.lines("read", f"master.{entity}", "--format", "jsonl")}
    return [found[key] for key in sorted(found) if found[key]["value"] is not None]


def latest(bus: Bus) -> list[dict[str, Any]]:
    return [each for entity in topics.MASTERS for each in masters(bus, entity)]


def rows(file: dict[str, Any] | None, column: str) -> set[str]:
    """What a file's sources say in a column of their keys."""
    return {each["key"][column] for each in (file or {"sources": []})["sources"] if column in each["key"]}
