"""What a principal may really do on a broker, found out by doing it with stock clients: librdkafka, for groups kafka-python."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import kafka
import kafka.errors as of_kafka
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from kafka.structs import OffsetAndMetadata
from kafka.structs import TopicPartition as Place

from bus.eventlog.kafka.settings import read_settings

REFUSED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC}
"""A topic that one may not even see is answered as one that is not there."""
_WAIT_S = 60


def described(client: Mapping[str, str], topics: Iterable[str]) -> set[str]:
    """The topics that it sees."""
    consumer = Consumer({**client, "group.id": "none"})
    try:
        return set(topics) & set(consumer.list_topics(timeout=_WAIT_S).topics)
    finally:
        consumer.close()


def read(client: Mapping[str, str], topics: Iterable[str]) -> set[str]:
    """The topics of which it gets a record, or is told that there is none. Ask only about those that it sees: a broker that lets somebody
    read lets him see, and a client never comes to reading what it does not see."""
    consumer = Consumer({**client, "group.id": "none", "enable.auto.commit": False, "enable.partition.eof": True})
    left, may = set(topics), set()
    try:
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING) for topic in left])
        deadline = time.monotonic() + _WAIT_S
        while left and time.monotonic() < deadline:
            for message in consumer.consume(100, 0.5):
                problem = message.error()
                if problem is not None and problem.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
                    continue  # it asks for the coordinator of its group although it has no use for one
                if problem is None or problem.code() == KafkaError._PARTITION_EOF:
                    may.add(message.topic())
                else:
                    assert problem.code() in REFUSED, problem
                left.discard(message.topic())
        assert not left, f"no answer about {left}"
        return may
    finally:
        consumer.close()


def written(client: Mapping[str, str], topics: Iterable[str]) -> set[str]:
    """The topics that take a record of it. It has neither key nor value: no reader of ours makes anything of that, and a compacted
    topic refuses it *after* it looked whether this principal may write."""
    producer = Producer({**client, "enable.idempotence": False, "message.timeout.ms": _WAIT_S * 1000})
    may = set()
    for topic in topics:

        def answered(problem: KafkaError | None, _message: object, topic: str = topic) -> None:
            if problem is None or problem.code() not in REFUSED:
                assert problem is None or problem.code() == KafkaError.INVALID_RECORD, problem
                may.add(topic)

        producer.produce(topic, None, None, 0, on_delivery=answered)
    assert producer.flush(_WAIT_S) == 0
    return may


def grouped(client: Mapping[str, str], bootstrap: str, groups: Iterable[str]) -> set[str]:
    """The groups in which it may read: a position of a topic that is not there is refused for the group, or for the topic."""
    admin = kafka.KafkaAdminClient(**read_settings(bootstrap, "", client).connection())
    may = set()
    try:
        for group in groups:
            if _moved(admin, group) is not of_kafka.GroupAuthorizationFailedError:
                may.add(group)
    finally:
        admin.close()
    return may


def _moved(admin: kafka.KafkaAdminClient, group: str) -> type[Exception]:
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            (error,) = admin.alter_group_offsets(group, {Place("not-there", 0): OffsetAndMetadata(0, "", -1)}).values()
        except of_kafka.GroupAuthorizationFailedError as refused:
            return type(refused)
        except of_kafka.RetriableError:  # a new broker makes its topic of positions when it is first asked for some
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return error


def kept(client: Mapping[str, str], topics: Iterable[str]) -> set[str]:
    """The topics of which it may say how long they keep what is in them; asked for, not done."""
    wanted = [ConfigEntry("retention.ms", "86400000", incremental_operation=AlterConfigOpType.SET)]
    resources = [ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=wanted) for topic in topics]
    may, admin = set(), AdminClient(dict(client))  # answers come as long as somebody holds it
    for resource, answer in admin.incremental_alter_configs(resources, validate_only=True).items():
        try:
            answer.result(_WAIT_S)
        except KafkaException as refused:
            assert refused.args[0].code() in REFUSED, refused
        else:
            may.add(resource.name)
    return may


def transacted(client: Mapping[str, str], names: Iterable[str]) -> set[str]:
    """The transactional ids that it may work under."""

    def may(name: str) -> bool:
        producer = Producer({**client, "transactional.id": name})
        try:
            producer.init_transactions(_WAIT_S)
        except KafkaException as refused:
            assert refused.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, refused
            return False
        return True

    listed = list(names)
    with ThreadPoolExecutor(4) as pool:
        return {name for name, allowed in zip(listed, pool.map(may, listed), strict=True) if allowed}
