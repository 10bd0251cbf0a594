"""DOES THE AUDIT HOLD? The entries as they are now against the links beside them and the signed checkpoints kept elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bus.event import Record
from bus.sharing import tree
from bus.sharing.chain import BEGINNING, Link, is_entry, leaf_of
from bus.sharing.checkpoint import Checkpoint

ALTERED, MISSING, NO_ENTRY = "altered", "missing", "not_an_entry"
BROKEN_CHAIN, BROKEN_CHECKPOINT, NOT_SIGNED, OTHER_KEY = "broken_chain", "broken_checkpoint", "not_signed", "other_key"
WORDS = {
    ALTERED: ("条目与当初记录的不同：被修改、插入、删除或调换", "another entry stands here: edited, put in, taken out or moved"),
    MISSING: ("条目缺失：日志被截断", "the entries end here: cut off"),
    NO_ENTRY: ("记录形式不是审计条目", "the record is not kept as entries are"),
    BROKEN_CHAIN: ("审计链自身不连续", "the links do not hold together"),
    BROKEN_CHECKPOINT: ("检查点之间或其内部不一致", "the checkpoint contradicts itself or the one before"),
    NOT_SIGNED: ("检查点签名不符", "the signature of the checkpoint does not hold"),
    OTHER_KEY: ("检查点由其他密钥签名", "the checkpoint is signed with another key"),
}
"""Finding → how it is said to people (Chinese, English)."""


class Finding(NamedTuple):
    """What does not hold. `seq`: the first entry it concerns; `by`: chain or checkpoint, which shows it (empty: the entry itself)."""

    seq: int
    code: str
    by: str = ""


class Verdict(NamedTuple):
    """`size`: entries there are; `covered`: those under a sound checkpoint; `linked`: those under sound links; `leaves`: of all entries.
    `findings`: the first bad entry first, one for each witness."""

    size: int
    covered: int
    linked: int
    leaves: bytes
    findings: list[Finding]


def verify(records: Iterable[Record], links: Iterable[Link], checkpoints: Sequence[Checkpoint], key: bytes | None = None) -> Verdict:
    """Compare all entries with all that is known of them. `key`: the public key that checkpoints have to be signed with."""
    findings: list[Finding] = []
    linked, covered = _linked(links, findings), _covered(checkpoints, key, findings)
    leaves = bytearray()
    for record in records:
        if not is_entry(record) and all(each.code != NO_ENTRY for each in findings):
            findings.append(Finding(len(leaves) // tree.HASH, NO_ENTRY))
        leaves += leaf_of(record)
    for by, known in (("checkpoint", covered), ("chain", linked)):
        findings += _differs(bytes(leaves), known, by)
    size, sure, chained = (len(each) // tree.HASH for each in (leaves, covered, linked))
    return Verdict(size, sure, chained, bytes(leaves), sorted(findings))


def _differs(leaves: bytes, known: bytes, by: str) -> Iterator[Finding]:
    """Where the entries first differ from what a witness knows of them."""
    both = min(len(leaves), len(known))
    if leaves[:both] != known[:both]:
        yield Finding(
            next(at // tree.HASH for at in range(0, both, tree.HASH) if leaves[at : at + tree.HASH] != known[at : at + tree.HASH]),
            ALTERED,
            by,
        )
    elif len(leaves) < len(known):
        yield Finding(len(leaves) // tree.HASH, MISSING, by)


def _linked(links: Iterable[Link], findings: list[Finding]) -> bytes:
    """The leaves that the links say, as far as they hold together."""
    found, before = bytearray(), BEGINNING
    for link in links:
        if link.first != len(found) // tree.HASH or link.before != before or not link.holds():
            findings.append(Finding(len(found) // tree.HASH, BROKEN_CHAIN, "chain"))
            break
        found += link.leaves
        before = link.after
    return bytes(found)


def _covered(checkpoints: Sequence[Checkpoint], key: bytes | None, findings: list[Finding]) -> bytes:
    """The leaves that the checkpoints say, as far as they are signed and each continues the one before."""
    found, last, growing = bytearray(), None, tree.Frontier()
    for each in checkpoints:
        earlier = growing.size
        for at in range(0, len(each.leaves), tree.HASH):
            growing.add(each.leaves[at : at + tree.HASH])
        grown = tree.continues(last.size, last.root, each.size, each.root, each.proof) if last and last.size else not each.proof
        if (code := _wrong(each, key)) or not grown or (growing.size, growing.root()) != (each.size, each.root):
            findings.append(Finding(earlier, code or BROKEN_CHECKPOINT, "checkpoint"))
            break
        found += each.leaves
        last = each
    return bytes(found)


def _wrong(checkpoint: Checkpoint, key: bytes | None) -> str:
    if key is not None and checkpoint.key != key:
        return OTHER_KEY
    return "" if checkpoint.is_signed() else NOT_SIGNED
