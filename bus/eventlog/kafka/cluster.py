"""Questions to the cluster: what topics there are, how far they go, whether a transaction is through."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import kafka.errors as of_kafka
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.protocol.consumer import IsolationLevel
from kafka.structs import TopicPartition

from bus.errors import BusError, LogRefused, Unreachable
from bus.eventlog.kafka.causes import cause, missing_topic
from bus.eventlog.kafka.clients import make_admin
from bus.eventlog.kafka.lane import Lane
from bus.eventlog.kafka.probe import probe_settings
from bus.eventlog.kafka.settings import ClientSettings

T = TypeVar("T")
_LIMIT_S = 50.0
_THROUGH_S = 10.0
_COORDINATOR_S = 15.0


class Cluster:
    """The administration client of one log, connected anew when its connection was lost."""

    def __init__(self, settings: ClientSettings) -> None:
        self.settings = settings
        self._counts: dict[str, int] = {}
        self._admin: Any = None
        self._lane = Lane("kafka administration")

    def describe(self, names: Sequence[str] | None) -> list[dict[str, Any]]:
        """Topics as Kafka describes them, by full name; all for None."""
        return list(self.ask(lambda admin: admin.describe_topics(names), "describing topics"))

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has. Kept: a topic's number is not changed while records are partitioned by key.

        Raises LogRefused for a topic that does not exist.
        """
        if topic not in self._counts:
            described = self.describe([self.settings.prefix + topic])
            count = len(described[0]["partitions"]) if described else 0
            if not count:
                raise missing_topic(topic)
            self._counts[topic] = count
        return self._counts[topic]

    def settings_of(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        """Topic (by full name) → its settings, defaults too. Raises NotAllowed, also for a topic that was removed meanwhile."""
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        found = self.ask(lambda admin: admin.describe_configs(wanted, config_filter="all"), "reading settings")["topic"] if wanted else {}
        if not all(found.values()):  # the client leaves out why; there is no topic without settings
            raise cause(of_kafka.TopicAuthorizationFailedError(), "reading settings")
        return {name: {key: each["value"] for key, each in found[name].items()} for name in names}

    def set(self, settings: Mapping[str, Mapping[str, str]]) -> None:
        """Change these settings of these topics (by full name), and no other. Raises NotAllowed."""
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name, dict(changes)) for name, changes in settings.items()]
        said = self.ask(lambda admin: admin.alter_configs(wanted), "changing settings")["topic"] if wanted else {}
        for name, outcome in said.items():
            if of_kafka.TopicAuthorizationFailedError.__name__ in outcome:
                raise cause(of_kafka.TopicAuthorizationFailedError(), "changing settings")
            if outcome != "OK":
                raise LogRefused("Kafka refuses these settings of a topic.", "Kafka 拒绝该主题的设置。", place=name)

    def forget(self, names: Sequence[str]) -> None:
        """These topics (by full name) are no more; what comes after them under the name is asked for anew."""
        for name in names:
            self._counts.pop(name.removeprefix(self.settings.prefix), None)

    def places(self, topic: str) -> list[TopicPartition]:
        """The partitions of a topic that must exist."""
        return [TopicPartition(self.settings.prefix + topic, partition) for partition in range(self.partitions(topic))]

    def edges(self, places: Sequence[TopicPartition]) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
        """The first offset kept and the one after the last committed record (the "last stable offset")."""
        if not places:
            return {}, {}
        earliest, latest = dict.fromkeys(places, OffsetSpec.EARLIEST), dict.fromkeys(places, OffsetSpec.LATEST)
        first = self.ask(lambda admin: admin.list_partition_offsets(earliest), "reading offsets")
        stable = self.ask(lambda admin: admin.list_partition_offsets(latest, IsolationLevel.READ_COMMITTED), "reading offsets")
        return {place: each.offset for place, each in first.items()}, {place: each.offset for place, each in stable.items()}

    def wait_until_through(self, transactional_id: str) -> None:
        """Wait until a transaction that was committed can be seen everywhere.

        Kafka answers a commit when it is decided, and tells the partitions a few ms later; who asks for their ends in between
        would miss what was just written. Never raises: it *is* committed, and at worst is seen a little later.
        """
        deadline = time.monotonic() + _THROUGH_S
        with contextlib.suppress(BusError):
            while time.monotonic() < deadline:
                state = self.ask(lambda admin: admin.describe_transactions([transactional_id])[transactional_id].state, "waiting")
                if state.value not in ("Ongoing", "PrepareCommit"):
                    return
                time.sleep(0.002)

    def close(self) -> None:
        """Give the connection up."""
        self._drop_admin()
        self._lane.close()

    def ask(self, question: Callable[[Any], T], doing: str) -> T:
        """Ask the administration client, anew once if its connection was lost; name the cause when Kafka cannot be reached."""
        try:
            return self._asked_patiently(question, doing)
        except of_kafka.RetriableError:
            self._drop_admin()
        except of_kafka.KafkaError as error:
            raise cause(error, doing) from error
        try:
            return self._asked(question, doing)
        except of_kafka.KafkaError as error:
            self._drop_admin()
            named = cause(error, doing)
            if isinstance(named, Unreachable):
                probe_settings(self.settings).raise_if_bad()
            raise named from error

    def _asked_patiently(self, question: Callable[[Any], T], doing: str) -> T:
        """A new cluster makes its topic of positions when it is first asked for some, and has no coordinator until then; one that was
        just started reads its own first."""
        deadline = time.monotonic() + _COORDINATOR_S
        while True:
            try:
                return self._asked(question, doing)
            except (of_kafka.CoordinatorNotAvailableError, of_kafka.CoordinatorLoadInProgressError, of_kafka.NotCoordinatorError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _asked(self, question: Callable[[Any], T], doing: str) -> T:
        def work() -> T:
            if self._admin is None:
                self._admin = make_admin(self.settings)
            return question(self._admin)

        return self._lane.run(work, _LIMIT_S, doing)

    def _drop_admin(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            with contextlib.suppress(of_kafka.KafkaError, BusError):  # it is being given up because it does not work
                self._lane.run(admin.close, 5, "closing")
