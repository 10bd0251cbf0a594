"""How a topic's `TopicSpec` is said in Kafka's settings."""

from __future__ import annotations

from bus.errors import WrongUse
from bus.eventlog.port import SLACK_MS, TopicSpec

MAX_RECORD_BYTES = 1_048_576
# A batch of 16 kB can unfold to 512 MB in every reader. Brokers from 4.4 on refuse what unfolds to more than this.
MAX_UNFOLDED_BYTES = 64 * 1_048_576


def topic_settings(spec: TopicSpec, copies: int, bombs_refused: bool) -> dict[str, str]:
    """The settings of a new topic with `copies` copies; `bombs_refused` where the broker knows how. Raises WrongUse as `keeping`."""
    return {
        **keeping(spec),
        "retention.bytes": "-1",
        "compression.type": "producer",
        "message.timestamp.type": "CreateTime",
        "max.message.bytes": str(MAX_RECORD_BYTES),
        "min.insync.replicas": "2" if copies > 2 else "1",
        **({"max.decompressed.message.bytes": str(MAX_UNFOLDED_BYTES)} if bombs_refused else {}),
    }


def keeping(spec: TopicSpec) -> dict[str, str]:
    """Those settings that say what is kept how long.

    "latest+time" is compaction that leaves records alone for `retention_ms`: the latest of each key stays for good,
    older ones for at least that time. Kafka compacts closed segments, and by itself only once half of a topic is old: `SLACK_MS` bounds
    that, so that an erased person is gone by a day that can be named.
    Raises WrongUse for a `keep` that does not exist, or without its `retention_ms`.
    """
    kept = {
        "forever": {"cleanup.policy": "delete", "retention.ms": "-1"},
        "latest": {"cleanup.policy": "compact", "max.compaction.lag.ms": str(SLACK_MS)},
        "latest+time": {
            "cleanup.policy": "compact",
            "min.compaction.lag.ms": str(spec.retention_ms),
            "max.compaction.lag.ms": str((spec.retention_ms or 0) + SLACK_MS),
        },
        "time": {"cleanup.policy": "delete", "retention.ms": str(spec.retention_ms)},
    }.get(spec.keep)
    if kept is None or (spec.keep.endswith("time") and not spec.retention_ms):
        raise WrongUse(f"Topic '{spec.name}' cannot be kept '{spec.keep}' so.", f"主题“{spec.name}”的保留方式不正确。", place=spec.name)
    return kept
