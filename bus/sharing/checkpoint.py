"""CHECKPOINTS: how many entries the audit had, and the root of the tree over them, signed by an auditor (Ed25519). Pure.

A file of checkpoints is JSON lines, the oldest first, kept where the operator of the bus cannot write. Each line holds besides the leaf
hashes of the entries that came since the line before, so that the first bad entry can be named whatever became of the log; and what shows
that its tree continues that of the line before (RFC 6962 §2.1.2), for who keeps no more than sizes and roots.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bus.errors import ConfigRefused
from bus.sharing import tree

_RAW = (Encoding.Raw, PublicFormat.Raw)


class Checkpoint(NamedTuple):
    """`at`: ms since 1970, by the auditor's clock; `proof`: that it continues the one before; `leaves`: of the entries since that;
    `key`: the public key, 32 bytes."""

    size: int
    root: bytes
    at: int
    proof: tuple[bytes, ...]
    leaves: bytes
    key: bytes
    signature: bytes

    def line(self) -> str:
        """As it stands in a file."""
        said = {
            "size": self.size,
            "root": self.root.hex(),
            "at": self.at,
            "proof": [each.hex() for each in self.proof],
            "leaves": base64.b64encode(self.leaves).decode(),
            "key": self.key.hex(),
            "signature": self.signature.hex(),
        }
        return json.dumps(said, separators=(",", ":")) + "\n"

    @classmethod
    def read(cls, line: str, place: str) -> Checkpoint:
        """The inverse of `line`. Raises `ConfigRefused`, naming `place`."""
        try:
            said = json.loads(line)
            root, key, signature = (bytes.fromhex(said[name]) for name in ("root", "key", "signature"))
            proof = tuple(map(bytes.fromhex, said["proof"]))
            return cls(int(said["size"]), root, int(said["at"]), proof, base64.b64decode(said["leaves"]), key, signature)
        except (ValueError, TypeError, KeyError) as wrong:
            raise ConfigRefused("This is no checkpoint.", "该行不是检查点。", place=place) from wrong

    def is_signed(self) -> bool:
        """Whether the owner of `key` signed it."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, _signed(self.size, self.root, self.at))
        except (InvalidSignature, ValueError):
            return False
        return True


def make(leaves: bytes, before: Sequence[Checkpoint], at: int, key: Ed25519PrivateKey) -> Checkpoint:
    """The checkpoint of the entries with these leaf hashes (all from the first), to follow on `before`."""
    earlier = before[-1].size if before else 0
    size, root = len(leaves) // tree.HASH, tree.root(leaves)
    proof = tuple(tree.consistency(leaves, earlier)) if earlier else ()
    signature = key.sign(_signed(size, root, at))
    return Checkpoint(size, root, at, proof, leaves[earlier * tree.HASH :], key.public_key().public_bytes(*_RAW), signature)


def _signed(size: int, root: bytes, at: int) -> bytes:
    """What is signed: text, so that a person can see what it says and any tool can check it."""
    return f"civicbus audit checkpoint 1\n{size}\n{root.hex()}\n{at}\n".encode()
