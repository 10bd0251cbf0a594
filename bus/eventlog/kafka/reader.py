"""A member of a group: reads batches, and makes outputs and positions visible together.

Positions are taken from the log again whenever the membership changes, and after every failure: kafka-python keeps
them for a partition that it gets back, although another member may have gone on with it in between.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from kafka.errors import KafkaTimeoutError, NoOffsetForPartitionError
from kafka.structs import ConsumerGroupMetadata, MemberState, OffsetAndMetadata, TopicPartition

from bus.errors import BusError, Fenced, Overtaken
from bus.event import Batch, Output
from bus.eventlog.kafka.causes import Replaced, cause
from bus.eventlog.kafka.clients import make_consumer
from bus.eventlog.kafka.cluster import Cluster
from bus.eventlog.kafka.instance import Instance, take_instance
from bus.eventlog.kafka.joining import keep_answers
from bus.eventlog.kafka.lane import Lane
from bus.eventlog.kafka.parking import keep_parked
from bus.eventlog.kafka.records import as_batch
from bus.eventlog.kafka.transaction import Transactions
from bus.eventlog.port import Partitions

_LIMIT_S = 45.0
_CLOSE_S = 5.0
_PATIENCE_S = 5.0
# kafka-python asks for more only once it has handed out all that it fetched: so this, times the partitions with a backlog, is what a new
# record elsewhere waits for. Some thousand records a partition, in one answer: larger ones are not faster.
_FETCH_BYTES = 262_144


class KafkaReader:
    """See `bus.eventlog.port.Reader`. `poll` too raises `Fenced`, when what was polled before and not committed was taken away."""

    def __init__(self, cluster: Cluster, group: str, topics: Sequence[str]) -> None:
        settings = cluster.settings
        self._prefix = settings.prefix
        self._pending: dict[TopicPartition, OffsetAndMetadata] = {}
        self._member: ConsumerGroupMetadata | None = None
        self._ended: BusError | None = None
        self._settled = True
        self._epoch = 0
        self._polled_at = 0.0
        self._patience_s = min(settings.session_timeout, settings.max_poll_interval) / 1000
        group_id = f"{settings.prefix}{group}"
        self._instance: Instance = take_instance(group_id, settings.instance, settings.lock_dir)
        self._lane = Lane(f"kafka {group_id}")
        self._consumer: Any = None
        self._transactions = Transactions(cluster, self._instance.transactional_id)
        try:
            self._transactions.open()
            self._consumer = self._call(lambda: make_consumer(settings, group_id, _FETCH_BYTES), "joining a group")
            keep_answers(self._consumer)
            keep_parked(self._consumer)
            self._consumer.subscribe([self._prefix + topic for topic in topics])
        except BaseException:
            self.close()
            raise

    def poll(self, max_records: int, timeout_s: float, only: Partitions | None = None) -> list[Batch]:
        self._refuse_if_ended()
        if not self._settled:
            self.rewind()
        polled = self._call(lambda: self._poll(max_records, timeout_s, only), "reading", timeout_s + _LIMIT_S)
        self._polled_at = time.monotonic()
        batches = []
        for place, records in polled.items():
            last = records[-1]
            # kafka-python writes -1 for "no leader epoch"; None would not be taken.
            epoch = -1 if last.leader_epoch is None else last.leader_epoch
            self._pending[place] = OffsetAndMetadata(last.offset + 1, "", epoch)
            batches.append(as_batch(place.topic.removeprefix(self._prefix), place.partition, records))
        return batches

    def commit(self, outputs: Iterable[Output]) -> None:
        self._refuse_if_ended()
        outputs = outputs if isinstance(outputs, Sequence) else list(outputs)
        if not outputs and not self._pending:
            return
        if not self._settled:
            raise Fenced("The last commit failed; rewind first.", "上次提交失败，请先回退。")
        self._settled = False
        try:
            self._transactions.run(outputs, self._pending, self._member)
        except Replaced as error:
            self._ended = error
            raise
        except Fenced as error:
            if time.monotonic() - self._polled_at > self._patience_s:
                raise Overtaken(place=error.place) from error
            raise
        self._pending = {}
        self._settled = True

    def rewind(self) -> None:
        self._refuse_if_ended()
        self._settled = False
        if not self._transactions.sound:
            try:
                self._transactions.open()
            except Replaced as error:
                self._ended = error
                raise
        self._pending = {}
        self._member = None  # the next poll begins at the committed positions, as after joining
        self._settled = True

    def epoch(self) -> int:
        return self._epoch

    def owned(self) -> set[tuple[str, int]]:
        if self._consumer is None or self._consumer.group_metadata().generation_id < 0:
            return set()
        return {(place.topic.removeprefix(self._prefix), place.partition) for place in self._consumer.assignment()}

    def close(self) -> None:
        self._ended = self._ended or Fenced("This reader is closed.", "该读取者已关闭。")
        consumer, self._consumer = self._consumer, None
        self._transactions.close()
        if consumer is not None:
            with contextlib.suppress(Exception):  # the group notices by its session time-out if leaving fails
                self._lane.run(lambda: consumer.close(timeout_ms=_CLOSE_S * 1000), 2 * _CLOSE_S, "leaving a group")
        self._lane.close()
        self._instance.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _poll(self, max_records: int, timeout_s: float, only: Partitions | None) -> dict[TopicPartition, list[Any]]:
        """Records read as the member that will commit them. The membership is renewed only within the consumer's own `poll`, and this
        is the only place that calls it: so a membership seen right after it holds until the next."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._take_up()
            if not self._turned_to(only):
                return {}
            left_ms = max(0, round((deadline - time.monotonic()) * 1000))
            try:
                records = self._consumer.poll(left_ms, max_records)
            except NoOffsetForPartitionError:  # just joined, and nobody has committed a position there yet
                records = {}
            if not self._same(self._consumer.group_metadata()):
                self._lose()
                records = {}
            if records or time.monotonic() >= deadline:
                return dict(records)

    def _turned_to(self, only: Partitions | None) -> bool:
        """Pause what is not asked for. Whether anything asked for is this member's, or may be once it has joined."""
        owned, paused = self._consumer.assignment(), self._consumer.paused()
        asked = {place for place in owned if only is None or (place.topic.removeprefix(self._prefix), place.partition) in only}
        self._consumer.pause(*owned - asked - paused)
        self._consumer.resume(*asked & paused)
        return only is None or self._member is None or bool(asked)

    def _take_up(self) -> None:
        """Begin as a new member of the group: from the committed positions."""
        member = self._consumer.group_metadata()
        # While it joins, the broker answers nothing else on that connection: positions can be asked for only afterwards.
        if self._same(member) or member.state != MemberState.STABLE or member.generation_id < 0 or not member.member_id:
            return
        self._lose()
        with contextlib.suppress(KafkaTimeoutError):  # a dead member's transaction is still pending there: ask again
            self._seek_to_committed()
            self._member = member
            self._epoch += 1

    def _lose(self) -> None:
        """This member is no longer the one that polled."""
        self._member = None
        if self._pending:
            self._settled = False
            raise Fenced("The group changed before this reader committed.", "提交之前消费组已变化。")

    def _same(self, member: ConsumerGroupMetadata) -> bool:
        known = self._member
        return known is not None and (known.generation_id, known.member_id) == (member.generation_id, member.member_id)

    def _seek_to_committed(self) -> None:
        """Stand where the log says; at the first record where it says nothing. The broker answers only once no transaction is
        pending on these positions, so this also tells how a commit of unknown outcome ended.

        First positions are not written ahead with the administration client: between its look and its write
        another member could have committed, and would be set back.
        """
        wait_ms = _PATIENCE_S * 1000
        committed = {place: self._consumer.committed(place, timeout_ms=wait_ms) for place in self._consumer.assignment()}
        fresh = [place for place, offset in committed.items() if offset is None]
        first = self._consumer.beginning_offsets(fresh, timeout_ms=wait_ms) if fresh else {}
        for place, offset in committed.items():
            self._consumer.seek(place, first[place] if offset is None else offset)

    def _call(self, work: Callable[[], Any], doing: str, within_s: float = _LIMIT_S) -> Any:
        try:
            return self._lane.run(work, within_s, doing)
        except BusError:
            raise
        except Exception as error:
            raise cause(error, doing) from error

    def _refuse_if_ended(self) -> None:
        if self._ended is not None:
            raise self._ended
