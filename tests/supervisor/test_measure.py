"""Figures and health are those of the log, whoever asks."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bus import account
from bus.contracts import catalog, registry
from bus.contracts.codec import Codec
from bus.event import Output
from bus.eventlog import topics
from bus.eventlog.sqlite import SqliteLog
from bus.step import Options, run
from bus.step.pulse import Beat, Pulse
from bus.supervisor import Gauge, measure, serve
from bus.supervisor.standing import Standing
from tests.cli.test_errors import closed_port
from tests.faults.travellers import make_topics, publish, step
from tests.sharing.barrier import no_flows

STANDING = Standing(Codec(registry.load(catalog.packaged())).decoder())
SETTLED = 1_790_000_000_000


@pytest.fixture(autouse=True)
def _always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "FRESH_S", 0.0)


@pytest.fixture
def log(tmp_path: Path) -> SqliteLog:
    made = SqliteLog(tmp_path / "log.db")
    make_topics(made)
    made.create([topics.spec(topics.ACCOUNT)])
    return made


def gauge(tmp_path: Path, stall_s: float = 60.0) -> Gauge:
    return Gauge(
        lambda: SqliteLog(tmp_path / "log.db"),
        lambda _log: tmp_path / "state",
        {"travel": "raw."},
        stall_s,
        "sqlite",
        STANDING,
        no_flows(tmp_path),
    )


def count(log: SqliteLog, step_name: str, counts: dict[str, int], reasons: dict[str, int]) -> None:
    with log.writer("test") as writer:
        writer.append([Output(topics.ACCOUNT, account.delta(step_name, "test.traveller", counts, reasons))])


def figure(text: bytes, name: str, **labels: str) -> float:
    """The one figure of this name and these labels, as Prometheus would read it."""
    families = text_string_to_metric_families(text.decode())
    (found,) = [each.value for family in families for each in family.samples if (each.name, each.labels) == (name, labels)]
    return found


def test_the_account_is_counted_by_department_and_dataset_and_never_twice(tmp_path: Path, log: SqliteLog) -> None:
    looking = gauge(tmp_path)
    count(log, "publish", {"read": 5, "published": 5}, {})
    looking.metrics()
    count(log, "normalize", {"clean": 3, "refused": 1}, {"ID_CHECKSUM": 1})
    text = looking.metrics()

    labels = {"department": "test", "dataset": "test.traveller"}
    assert figure(text, "civicbus_rows_read_total", **labels) == 5
    assert figure(text, "civicbus_rows_total", **labels, outcome="clean") == 3
    assert figure(text, "civicbus_reasons_total", **labels, code="ID_CHECKSUM") == 1
    assert figure(text, "civicbus_pending_rows", **labels) == 1


def test_how_far_behind_is_told_in_records_and_seconds(tmp_path: Path, log: SqliteLog) -> None:
    publish(log, range(10))
    looking = gauge(tmp_path)
    labels = {"step": "travel", "department": "test", "dataset": "test.traveller"}
    before = looking.metrics()
    run(log, step("none"), Options(tmp_path / "state", until_idle=True))
    after = looking.metrics()

    assert figure(before, "civicbus_lag_records", **labels) == 10
    assert figure(before, "civicbus_lag_seconds", **labels) == pytest.approx(time.time() - SETTLED / 1000, abs=60)
    assert figure(after, "civicbus_lag_records", **labels) == 0
    assert figure(after, "civicbus_lag_seconds", **labels) == 0


def test_without_a_process_of_the_step_it_is_not_ready(tmp_path: Path, log: SqliteLog) -> None:
    found = gauge(tmp_path).health()

    assert (found.alive, found.ready, found.progressing, found.well) == (True, False, True, False)


def test_with_a_process_that_shows_signs_of_life_all_is_well(tmp_path: Path, log: SqliteLog) -> None:
    with Pulse(tmp_path / "state", "travel"):
        assert gauge(tmp_path).health().well


def test_work_that_nobody_moves_is_not_progressing(tmp_path: Path, log: SqliteLog) -> None:
    publish(log, range(3))
    looking = gauge(tmp_path, stall_s=0.05)
    with Pulse(tmp_path / "state", "travel"):
        looking.health()
        time.sleep(0.1)
        found = looking.health()

    assert (found.ready, found.progressing) == (True, False)


def test_a_log_that_is_gone_is_not_ready_and_the_figures_say_so(tmp_path: Path) -> None:
    looking = Gauge(lambda: SqliteLog(tmp_path), lambda _log: tmp_path, {"travel": "raw."}, 60, "sqlite", STANDING, no_flows(tmp_path))

    assert looking.health().log == "LOG_REFUSED"
    assert figure(looking.metrics(), "civicbus_log_up") == 0


def test_the_last_failure_of_a_step_is_told_by_its_code(tmp_path: Path, log: SqliteLog) -> None:
    with Pulse(tmp_path / "state", "travel") as pulse:
        pulse.failed("DISK_FULL")
        looking = gauge(tmp_path)

        assert looking.health().steps[0].error == "DISK_FULL"
        assert figure(looking.metrics(), "civicbus_step_failing", step="travel", code="DISK_FULL") == 1


def test_batch_times_are_counted_in_buckets(tmp_path: Path, log: SqliteLog) -> None:
    with Pulse(tmp_path / "state", "travel") as pulse:
        pulse.committed(10, 20, 0.02, 0)
        pulse.committed(10, 20, 99.0, 0)
        pulse.failed("")  # written at once
        text = gauge(tmp_path).metrics()

    assert figure(text, "civicbus_batch_seconds_bucket", le="0.01", step="travel") == 0
    assert figure(text, "civicbus_batch_seconds_bucket", le="0.025", step="travel") == 1
    assert figure(text, "civicbus_batch_seconds_count", step="travel") == 2
    assert figure(text, "civicbus_step_records_total", step="travel") == 20


def test_a_process_that_is_gone_does_not_count(tmp_path: Path, log: SqliteLog) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/travel-4194304.pulse").write_text(json.dumps(asdict(Beat("travel", 4194304, time.time(), time.time()))))

    assert gauge(tmp_path).health().steps[0].processes == 0


def test_health_and_metrics_are_served(tmp_path: Path, log: SqliteLog) -> None:
    port = closed_port()
    server = serve(("127.0.0.1", port), lambda: gauge(tmp_path))
    try:
        assert b"civicbus_log_up 1.0" in _get(port, "/metrics")[1]
        assert _get(port, "/health")[0] == 503
        with Pulse(tmp_path / "state", "travel"):
            status, body = _get(port, "/health")
        assert (status, json.loads(body)["well"]) == (200, True)
        assert _get(port, "/../../etc/passwd")[0] == 404
    finally:
        server.shutdown()


def _get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
