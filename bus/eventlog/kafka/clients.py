"""Makes the clients of kafka-python, with the settings that its source and our measurements ask for."""

from __future__ import annotations

import logging
from typing import Any

import kafka
import kafka.producer.kafka as producer_module
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from bus.errors import ConfigRefused
from bus.eventlog.kafka.settings import ClientSettings
from bus.eventlog.kafka.topics import MAX_RECORD_BYTES


def check_client() -> None:
    """Refuse to start without the C checksum, or with another kafka-python than the one whose faults are known.

    Raises ConfigRefused.
    """
    if kafka.__version__ != "3.0.12":
        raise ConfigRefused(f"kafka-python is {kafka.__version__}, not 3.0.12.", f"kafka-python 为 {kafka.__version__}，应为 3.0.12。")
    try:
        import crc32c  # noqa: F401
    except ImportError as error:
        raise ConfigRefused(
            "The package 'crc32c' is missing: without it Kafka is 3 to 7 times slower.",
            "缺少软件包 crc32c：没有它 Kafka 会慢 3 至 7 倍。",
            hint="pip install crc32c",
        ) from error


def silence_secrets() -> None:
    """Keep kafka-python's loggers at the level of the root logger now, and never below INFO: at DEBUG they print passwords and the values
    of records."""
    for name in ["kafka", *(each for each in logging.root.manager.loggerDict if each.startswith("kafka."))]:
        logger = logging.getLogger(name)
        if _not_debug not in logger.filters:
            logger.addFilter(_not_debug)
        logger.setLevel(max(logger.getEffectiveLevel(), logging.INFO))


def _not_debug(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO


def make_producer(settings: ClientSettings, transactional_id: str) -> Any:
    """A transactional producer that has not been initialised. acks=all, idempotence and endless retries are the defaults."""
    # A producer that is garbage-collected mutes this module's logger for the whole process; give it its voice again.
    producer_module.log = logging.getLogger(producer_module.__name__)
    return kafka.KafkaProducer(
        **settings.connection(),
        transactional_id=transactional_id,
        transaction_timeout_ms=settings.transaction_timeout,
        delivery_timeout_ms=settings.delivery_timeout,
        max_block_ms=2 * settings.request_timeout,
        # The sender sleeps this long on every "the last transaction is not quite done": 100 ms would be felt.
        retry_backoff_ms=10,
        linger_ms=5,
        batch_size=262_144,
        compression_type="lz4",
        max_request_size=MAX_RECORD_BYTES,
        metrics_enabled=False,
        allow_auto_create_topics=False,
    )


def make_consumer(settings: ClientSettings, group: str | None, partition_bytes: int = 4 * 1_048_576) -> Any:
    """A consumer that sees only what is committed, moves no positions by itself and never guesses a position.

    `read_committed` also makes the broker hold back a position that a pending transaction is about to move. `partition_bytes` is fetched
    of a partition at a time.
    """
    return kafka.KafkaConsumer(
        **settings.connection(),
        group_id=group,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="none",
        partition_assignment_strategy=[CooperativeStickyAssignor],
        session_timeout_ms=settings.session_timeout,
        heartbeat_interval_ms=min(3000, settings.session_timeout // 4),
        max_poll_interval_ms=settings.max_poll_interval,
        max_poll_records=2000,
        # Without a group only what is already there is read. The broker must not hold such an empty answer back: the client asks for
        # the next partition only once it has this one.
        fetch_max_wait_ms=500 if group else 10,
        fetch_max_bytes=32 * 1_048_576,
        max_partition_fetch_bytes=partition_bytes,
        retry_backoff_ms=50,
        metrics_enabled=False,
        allow_auto_create_topics=False,
    )


def make_admin(settings: ClientSettings) -> Any:
    """An administration client."""
    return kafka.KafkaAdminClient(**settings.connection())


def throw_away(producer: Any) -> None:
    """End a producer whatever state it is in, within two seconds.

    Its own `close` waits for batches that may never be sent, and on a stuck one leaves its thread running.
    """
    producer._unregister_cleanup()
    producer._closed = True
    producer._sender.force_close()
    producer._sender.join(2)
