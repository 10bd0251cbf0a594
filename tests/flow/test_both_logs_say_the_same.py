"""One dataset of each department on both logs: the same bytes, which any stock client reads; two who publish at once publish once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest

from tests.flow.city_bus import BOTH_LOGS, ONE_OF_EACH, Bus, Seen


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory, delivery: Path) -> Bus:
    return through(Bus("sqlite", tmp_path_factory.mktemp("embedded") / "home", delivery))


@pytest.fixture(scope="module")
def on_kafka(tmp_path_factory: pytest.TempPathFactory, delivery: Path, embedded: Bus) -> Bus:
    return through(Bus("kafka", tmp_path_factory.mktemp("kafka") / "home", delivery, keys=embedded.home))


def through(bus: Bus) -> Bus:
    """Publish a dataset of each department, and let the normalizer finish."""
    for dataset, file in ONE_OF_EACH.items():
        bus("publish", dataset, str(bus.delivery / file))
    bus("run", "normalizer", "--until-idle")
    return bus


@pytest.mark.kafka
def test_canonical_records_are_the_same_bytes_in_the_same_partitions_on_both_logs(embedded: Bus, on_kafka: Bus) -> None:
    records = sorted(embedded.seen("canonical."))

    assert len(records) > 200
    assert sorted(on_kafka.seen("canonical.")) == records


@pytest.mark.kafka
def test_raw_records_and_dead_letters_are_the_same_but_for_the_time_of_publishing(embedded: Bus, on_kafka: Bus) -> None:
    assert sorted(on_kafka.seen("raw.")) == sorted(embedded.seen("raw."))
    assert _letters(on_kafka) == _letters(embedded) != []


@pytest.mark.kafka
def test_accounts_are_the_same(embedded: Bus, on_kafka: Bus) -> None:
    assert on_kafka.accounts() == embedded.accounts()


@pytest.mark.parametrize("adapter", BOTH_LOGS)
def test_a_stock_client_with_the_exported_schemas_reads_what_the_command_prints(
    adapter: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    bus: Bus = request.getfixturevalue("on_kafka" if adapter == "kafka" else "embedded")
    bus("schema", "export", str(tmp_path))
    printed = {line["value"]["event_id"]: line["value"] for line in bus.lines("read", "canonical.*", "--format", "jsonl")}
    read = [_decoded(each, tmp_path) for each in bus.seen("canonical.")]

    assert len(read) == len(printed)
    for event in read:
        told = printed[event["event_id"]]
        assert (event["source"], event["quality"], event["operation"]) == (told["source"], told["quality"], told["operation"])
        assert event.keys() == told.keys()


@pytest.mark.parametrize("adapter", BOTH_LOGS)
def test_a_file_published_by_two_at_once_and_once_more_is_published_once(adapter: str, tmp_path: Path, delivery: Path) -> None:
    dataset, file = "housing.lease", str(delivery / "housing/ZL_HTBA.csv")
    here = Bus(adapter, tmp_path / "here", delivery)
    here("publish", dataset, file)
    once = {(each.key, each.value) for each in here.seen("raw.")}

    log = Bus(adapter, tmp_path / "there", delivery, keys=here.home)
    both = [log.started("publish", dataset, file, CIVICBUS_BATCH_RECORDS="20") for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    again = log.tried("publish", dataset, file)

    assert [process.returncode for process in both] == [0, 0], said
    assert again.returncode == 0
    records = [(each.key, each.value) for each in log.seen("raw.")]
    assert len(records) == len(set(records)) == len(once)
    assert set(records) == once
    account = log.account()
    assert account["published"] == len(once)


def _decoded(seen: Seen, schemas: Path) -> dict[str, Any]:
    """As any consumer of the Confluent wire format does it."""
    assert seen.value is not None
    magic, number = seen.value[0], int.from_bytes(seen.value[1:5], "big")
    assert magic == 0
    body = io.BytesIO(seen.value[5:])
    event = fastavro.schemaless_reader(body, json.loads((schemas / f"{number}.avsc").read_text()), None)
    assert body.read() == b""
    assert isinstance(event, dict)
    return event


def _letters(bus: Bus) -> list[str]:
    found = []
    for each in bus.seen("deadletter."):
        letter = json.loads(each.value or b"")
        del letter["at"]
        found.append(json.dumps([each.topic, each.partition, letter], sort_keys=True))
    return sorted(found)
