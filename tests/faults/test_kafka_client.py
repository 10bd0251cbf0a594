"""Faults of kafka-python 3.0.12 itself, shown on a naive loop, and that ours is not taken in by them.

Each test runs the loop that its documentation suggests against a scripted broker, and asserts that it goes *wrong*: when
a later kafka-python makes such a test fail, the fault is mended there, and the guard may go. Then the same answers for our loop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kafka
import pytest
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

import bus
from bus.errors import BusError, Fenced
from bus.event import Output, Record
from bus.eventlog.kafka.clients import throw_away
from bus.eventlog.kafka.settings import read_settings
from bus.eventlog.kafka.transaction import Transactions
from tests.faults.fake_broker import (
    ILLEGAL_GENERATION,
    INVALID_PRODUCER_EPOCH,
    MESSAGE_TOO_LARGE,
    NOT_ENOUGH_REPLICAS,
    OUT_OF_ORDER_SEQUENCE,
    PRODUCER_FENCED,
    TOPIC,
    FakeBroker,
)

IMPATIENT = {"request.timeout.ms": "800", "delivery.timeout.ms": "1500", "transaction.timeout.ms": "5000"}
MEMBER = ConsumerGroupMetadata("g", 3, "member-1")
NOBODY = ConsumerGroupMetadata("g", -1, "")
OUTPUT = Output(TOPIC, Record(b"k", b"v", 1), 0)


class FakeCluster:
    """What `Transactions` asks the cluster for, without asking one."""

    def __init__(self, broker: FakeBroker) -> None:
        self.settings = read_settings(broker.address, "", IMPATIENT)

    def partitions(self, topic: str) -> int:
        return 1

    def wait_until_through(self, transactional_id: str) -> None:
        pass


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with FakeBroker() as running:
        yield running


@contextlib.contextmanager
def ours(broker: FakeBroker) -> Iterator[Transactions]:
    transactions = Transactions(FakeCluster(broker), "norm-1")  # type: ignore[arg-type]
    transactions.open()
    try:
        yield transactions
    finally:
        transactions.close()


@contextlib.contextmanager
def naive(broker: FakeBroker) -> Iterator[Any]:
    producer = kafka.KafkaProducer(
        bootstrap_servers=broker.address,
        transactional_id="naive-1",
        request_timeout_ms=800,
        delivery_timeout_ms=1500,
        transaction_timeout_ms=5000,
    )
    producer.init_transactions()
    try:
        yield producer
    finally:
        throw_away(producer)


def positions(**at: int) -> dict[TopicPartition, OffsetAndMetadata]:
    return {TopicPartition("raw", int(name[1:])): OffsetAndMetadata(offset, "", -1) for name, offset in at.items()}


def naive_commit(producer: Any, at: dict[TopicPartition, OffsetAndMetadata], member: ConsumerGroupMetadata = MEMBER) -> Any:
    producer.begin_transaction()
    future = producer.send(TOPIC, b"v", b"k", partition=0)
    producer.send_offsets_to_transaction(at, member)
    producer.commit_transaction()
    return future


def test_all_is_well_when_the_broker_is_well(broker: FakeBroker) -> None:
    with ours(broker) as transactions:
        transactions.run([OUTPUT], positions(p0=5), MEMBER)
    assert broker.committed()
    assert broker.positions() == [{0: 5}]


def test_d1_a_naive_loop_commits_positions_without_the_record_that_ran_out_of_time(broker: FakeBroker) -> None:
    broker.script["Produce"] = [NOT_ENOUGH_REPLICAS] * 1000
    with naive(broker) as producer:
        future = naive_commit(producer, positions(p0=5))
    assert future.failed()  # the record is lost ...
    assert broker.committed()  # ... and its position committed


def test_d1_ours_does_not_commit_when_a_record_ran_out_of_time(broker: FakeBroker) -> None:
    broker.script["Produce"] = [NOT_ENOUGH_REPLICAS] * 1000
    with ours(broker) as transactions, pytest.raises(BusError):
        transactions.run([OUTPUT], positions(p0=5), MEMBER)
    assert not broker.committed()
    assert broker.positions() == []


def test_d2_a_naive_loop_is_told_of_a_commit_that_was_never_sent(broker: FakeBroker) -> None:
    broker.script["Produce"] = [OUT_OF_ORDER_SEQUENCE] * 1000
    with naive(broker) as producer:
        producer.begin_transaction()
        future = producer.send(TOPIC, b"v", b"k", partition=0)
        producer.commit_transaction()  # no exception
    assert future.failed()
    assert broker.requests("EndTxn") == []


def test_d2_ours_knows_that_a_record_was_refused_out_of_order(broker: FakeBroker) -> None:
    broker.script["Produce"] = [OUT_OF_ORDER_SEQUENCE] * 1000
    with ours(broker) as transactions:
        with pytest.raises(BusError):
            transactions.run([OUTPUT], positions(p0=5), MEMBER)
        assert not transactions.sound
        broker.script["Produce"] = []
        transactions.open()
        transactions.run([OUTPUT], positions(p0=5), MEMBER)
    assert broker.positions() == [{0: 5}]
    assert broker.committed()


@pytest.mark.parametrize("refusal", [MESSAGE_TOO_LARGE, INVALID_PRODUCER_EPOCH])
def test_ours_commits_nothing_when_the_broker_refuses_a_record(broker: FakeBroker, refusal: int) -> None:
    broker.script["Produce"] = [refusal] * 1000
    with ours(broker) as transactions:
        with pytest.raises(BusError):
            transactions.run([OUTPUT], positions(p0=5), MEMBER)
        assert not transactions.sound
    assert not broker.committed()
    assert broker.positions() == []


def test_ours_never_aborts() -> None:
    """After a commit of unknown outcome an abort can tear the next transaction apart: nothing in the bus calls it."""
    sources = Path(bus.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if "abort_transaction" in path.read_text(encoding="utf-8")] == []


def test_d3_a_naive_loop_commits_a_position_of_the_transaction_that_it_aborted(broker: FakeBroker) -> None:
    broker.script["TxnOffsetCommit"] = [ILLEGAL_GENERATION]
    with naive(broker) as producer:
        with pytest.raises(kafka.errors.CommitFailedError):
            naive_commit(producer, positions(p0=100))
        producer.abort_transaction()
        naive_commit(producer, positions(p1=7))
    assert broker.positions()[-1] == {0: 100, 1: 7}  # partition 0 belongs to another member by now


def test_d3_ours_commits_only_the_positions_of_this_transaction(broker: FakeBroker) -> None:
    broker.script["TxnOffsetCommit"] = [ILLEGAL_GENERATION]
    with ours(broker) as transactions:
        with pytest.raises(Fenced):
            transactions.run([OUTPUT], positions(p0=100), MEMBER)
        transactions.open()
        transactions.run([OUTPUT], positions(p1=7), MEMBER)
    assert broker.positions() == [{0: 100}, {1: 7}]
    assert [request.committed for request in broker.requests("EndTxn")] == [True]  # nothing was aborted: the producer was replaced


def test_d8_a_naive_loop_commits_positions_without_being_a_member(broker: FakeBroker) -> None:
    with naive(broker) as producer:
        naive_commit(producer, positions(p0=5), NOBODY)
    (request,) = broker.requests("TxnOffsetCommit")
    assert (request.generation_id, request.member_id) == (-1, "")  # which a broker takes from anyone
    assert broker.committed()


def test_d8_ours_commits_positions_only_as_a_member(broker: FakeBroker) -> None:
    with ours(broker) as transactions:
        for nobody in (NOBODY, ConsumerGroupMetadata("g", 3, ""), None):
            with pytest.raises(Fenced):
                transactions.run([OUTPUT], positions(p0=5), nobody)
        transactions.run([OUTPUT], positions(p0=5), MEMBER)
    assert [(request.generation_id, request.member_id) for request in broker.requests("TxnOffsetCommit")] == [(3, "member-1")]


def test_a_producer_that_another_replaced_does_not_take_its_place_back(broker: FakeBroker) -> None:
    broker.script["EndTxn"] = [PRODUCER_FENCED]
    with ours(broker) as transactions, pytest.raises(Fenced) as caught:
        transactions.run([OUTPUT], positions(p0=5), MEMBER)
    assert type(caught.value).__name__ == "Replaced"
    assert len(broker.requests("InitProducerId")) == 1


def test_after_five_failures_in_a_row_it_gives_up(broker: FakeBroker) -> None:
    broker.script["TxnOffsetCommit"] = [ILLEGAL_GENERATION] * 10
    with ours(broker) as transactions:
        for _ in range(5):
            with pytest.raises(Fenced):
                transactions.run([], positions(p0=5), MEMBER)
            with contextlib.suppress(BusError):
                transactions.open()
        assert not transactions.sound
