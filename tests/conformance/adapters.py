"""The adapters that the conformance suite runs on, and how a process opens the log of a test on each.

`LOG=sqlite` restricts the run. What is asked for and cannot be had is a failure, never a skip.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bus.eventlog.port import EventLog
from bus.eventlog.sqlite import SqliteLog

LEASE_S = {"sqlite": 1.0, "kafka": 6.0}  # how long a silent reader is believed in; Kafka's broker allows no less than 6 s

PATIENCE = 1.0  # less where a wait is meant to be in vain


@dataclass(frozen=True, slots=True)
class Place:
    """The log of one test: what another process needs to know to open it too."""

    adapter: str
    address: str
    namespace: str

    def open(self) -> EventLog:
        """Open the log of this test."""
        return ADAPTERS[self.adapter](self.address, self.namespace)

    def fresh(self) -> Place:
        """Another log, with nothing in it: a file of its own, or another namespace on the broker."""
        address = self.address if self.adapter == "kafka" else str(Path(self.address).with_name(f"{uuid.uuid4().hex}.db"))
        return Place(self.adapter, address, f"t{uuid.uuid4().hex[:12]}")

    def other_namespace(self) -> Place:
        """The same file, or broker, under another namespace."""
        return replace(self, namespace=f"t{uuid.uuid4().hex[:12]}")

    def tidy(self, log: EventLog) -> None:
        """Have removed what need not be kept, as of in ten seconds. A broker does it by itself, in its own time."""
        if isinstance(log, SqliteLog):
            log.maintain(int(time.time() * 1000) + 10_000)
        else:
            time.sleep(0.5)

    def lease_s(self) -> float:
        """How long a silent reader is believed in, in seconds."""
        return LEASE_S.get(self.adapter, 1.0)


def open_sqlite(address: str, namespace: str) -> EventLog:
    """The embedded log, with a lease short enough for tests."""
    return SqliteLog(address, namespace, lease_s=LEASE_S["sqlite"])


def open_kafka(address: str, namespace: str) -> EventLog:
    """The log on a real Apache Kafka."""
    from bus.eventlog.kafka import KafkaLog

    return KafkaLog(address, namespace, {"session.timeout.ms": "6000"})


def make_sqlite(folder: Path) -> Place:
    """A new embedded log in `folder`."""
    return Place("sqlite", str(folder / "log.db"), "")


def make_kafka(folder: Path) -> Place:
    """A namespace of its own on the broker that the tests start."""
    from tests.broker import running_broker

    return Place("kafka", running_broker(), f"t{uuid.uuid4().hex[:12]}")


ADAPTERS: dict[str, Callable[[str, str], EventLog]] = {"sqlite": open_sqlite, "kafka": open_kafka}
MAKERS: Mapping[str, Callable[[Path], Place]] = {"sqlite": make_sqlite, "kafka": make_kafka}


def chosen() -> list[str]:
    """The adapters asked for by the environment: all, unless LOG names some. Raises for a name that is none."""
    names = [name for name in os.environ.get("LOG", "").split(",") if name] or list(MAKERS)
    unknown = set(names) - MAKERS.keys()
    if unknown:
        raise ValueError(f"LOG names no adapter: {', '.join(sorted(unknown))}")
    return names


def until(true: Callable[[], bool], within_s: float = 30.0, meanwhile: Callable[[], object] = lambda: time.sleep(0.05)) -> bool:
    """Do `meanwhile` over and over until something has become true; whether it did in time."""
    end = time.monotonic() + within_s * PATIENCE
    while not true():
        if time.monotonic() > end:
            return False
        meanwhile()
    return True
