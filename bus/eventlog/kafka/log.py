"""`KafkaLog`: the event log on Apache Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import kafka.errors as of_kafka
from kafka.protocol.consumer import IsolationLevel
from kafka.structs import OffsetAndMetadata, TopicPartition

from bus.errors import LogRefused, WrongUse
from bus.event import Batch, Position
from bus.eventlog.kafka.causes import cause
from bus.eventlog.kafka.clients import check_client, silence_secrets
from bus.eventlog.kafka.cluster import Cluster
from bus.eventlog.kafka.gate import KafkaGate
from bus.eventlog.kafka.probe import probe_settings
from bus.eventlog.kafka.reader import KafkaReader
from bus.eventlog.kafka.scan import Scans
from bus.eventlog.kafka.settings import read_settings
from bus.eventlog.kafka.topics import keeping, topic_settings
from bus.eventlog.kafka.waiting import first_times
from bus.eventlog.kafka.writer import KafkaWriter
from bus.eventlog.port import TopicInfo, TopicSpec


class KafkaLog:
    """See `bus.eventlog.port.EventLog`. One per process; not for use from several threads.

    `bootstrap` is HOST:PORT[,HOST:PORT]; `namespace` goes before every topic, group and transactional id, so that several
    buses share a cluster; `settings` are those of `settings.py` (credentials, TLS, time-outs), by Kafka's own names.
    """

    def __init__(self, bootstrap: str, namespace: str = "", settings: Mapping[str, str] | None = None) -> None:
        """Raises WrongUse or ConfigRefused for settings that cannot work, and Unreachable with the cause when Kafka is not there."""
        check_client()
        silence_secrets()
        self._settings = read_settings(bootstrap, namespace, settings or {})
        # Asked on the wire first: kafka-python would try for its whole time limit and then not say why.
        found = probe_settings(self._settings)
        found.raise_if_bad()
        self._cluster = found.cluster
        self._at = Cluster(self._settings)
        self._scans = Scans(self._settings)

    def identity(self) -> str:
        return f"kafka:{self._cluster}:{self._settings.namespace}"

    def create(self, topics: Iterable[TopicSpec]) -> None:
        wanted = {self._settings.prefix + spec.name: spec for spec in topics}
        known = {topic["name"] for topic in self._at.describe(None)}
        new = {name: spec for name, spec in wanted.items() if name not in known}
        if not new:
            return
        copies = self._copies()
        answer = self._create(new, copies, bombs_refused=True)
        unknown_setting = {name for name, error in answer.items() if error is of_kafka.InvalidConfigurationError}
        if unknown_setting:  # before Kafka 4.4 there is no limit on what a batch may unfold to
            answer |= self._create({name: new[name] for name in unknown_setting}, copies, bombs_refused=False)
        for name, error in answer.items():
            if error not in (of_kafka.NoError, of_kafka.TopicAlreadyExistsError):
                raise cause(error(), f"creating topic {name}")
        self._at.ask(lambda admin: admin.wait_for_topics(list(new)), "waiting for new topics")

    def topics(self) -> list[TopicInfo]:
        try:
            return self._topics()
        except LogRefused:  # one was removed between the list and the look at its ends
            return self._topics()

    def _topics(self) -> list[TopicInfo]:
        described = {topic["name"].removeprefix(self._settings.prefix): topic for topic in self._ours()}
        places = [self._place(name, each["partition_index"]) for name, topic in described.items() for each in topic["partitions"]]
        first, following = self._at.edges(places)
        ends: dict[str, dict[int, tuple[int, int]]] = {name: {} for name in described}
        for place in places:
            ends[place.topic.removeprefix(self._settings.prefix)][place.partition] = (first[place], following[place])
        return [TopicInfo(name, dict(sorted(ends[name].items()))) for name in sorted(ends)]

    def kept_otherwise(self, topics: Iterable[TopicSpec]) -> list[TopicSpec]:
        there = {topic["name"] for topic in self._ours()}
        specs = [spec for spec in topics if self._settings.prefix + spec.name in there]
        found = self._at.settings_of([self._settings.prefix + spec.name for spec in specs])
        return [spec for spec in specs if not keeping(spec).items() <= found[self._settings.prefix + spec.name].items()]

    def keep(self, topics: Iterable[TopicSpec]) -> None:
        self._at.set({self._settings.prefix + spec.name: keeping(spec) for spec in topics})

    def remove(self, topics: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        names = [self._settings.prefix + topic for topic in topics]
        for group in groups:
            self._remove_group(group)
        if not names:
            return
        answer = self._at.ask(lambda admin: admin.delete_topics(names, raise_errors=False), "removing topics")
        self._at.forget(names)
        for each in answer["topics"]:
            error = of_kafka.for_code(each["error_code"])
            if error not in (of_kafka.NoError, of_kafka.UnknownTopicOrPartitionError):
                raise cause(error(), f"removing topic {each['name']}")

    def scan(
        self, topic: str, start: Mapping[int, int] | None = None, stop: Mapping[int, int] | None = None, max_records: int = 2000
    ) -> Iterator[Batch]:
        places = self._at.places(topic)
        first, following = self._at.edges(places)
        spans = {}
        for place in places:
            begin = max((start or {}).get(place.partition, 0), first[place])
            end = min((stop or {}).get(place.partition, following[place]), following[place])
            if begin < end:
                spans[place] = (begin, end)
        if spans:
            yield from self._scans.of(topic, spans, max_records)

    def writer(self, name: str) -> KafkaWriter:
        return KafkaWriter(self._at, name)

    def reader(self, group: str, topics: Sequence[str]) -> KafkaReader:
        for topic in topics:
            self._at.partitions(topic)
        return KafkaReader(self._at, group, topics)

    def positions(self, group: str) -> Position:
        group_id = self._settings.prefix + group
        kept = self._at.ask(lambda admin: admin.list_group_offsets({group_id: None})[group_id], "reading positions")
        prefix = self._settings.prefix
        return {(place.topic.removeprefix(prefix), place.partition): each.offset for place, each in kept.items() if each.offset >= 0}

    def waiting(self, position: Position) -> dict[tuple[str, int], int]:
        places = {self._place(topic, partition): at for (topic, partition), at in position.items()}
        first, following = self._at.edges(list(places))
        spans = {place: (max(at, first[place]), following[place]) for place, at in places.items()}
        found = first_times(self._settings, {place: span for place, span in spans.items() if span[0] < span[1]})
        return {(place.topic.removeprefix(self._settings.prefix), place.partition): at for place, at in found.items()}

    def move(self, group: str, position: Position) -> None:
        group_id = self._settings.prefix + group
        target = {self._place(topic, partition): OffsetAndMetadata(offset, "", -1) for (topic, partition), offset in position.items()}
        if self._at.ask(lambda admin: admin.describe_groups([group_id])[group_id]["members"], "describing a group"):
            raise _live(group)
        done = self._at.ask(lambda admin: admin.alter_group_offsets(group_id, target), "moving positions")
        for error in done.values():
            if error in (of_kafka.UnknownMemberIdError, of_kafka.IllegalGenerationError, of_kafka.RebalanceInProgressError):
                raise _live(group)  # one joined after the look above
            if error is not of_kafka.NoError:
                raise cause(error(), "moving positions")

    def offsets_at(self, topic: str, timestamp: int) -> dict[int, int]:
        places = self._at.places(topic)
        _, following = self._at.edges(places)
        specs = dict.fromkeys(places, timestamp)
        found = self._at.ask(lambda admin: admin.list_partition_offsets(specs, IsolationLevel.READ_COMMITTED), "looking a time up")
        return {place.partition: found[place].offset if found[place].offset >= 0 else following[place] for place in places}

    def gate(self) -> KafkaGate:
        """Who may do what here."""
        return KafkaGate(self._at)

    def close(self) -> None:
        self._scans.close()
        self._at.close()

    def _remove_group(self, group: str) -> None:
        group_id = self._settings.prefix + group
        said = self._at.ask(lambda admin: admin.delete_groups([group_id])[group_id], "removing a group")
        if said == of_kafka.NonEmptyGroupError.__name__:
            raise _live(group)
        if said not in ("OK", of_kafka.GroupIdNotFoundError.__name__):
            raise cause(getattr(of_kafka, said)(), "removing a group")

    def _copies(self) -> int:
        if self._settings.replication_factor:
            return self._settings.replication_factor
        return min(3, len(self._at.ask(lambda admin: admin.describe_cluster(), "counting brokers")["brokers"]))

    def _create(self, new: Mapping[str, TopicSpec], copies: int, bombs_refused: bool) -> dict[str, type[Exception]]:
        wanted = {
            name: {
                "num_partitions": spec.partitions,
                "replication_factor": copies,
                "configs": topic_settings(spec, copies, bombs_refused),
            }
            for name, spec in new.items()
        }
        answer = self._at.ask(lambda admin: admin.create_topics(wanted, raise_errors=False), "creating topics")
        return {topic["name"]: of_kafka.for_code(topic["error_code"]) for topic in answer["topics"]}

    def _ours(self) -> list[dict[str, Any]]:
        prefix = self._settings.prefix
        return [topic for topic in self._at.describe(None) if topic["name"].startswith(prefix) and not topic["is_internal"]]

    def _place(self, topic: str, partition: int) -> TopicPartition:
        return TopicPartition(self._settings.prefix + topic, partition)


def _live(group: str) -> WrongUse:
    return WrongUse(
        f"Group '{group}' has a live member; stop it before its position is moved.",
        f"消费组“{group}”仍有成员在线，请先停止再移动位置。",
        place=group,
    )
