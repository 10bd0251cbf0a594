"""Does everything add up? Folds the deltas of the account, each committed with the records it counts, into one balance a dataset.

Steps count on `internal.account`, a department's publishing on `internal.account.<department>`, which nobody else writes.

read = not_data + published + unchanged + refused_at_publish        published = clean + flagged + partial + refused + pending
of an agreement: published (the records it read) = delivered + withheld + dead_letter; renewed: told because the grant itself changed
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bus.event import Record
from bus.eventlog import topics
from bus.eventlog.port import EventLog

PUBLISH = ("read", "not_data", "published", "unchanged", "refused_at_publish")
OUTCOMES = ("clean", "flagged", "partial", "refused")
SHARE = "share"
"""The step that counts by agreement, not by dataset."""


@dataclass(slots=True)
class Balance:
    """The counts of one dataset. `reasons` counts codes of rows that were refused or flagged."""

    dataset: str
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def pending(self) -> int:
        """Published and not yet normalized."""
        return self.counts["published"] - sum(self.counts[name] for name in OUTCOMES)

    @property
    def balanced(self) -> bool:
        """Every row read is accounted for, and no more rows have an outcome than were published."""
        c = self.counts
        return c["read"] == c["not_data"] + c["published"] + c["unchanged"] + c["refused_at_publish"] and self.pending >= 0

    def as_dict(self) -> dict[str, object]:
        """As `civicbus account --format json` prints it (interfaces.md, Shapes), with the reasons beside."""
        numbers = {name: self.counts[name] for name in (*PUBLISH, *OUTCOMES)}
        return {"dataset": self.dataset, **numbers, "pending": self.pending, "reasons": dict(self.reasons.most_common())}


@dataclass(slots=True)
class Shared:
    """What became of the records that one agreement read: delivered, withheld (by reason), or set aside as unreadable. `renewed`: events
    beside, of no record of their own: the grant had changed."""

    topic: str
    delivered: int = 0
    withheld: Counter[str] = field(default_factory=Counter)
    dead_letter: int = 0
    renewed: int = 0

    @property
    def published(self) -> int:
        """All records that were read: delivered + withheld + dead letter."""
        return self.delivered + self.withheld.total() + self.dead_letter

    def as_dict(self) -> dict[str, object]:
        """As `civicbus account --format json` prints it."""
        counts = {
            "published": self.published,
            "delivered": self.delivered,
            "withheld": self.withheld.total(),
            "dead_letter": self.dead_letter,
            "renewed": self.renewed,
        }
        return {"agreement": self.topic.partition(".")[2], **counts, "reasons": dict(self.withheld.most_common())}


def delta(step: str, dataset: str, counts: Mapping[str, int], reasons: Mapping[str, int], **more: object) -> Record:
    """The record that a step commits with what it counts (its timestamp is set by the caller with `_replace`)."""
    said = {"step": step, "dataset": dataset, **more, **counts, "reasons": dict(reasons)}
    return Record(dataset.encode(), json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode(), 0)


def fold(records: Iterable[Record]) -> dict[str, Balance]:
    """The balances by dataset, in the order of their names. Exact: nothing is sampled, nothing is rounded."""
    balances: dict[str, Balance] = {}
    for record in records:
        if record.value is None:
            continue
        said = json.loads(record.value)
        if said["step"] == SHARE:
            continue
        balance = balances.setdefault(said["dataset"], Balance(said["dataset"]))
        for name in PUBLISH if said["step"] == "publish" else OUTCOMES:
            balance.counts[name] += said.get(name, 0)
        balance.reasons.update(said.get("reasons") or {})
    return dict(sorted(balances.items()))


def agreements(records: Iterable[Record]) -> dict[str, Shared]:
    """What became of the records that each agreement read, by its topic."""
    found: dict[str, Shared] = {}
    for record in records:
        said = json.loads(record.value) if record.value is not None else {}
        if said.get("step") == SHARE:
            shared = found.setdefault(said["dataset"], Shared(said["dataset"]))
            shared.delivered += said.get("delivered", 0)
            shared.withheld.update(said.get("reasons") or {})
            shared.dead_letter += said.get("dead_letter", 0)
            shared.renewed += said.get("renewed", 0)
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Account:
    """Everything: datasets by name, agreements by topic."""

    balances: Mapping[str, Balance]
    shared: Mapping[str, Shared]


def read_all(log: EventLog) -> Account:
    """The account as the log stands now."""
    records = list(_records(log))
    return Account(fold(records), agreements(records))


def read(log: EventLog) -> dict[str, Balance]:
    """The balances as the log stands now; {} for a log to which nothing was published."""
    return fold(_records(log))


def as_dict(found: Account) -> dict[str, object]:
    """The whole answer of `civicbus account --format json`."""
    balances, shared = found.balances.values(), found.shared.values()
    balanced = all(each.balanced for each in balances)
    return {"balanced": balanced, "datasets": [b.as_dict() for b in balances], "agreements": [s.as_dict() for s in shared]}


def _records(log: EventLog) -> Iterator[Record]:
    """What came of records is read before what was published, so that nothing seems to have come of what never was."""
    for topic in sorted(info.name for info in log.topics() if topics.is_account(info.name)):
        for batch in log.scan(topic):
            yield from batch.records
