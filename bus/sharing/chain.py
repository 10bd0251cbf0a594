"""THE CHAIN over the audit: entries in the order in which they were committed, each hash holding the one before. audit → audit.chain. Pure.

Why apart from the entries: several processes deliver at once and each writes its entry in the very transaction of what it delivers, so no
writer can know which entry comes before its own. The order is that of the one partition; the number of an entry (`seq`) is its rank there.
One step reads the entries in that order and keeps, for each batch, a *link*: the leaf hash of every entry and the chain hash after them.

    leaf = SHA-256(0x00 ‖ time ms, 8 bytes ‖ value)        chain = SHA-256("civicbus audit chain 1" ‖ seq, 8 bytes ‖ chain before ‖ leaf)

What is proved, and against whom:

- the links alone: an entry edited, taken out, put in, moved, or cut off at the end, by whoever changed `audit` and not `audit.chain` as
  well (a clumsy hand, a fault of the disk, on Kafka a principal that may write the one topic only); the first bad entry is known;
- a checkpoint (`bus.sharing.checkpoint`), signed with a key that the operator has not and kept where he cannot write: the same of all
  entries it covers against the operator himself, who can write everything, also when he makes the whole log and all links anew;
- nobody: what the operator changes after the last checkpoint and before the next, with the links made to fit; and an entry never written
  because the bus ran with changed code. So let checkpoints be frequent, and keep them with another department.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from bus.errors import DecodeRefused
from bus.event import Batch, Output, Record
from bus.eventlog import topics
from bus.sharing.audit import canonical
from bus.sharing.tree import HASH, leaf_hash
from bus.step import View

_DOMAIN = b"civicbus audit chain 1"
BEGINNING = sha256(_DOMAIN).digest()
"""The chain hash before the first entry."""
_MOST = 10_000  # leaves in one link: half of what a topic takes
_STATE = b"chain"


class Link(NamedTuple):
    """`leaves`: of the entries `first`, `first` + 1, …; `before` and `after`: the chain hash before and after them."""

    first: int
    leaves: bytes
    before: bytes
    after: bytes

    def record(self, at: int) -> Record:
        """As it is kept; `at`: the time (ms) of its last entry."""
        said = {"v": 1, "first": self.first, "count": len(self.leaves) // HASH, "leaves": base64.b64encode(self.leaves).decode()}
        return Record(None, canonical({**said, "prev_hash": self.before.hex(), "hash": self.after.hex()}), at)

    @classmethod
    def read(cls, record: Record) -> Link:
        """The inverse of `record`. Raises `DecodeRefused`."""
        try:
            said = json.loads(record.value or b"")
            leaves = base64.b64decode(said["leaves"])
            return cls(int(said["first"]), leaves, bytes.fromhex(said["prev_hash"]), bytes.fromhex(said["hash"]))
        except (ValueError, TypeError, KeyError) as wrong:
            raise DecodeRefused("not a link of the audit", "不是审计链记录", place=topics.AUDIT_CHAIN) from wrong

    def holds(self) -> bool:
        """Whether `after` follows from the rest."""
        found = self.before
        for at in range(len(self.leaves) // HASH):
            found = chained(found, self.first + at, self.leaves[at * HASH : (at + 1) * HASH])
        return found == self.after


def leaf_of(record: Record) -> bytes:
    """The leaf hash of an entry."""
    return leaf_hash(record.timestamp.to_bytes(8, "big", signed=True) + (record.value or b""))


def is_entry(record: Record) -> bool:
    """Whether a record is kept as entries are: with nothing outside of what is hashed."""
    return record.key is None and not record.headers and record.value is not None


def chained(before: bytes, seq: int, leaf: bytes) -> bytes:
    """The chain hash after entry `seq`."""
    return sha256(_DOMAIN + seq.to_bytes(8, "big") + before + leaf).digest()


def decide(batch: Batch, view: View) -> list[Output]:
    """The step: the links of a batch of entries. Remembers the number of the next entry and the chain hash before it, which follow from
    the entries alone."""
    state = view.get(_STATE) or bytes(8) + BEGINNING
    seq, before = int.from_bytes(state[:8], "big"), state[8:]
    outputs = []
    for begin in range(0, len(batch.records), _MOST):
        records = batch.records[begin : begin + _MOST]
        leaves, after = [leaf_of(record) for record in records], before
        for at, leaf in enumerate(leaves):
            after = chained(after, seq + at, leaf)
        outputs.append(Output(topics.AUDIT_CHAIN, Link(seq, b"".join(leaves), before, after).record(records[-1].timestamp), 0))
        seq, before = seq + len(records), after
    view.put(_STATE, b"", seq.to_bytes(8, "big") + before)
    return outputs


def with_hashes(records: Iterable[Record]) -> Iterator[tuple[int, Record, bytes, bytes]]:
    """(seq, entry, the chain hash before it, its own), for an export."""
    before = BEGINNING
    for seq, record in enumerate(records):
        after = chained(before, seq, leaf_of(record))
        yield seq, record, before, after
        before = after
