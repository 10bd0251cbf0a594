"""One transaction at a time, that either happened or did not: the part of the loop where kafka-python needs most care.

`commit_transaction()` of kafka-python 3.0.12 reports success after a batch was lost in two ways (a batch that ran out
of time moves nothing to an error state; one refused with OUT_OF_ORDER_SEQUENCE ends the transaction without a word).
So: keep every record's own answer, flush, look at *all* answers, and only then hand in the positions and commit.
After any failure the producer is thrown away and never aborted: it would carry positions of the failed
transaction into the next one, and an abort after a commit of unknown outcome can tear the next transaction apart.
`tests/faults/test_kafka_client.py` shows each of these on a naive loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from kafka.errors import KafkaTimeoutError
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

from bus import crash
from bus.errors import BusError, Fenced, Unreachable
from bus.event import BY_OWNER, Output, goes_by
from bus.eventlog.kafka.causes import cause
from bus.eventlog.kafka.clients import make_producer, throw_away
from bus.eventlog.kafka.cluster import Cluster
from bus.eventlog.kafka.lane import Lane
from bus.eventlog.partitioning import partition_of

_MOST_REBUILDS = 5  # in a row, without a commit between them
_COMMIT_S = 60.0
_OPEN_S = 60.0

_partition_of = lru_cache(maxsize=1 << 16)(partition_of)
"""The same keys come again: the hash in Python costs more than all else about choosing a partition."""


class Transactions:
    """The transactions of one transactional id."""

    def __init__(self, cluster: Cluster, transactional_id: str) -> None:
        self._cluster = cluster
        self._settings = cluster.settings
        self._id = transactional_id
        self._producer: Any = None
        self._rebuilds = 0
        self._lane = Lane(f"kafka {transactional_id}")

    @property
    def sound(self) -> bool:
        """False after a failure, until `open`."""
        return self._producer is not None

    def open(self) -> None:
        """Become the one user of the transactional id: ends what it left open before, and fences an earlier user.

        Raises Unreachable, among others after five failures in a row.
        """
        self._rebuilds += 1
        if self._rebuilds > _MOST_REBUILDS:
            raise Unreachable(
                f"{_MOST_REBUILDS} transactions in a row failed; this process gives up.",
                f"连续 {_MOST_REBUILDS} 次事务失败，本进程退出。",
                place=self._id,
            )
        if self._lane.stuck:  # a call that never came back holds the old thread; leave both behind
            self._lane = Lane(f"kafka {self._id}")
        try:
            self._producer = self._lane.run(self._opened, _OPEN_S, "opening a transactional producer")
        except BaseException as error:
            if not isinstance(error, Exception):
                raise
            raise cause(error, "opening a transactional producer") from error

    def run(
        self, outputs: Iterable[Output], positions: Mapping[TopicPartition, OffsetAndMetadata], member: ConsumerGroupMetadata | None
    ) -> None:
        """Make `outputs` and the `positions` of `member`'s group visible together.

        Raises a BusError when that is not known to have happened; then nothing can be written before `open`.
        """
        if positions and (member is None or member.generation_id < 0 or not member.member_id):
            # Brokers take positions without a generation from anyone, by design for old clients: nobody would be fenced.
            raise Fenced(place=self._id)
        producer, self._producer = self._producer, None
        if producer is None:
            raise Unreachable("The last transaction failed; rewind first.", "上次事务失败，请先回退。", place=self._id)
        try:
            self._lane.run(lambda: self._transact(producer, outputs, positions, member), _COMMIT_S, "committing a transaction")
        except BaseException as error:
            throw_away(producer)
            if not isinstance(error, Exception) or isinstance(error, BusError):
                raise
            raise cause(error, "committing a transaction") from error
        self._producer, self._rebuilds = producer, 0
        self._cluster.wait_until_through(self._id)

    def close(self) -> None:
        """Give the producer up; a transaction that is open is ended by the next user of the id, or by its time-out."""
        producer, self._producer = self._producer, None
        if producer is not None:
            throw_away(producer)
        self._lane.close()

    def _opened(self) -> Any:
        producer = make_producer(self._settings, self._id)
        try:
            producer.init_transactions()
        except BaseException:
            throw_away(producer)
            raise
        return producer

    def _transact(
        self,
        producer: Any,
        outputs: Iterable[Output],
        positions: Mapping[TopicPartition, OffsetAndMetadata],
        member: ConsumerGroupMetadata | None,
    ) -> None:
        producer.begin_transaction()
        crash.point("after_begin")
        answers = [self._send(producer, output) for output in outputs]
        crash.point("mid_send")
        # Its limit is meant for each batch, and each is bounded by delivery_timeout_ms anyway; the lane bounds the whole.
        producer.flush(timeout=self._settings.delivery_timeout / 1000 + 5)
        for answer in answers:
            if not answer.succeeded():  # failed, or not answered although flushed (a split batch)
                raise answer.exception or KafkaTimeoutError("not answered")
        crash.point("after_flush")
        if positions:
            producer.send_offsets_to_transaction(dict(positions), member)
            crash.point("after_offsets")
        producer.commit_transaction()

    def _send(self, producer: Any, output: Output) -> Any:
        topic, record, partition = output
        if partition is None or partition == BY_OWNER:
            partition = _partition_of(goes_by(record.key, partition), self._cluster.partitions(topic))
        return producer.send(
            self._settings.prefix + topic,
            record.value,
            record.key,
            list(record.headers),
            partition,
            record.timestamp,
        )
