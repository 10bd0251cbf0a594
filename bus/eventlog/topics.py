"""Names of topics and how each kind is kept. Pure.

A prefix ends in a dot, so that a rule for `raw.civil.` never matches `raw.civilian.`.
"""

from __future__ import annotations

from bus.errors import WrongUse
from bus.eventlog.port import TopicSpec

ACCOUNT = "internal.account"
ALIAS = "internal.alias"
EVIDENCE, PENDING, DECISION = "internal.evidence", "internal.pending", "internal.decision"
LINK = "internal.link"
REFUSED = "internal.refused"
"""Records inside the bus that no decision came to an end on, as they were, keyed by their place."""
SCHEMA = "internal.schema"
"""Contracts made from agreements."""
TALLY = "internal.tally"
"""How many master records came and went, as deltas that ride in the transactions of the masters."""
AUDIT, AUDIT_CHAIN = "audit", "audit.chain"
MASTERS = ("resident", "dwelling")
"""The entities that have master records."""
AGREEMENT = "internal.agreement"
"""What happened to each agreement, keyed by it; its whole text with each submission."""
WATCH = "internal.watch"
"""Whom subscribers registered, by tokens, keyed by agreement."""
TOLD = "internal.told"
"""Under which grant each agreement is shared, and how far its subscriber was told of a change of that, keyed by agreement."""
ERASURE = "internal.erasure"
"""Whose file was asked to be erased, by whom and why, and who carried it out; keyed by the request."""
OF_LINKS = ("residency_link", "lease", "marriage", "household", "benefit")
"""The entities that say how subjects belong together."""
_DAY_MS = 86_400_000


def raw(dataset: str) -> str:
    """The topic of what a department said: "civil.marriage" → "raw.civil.marriage"."""
    return f"raw.{dataset}"


def canonical(entity: str) -> str:
    """The topic of statements about an entity in the common language."""
    return f"canonical.{entity}"


def dead_letter(department: str) -> str:
    """The topic of a department's refused records; only it may read there."""
    return f"deadletter.{department}"


def internal(entity: str) -> str:
    """The topic on which statements come to the subject they are about."""
    return f"internal.{entity}"


def errands(entity: str) -> str:
    """The topic on which the owner of a subject notes what it has sent to other owners, in the subject's partition."""
    return f"internal.errands.{entity}"


def master(entity: str) -> str:
    """The topic of master records."""
    return f"master.{entity}"


def share(agreement: str) -> str:
    """The topic of what an agreement grants."""
    return f"share.{agreement}"


def is_canonical(topic: str) -> bool:
    """Whether a topic holds statements, not master records."""
    return topic.startswith("canonical.")


def share_spec(agreement: str, retention_days: int, partitions: int = 4) -> TopicSpec:
    """How the topic of an agreement is made: the latest of each key for good, older ones as long as the agreement says."""
    return TopicSpec(share(agreement), partitions, "latest+time", retention_days * _DAY_MS)


def account(department: str) -> str:
    """The topic of what a department's publishing counts: its own, so that it writes nobody else's."""
    return f"{ACCOUNT}.{department}"


def is_account(topic: str) -> bool:
    """Whether it holds deltas of the account."""
    return topic == ACCOUNT or topic.startswith(f"{ACCOUNT}.")


def dispute(department: str) -> str:
    """The topic on which a department is told where others differ; only it may read there."""
    return f"dispute.{department}"


def of_resolver() -> list[str]:
    """All topics that the resolver writes, but those of disputes, which each department has one of."""
    return [
        *(make(entity) for entity in MASTERS for make in (internal, errands, master)),
        ALIAS,
        EVIDENCE,
        PENDING,
        DECISION,
        LINK,
        REFUSED,
        TALLY,
    ]


def entity_of(topic: str) -> str:
    """The entity a topic is about: "canonical.resident" → "resident"."""
    return topic.partition(".")[2]


def dataset_of(topic: str) -> tuple[str, str]:
    """(department, dataset) of a raw topic: "raw.civil.marriage" → ("civil", "civil.marriage")."""
    dataset = topic.removeprefix("raw.")
    return dataset.partition(".")[0], dataset


def spec(topic: str, partitions: int = 4, raw_days: int = 400) -> TopicSpec:
    """How a topic of this name is made. Raises `WrongUse` for a name of no kind."""
    kind = topic.partition(".")[0]
    if kind in ("raw", "canonical"):
        return TopicSpec(topic, partitions, "latest+time", raw_days * _DAY_MS)
    if kind == "deadletter":
        return TopicSpec(topic, partitions, "forever")
    if is_account(topic) or topic in (AGREEMENT, WATCH, TOLD, ERASURE, REFUSED, TALLY, SCHEMA, AUDIT, AUDIT_CHAIN):
        return TopicSpec(topic, 1, "forever")
    if kind in ("internal", "master", "dispute"):
        return TopicSpec(topic, partitions, "latest")
    raise WrongUse(f"No topic is kept by the name of '{topic}'.", f"没有名为“{topic}”的主题类型。", place=topic)
