"""A whole city goes through, and every byte it left behind is searched: log, state, keys, what commands printed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bus.city import make_city
from bus.contracts import catalog
from bus.eventlog.sqlite import SqliteLog
from tests.cli.test_errors import civicbus


class Left:
    """What a run left behind. `by_topic`: topic → all bytes of its records; `printed`: everything any command wrote."""

    def __init__(self, city: Path, home: Path) -> None:
        self.city, self.home = city, home
        self.delivery = city / "2026-09"
        self.printed = b""
        env = {"CIVICBUS_REFERENCE": str(self.delivery / "common"), "CIVICBUS_DIARY": "1", "CIVICBUS_LOG": f"sqlite:///{home / 'log.db'}"}
        for dataset, layout in catalog.load().layouts.items():
            self._run(env, "publish", dataset, str(self.delivery / dataset.partition(".")[0] / layout["file"]))
        disputes = "dispute list --state all --format"
        for command in (
            "run --until-idle",
            "read canonical.*",
            "deadletter list",
            "account",
            "topics",
            "summary",
            "doctor",
            "health",
            f"{disputes} jsonl",
            f"{disputes} table",
        ):
            self._run(env, *command.split())
        log = SqliteLog(home / "log.db")
        self.by_topic = {info.name: b"\n".join(_bytes(log, info.name)) for info in log.topics()}
        log.close()

    def _run(self, env: dict[str, str], *arguments: str) -> None:
        done = civicbus(self.home, *arguments, **env)
        assert done.returncode in (0, 5), done.stderr
        self.printed += done.stdout.encode() + done.stderr.encode()

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Everything but raw topics and the log's own file: (where, its bytes)."""
        yield "printed", self.printed
        yield from ((topic, data) for topic, data in self.by_topic.items() if not topic.startswith("raw."))
        for file in self.home.rglob("*"):
            if file.is_file() and not file.name.startswith("log.db"):
                yield file.name, file.name.encode() + file.read_bytes()


def _bytes(log: SqliteLog, topic: str) -> Iterator[bytes]:
    for batch in log.scan(topic):
        for record in batch.records:
            yield b"\n".join([record.key or b"", record.value or b"", *(value for _, value in record.headers)])


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    folder = tmp_path_factory.mktemp("leaks")
    make_city(folder / "city", 400, delivery="2026-09", deliveries=1, damage=3.0)
    return Left(folder / "city", folder / "home")


def found(needles: Iterable[str], where: Iterable[tuple[str, bytes]]) -> dict[str, int]:
    """Place → how many of the values stand there. The values themselves are not shown."""
    values = [needle.encode() for needle in needles]
    assert len(values) > 10
    return {name: n for name, data in where if (n := sum(value in data for value in values))}


def people(left: Left) -> list[dict[str, object]]:
    return [json.loads(line) for line in (left.city / "truth" / "residents.jsonl").open(encoding="utf-8")]


def test_no_citizen_number_stands_in_clear_outside_raw_topics(left: Left) -> None:
    numbers = [str(p["id_number"]) for p in people(left) if p["id_type"] == "citizen_id" and p["id_number"]]
    short = [n[:6] + n[8:17] for n in numbers if n[6:8] == "19"]

    assert found(numbers, left.places()) == {}
    assert found(short, left.places()) == {}
    assert found(numbers, [("raw", left.by_topic["raw.social.resident_survey"])])  # the search does find what is there


def test_no_phone_stands_in_clear_but_those_posted_in_public(left: Left) -> None:
    with (left.delivery / "social" / "WG_JBXX.csv").open(encoding="utf-8-sig") as file:
        posted = {phone for row in csv.DictReader(file) for phone in re.findall("1[0-9]{10}", re.sub("[^0-9]", "", row["WGYDH"]))}
    phones = {phone for person in people(left) for phone in person["phones"]}  # type: ignore[attr-defined]

    assert found(phones - posted, left.places()) == {}


def test_what_is_never_published_is_nowhere_not_even_in_raw_topics(left: Left) -> None:
    with (left.delivery / "civil" / "DB_FAMILY.csv").open(encoding="gb18030") as file:
        accounts = {row["ACCOUNT_NUMBER"] for row in csv.DictReader(file) if len(row["ACCOUNT_NUMBER"] or "") > 8}
    roster = load_workbook(left.delivery / "civil" / "高龄津贴发放表.xlsx")
    for sheet in roster:
        heads = [cell.value for cell in sheet[2]]
        accounts |= {
            str(row[heads.index("银行卡号")]) for row in sheet.iter_rows(min_row=3, values_only=True) if row[heads.index("银行卡号")]
        }

    assert found(accounts, [*left.places(), *left.by_topic.items()]) == {}


def test_a_department_that_is_asked_is_given_no_token_and_no_ciphertext(left: Left) -> None:
    disputes = b"".join(data for topic, data in left.by_topic.items() if topic.startswith("dispute."))
    tokens = re.compile(rb"[0-9a-z]+\.[0-9a-f]{32}")

    assert len(disputes) > 300
    assert not tokens.search(disputes)
    assert tokens.search(left.by_topic["master.resident"])


def test_files_are_for_their_owner_alone(left: Left) -> None:
    for kept in (left.home / "log.db", *(left.home / "keys").iterdir()):
        assert kept.stat().st_mode & 0o077 == 0, kept.name
