"""The end of an agreement while traffic flows, on the embedded log and on a secured Kafka: within a minute nothing comes any more, what it
made is gone, and what was on its way is accounted for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError

from bus import account
from bus.errors import Unreachable
from bus.event import Output, Record
from bus.eventlog import topics
from bus.eventlog.partitioning import partition_of
from bus.sharing.closing import ENDED
from bus.sharing.lifecycle import day_of
from tests.access.guarded import Acting, City, Embedded, secured_broker
from tests.conformance.adapters import chosen, until
from tests.sharing.office import TIME, master, subject

WITHIN_S = 60
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.kafka] if name == "kafka" else []) for name in chosen()])
def acting(request: pytest.FixtureRequest, tmp_path: Path) -> Acting:
    return City(tmp_path / "home") if request.param == "kafka" else Embedded(tmp_path / "home")


class Traffic:
    """Master records, hundreds a second, until it is stopped."""

    def __init__(self, acting: Acting) -> None:
        self.written = 0
        self._acting, self._over = acting, threading.Event()
        self._thread = threading.Thread(target=self._flow)
        self._thread.start()

    def _flow(self) -> None:
        app = self._acting.app("admin")
        encode = app.codec.encoder("master.resident-value")
        with app.log.writer("merge") as writer:
            while not self._over.wait(0.05):
                outputs = []
                for number in range(self.written, self.written + 50):
                    who = subject(number)
                    value = encode({**master(who, "张三"), "event_id": f"{number:032x}"})
                    outputs.append(Output("master.resident", Record(who.encode(), value, TIME), partition_of(bytes.fromhex(who), 4)))
                writer.append(outputs)
                self.written += len(outputs)
        app.close()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


class Started:
    """Processes of civicbus, each as a principal."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self.all: list[subprocess.Popen[str]] = []

    def __call__(self, principal: str, *words: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CIVICBUS_")}
        env = {**kept, **self._acting.env(principal), "CIVICBUS_DIARY": "1"}
        command = [sys.executable, "-m", "bus", *words]
        self.all.append(subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        return self.all[-1]


@pytest.fixture
def started(acting: Acting) -> Iterator[Started]:
    made = Started(acting)
    yield made
    for process in made.all:
        process.kill()
        process.wait()


class Following:
    """A subscriber, and when it got its events: on Kafka a stock client in a group of its own, else `civicbus subscribe`."""

    def __init__(self, acting: Acting, started: Started) -> None:
        self.times: list[float] = []
        self.refused = ""
        work = self._stock if isinstance(acting, City) else self._command
        self._acting, self._started, self._over = acting, started, threading.Event()
        threading.Thread(target=work, daemon=True).start()

    def _stock(self) -> None:
        city = self._acting
        assert isinstance(city, City)
        topic = f"{city.namespace}.share.names"
        group = {"group.id": f"{topic}.svc-civil.one", "auto.offset.reset": "earliest", "isolation.level": "read_committed"}
        consumer = Consumer({**city.client("svc-civil"), **group, "bootstrap.servers": secured_broker().bootstrap})
        consumer.subscribe([topic])
        while not self._over.is_set():
            for message in consumer.consume(1000, 0.2):
                if (problem := message.error()) is None:
                    self.times.append(time.monotonic())
                elif problem.code() in (
                    KafkaError.TOPIC_AUTHORIZATION_FAILED,
                    KafkaError.GROUP_AUTHORIZATION_FAILED,
                    KafkaError.UNKNOWN_TOPIC_OR_PART,
                ):
                    self.refused = problem.name()
        consumer.close()

    def _command(self) -> None:
        process = self._started("", "subscribe", "names")
        assert process.stdout is not None
        for _ in process.stdout:
            self.times.append(time.monotonic())
        self.refused = f"exit {process.wait()}"

    def stop(self) -> None:
        self._over.set()


def shared(acting: Acting) -> account.Shared:
    app = acting.app("admin")
    try:
        return account.read_all(app.log).shared["share.names"]
    finally:
        app.close()


def left(acting: Acting) -> list[str]:
    """What is there of the agreement: its topic, and a position of its group."""
    app = acting.app("admin")
    try:
        there = [info.name for info in app.log.topics() if info.name == "share.names"]
        return there + ["positions"] * bool(app.log.positions("share.names"))
    finally:
        app.close()


def test_after_a_revocation_under_load_nothing_comes_any_more_all_is_removed_and_the_account_holds(
    acting: Acting, started: Started, record_property: Callable[[str, object], None]
) -> None:
    acting.agree("names", "svc-civil")
    started("keeper", "access", "apply", "--watch")
    traffic = Traffic(acting)
    try:
        started("share", "run", "sharing.resident")
        following = Following(acting, started)
        assert until(lambda: len(following.times) > 500, 120)
        acting.decide("names", "revoke", "zhao-social", reason="the task is done")
        revoked = time.monotonic()
        assert until(lambda: bool(following.refused), WITHIN_S)
        assert until(lambda: left(acting) == [], WITHIN_S)
        closed = time.monotonic()
        time.sleep(5)  # and traffic goes on
    finally:
        traffic.stop()
    last = following.times[-1] - revoked
    record_property("last_record_after_s", round(last, 1))
    record_property("all_removed_after_s", round(closed - revoked, 1))
    assert last < WITHIN_S and following.times[-1] < closed
    following.stop()

    counted = shared(acting)
    assert counted.withheld[ENDED] > 0
    assert 500 < counted.delivered + counted.withheld.total() + counted.dead_letter <= traffic.written
    assert counted.delivered >= len(following.times)
    if isinstance(acting, City):
        assert_nothing_of_the_subscriber_is_left(acting)


def assert_nothing_of_the_subscriber_is_left(city: City) -> None:
    app = city.app("admin")
    gate = app.log.gate()  # type: ignore[attr-defined]
    assert [rule for rule in gate.rules() if rule.principal == "svc-civil"] == []
    assert "svc-civil" not in gate.users()
    with suppress(TimeoutError):
        assert until(lambda: _no_groups(city), WITHIN_S)
    with pytest.raises(Unreachable, match="user name or the password"):
        city.app("svc-civil").log  # noqa: B018
    app.close()


def _no_groups(city: City) -> bool:
    app = city.app("admin")
    try:
        return app.log.gate().groups("share.") == []  # type: ignore[attr-defined]
    finally:
        app.close()


def test_an_agreement_whose_term_is_over_is_closed_and_a_topic_that_is_to_be_kept_is_kept_closed(acting: Acting) -> None:
    yesterday = time.time_ns() // 1_000_000 - 86_400_000
    over = day_of(yesterday).isoformat()
    app = acting.app("admin")
    app.log.create([topics.spec("master.resident"), topics.share_spec("names", 30), topics.share_spec("sealed", 30)])
    encode = app.codec.encoder("master.resident-value")
    with app.log.writer("merge") as writer:
        who = subject(1)
        value = encode({**master(who, "张三"), "event_id": f"{1:032x}"})
        writer.append([Output("master.resident", Record(who.encode(), value, TIME), 0)])
    acting.agree("names", "svc-civil", until=over, at=yesterday)
    acting.agree("sealed", "svc-civil", until=over, on_end="keep-closed", at=yesterday)
    acting.keep()

    assert [info.name for info in app.log.topics() if info.name.startswith("share.")] == ["share.sealed"]
    assert dict(shared(acting).withheld) == {ENDED: 1}
    app.close()
    assert acting.keep() == []
