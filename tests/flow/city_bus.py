"""civicbus on a log of its own, by its commands alone; and what that log holds, read by other means than the ones under test."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli.test_errors import civicbus
from tests.conformance.adapters import chosen

BOTH_LOGS = [pytest.param(adapter, marks=[pytest.mark.kafka] if adapter == "kafka" else []) for adapter in chosen()]
ONE_OF_EACH = {"civil.marriage": "civil/HYDJ.csv", "housing.lease": "housing/ZL_HTBA.csv", "social.volunteer": "social/ZYZ.csv"}
"""A dataset of each department → its file."""


class Seen(NamedTuple):
    """A committed record as somebody else sees it."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None


class Bus:
    """civicbus on a log of its own. `keys`: the home whose keys it is to have."""

    def __init__(self, adapter: str, home: Path, delivery: Path, keys: Path | None = None) -> None:
        self.adapter, self.home, self.delivery = adapter, home, delivery
        self.env = {"CIVICBUS_REFERENCE": str(delivery / "common"), "CIVICBUS_LOG": self._log(adapter), "CIVICBUS_NAMESPACE": ""}
        if adapter == "kafka":
            self.env["CIVICBUS_NAMESPACE"] = f"t{uuid.uuid4().hex[:12]}"
            self.env["CIVICBUS_KAFKA_SESSION_TIMEOUT_MS"] = "1500"  # so soon a killed member is noticed
        if keys is not None:
            home.mkdir(mode=0o700)
            shutil.copytree(keys / "keys", home / "keys")

    def _log(self, adapter: str) -> str:
        if adapter == "sqlite":
            return f"sqlite:///{self.home / 'civicbus.db'}"
        from tests.broker import running_broker

        return f"kafka://{running_broker()}"

    def __call__(self, *arguments: str) -> str:
        done = self.tried(*arguments)
        assert done.returncode == 0, (done.returncode, done.stderr)
        return done.stdout

    def tried(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return civicbus(self.home, *arguments, **{**self.env, **env})

    def started(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start a command that is not waited for."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CIVICBUS_")}
        told = {**kept, **self.env, "CIVICBUS_HOME": str(self.home), **env}
        return subprocess.Popen([sys.executable, "-m", "bus", *arguments], env=told, stderr=subprocess.PIPE, text=True)

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self(*arguments).splitlines()]

    def account(self) -> dict[str, Any]:
        """The account of the one dataset."""
        return self.accounts()[0]

    def accounts(self) -> list[dict[str, Any]]:
        said = json.loads(self("account", "--format", "json"))
        assert said["balanced"]
        found: list[dict[str, Any]] = said["datasets"]
        return found

    def seen(self, *beginnings: str) -> list[Seen]:
        """All committed records of the topics that begin so, in order: by confluent-kafka, or by the file format alone."""
        found = self._seen_on_kafka(beginnings) if self.adapter == "kafka" else self._seen_in_file()
        return [each for each in found if each.topic.startswith(beginnings)]

    def _seen_in_file(self) -> list[Seen]:
        db = sqlite3.connect(self.home / "civicbus.db")
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = db.execute(
            "SELECT name, partition, key, value FROM record"
            " JOIN lane ON lane.id = record.id >> 40 JOIN topic ON topic.id = lane.topic ORDER BY record.id"
        ).fetchall()
        db.close()
        return [Seen(*row) for row in rows]

    def _seen_on_kafka(self, beginnings: tuple[str, ...]) -> list[Seen]:
        from tests.broker import stock_read_all, stock_topics

        prefix = self.env["CIVICBUS_NAMESPACE"] + "."
        wanted = [name for name in stock_topics(prefix) if name.removeprefix(prefix).startswith(beginnings)]
        return [Seen(name.removeprefix(prefix), each.partition, each.key, each.value) for name, each in stock_read_all(wanted)]
