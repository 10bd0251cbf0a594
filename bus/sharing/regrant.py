"""WHAT A SUBSCRIBER IS TOLD WHEN THE GRANT ITSELF CHANGES: another version of the agreement, its watch list, other stand-ins. Pure.

The records of the masters tell what changes in the world. When the grant changes instead, whoever enters it is told with its current state,
whoever leaves it is ended, and what looks otherwise is told anew; compared is what each subject's newest record shows under the two grants.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import NamedTuple

from bus.event import Output, Record
from bus.sharing.view import Shown
from bus.sharing.worker import Delivered, Now, Share


class Edition(NamedTuple):
    """Which grant it is: the version of the agreement, the epoch of its stand-ins, and up to where its watch list was read (0: none)."""

    version: int
    epoch: int
    watch: int


class Mark(NamedTuple):
    """How far the subscriber was told. `edition`: under which grant the agreement is shared; while the subscriber is being told of a change
    to the grant `to`: all subjects of the partitions before `partition` are done, and there those up to the key `done`."""

    edition: Edition
    to: Edition | None = None
    partition: int = 0
    done: bytes = b""

    def value(self) -> bytes:
        """As it stands on internal.told, under its agreement as key."""
        said = {"edition": self.edition, "to": self.to, "partition": self.partition, "done": self.done.hex()}
        return json.dumps(said, separators=(",", ":")).encode()

    @classmethod
    def read(cls, value: bytes) -> Mark:
        """The inverse of `value`."""
        said = json.loads(value)
        to = Edition(*said["to"]) if said["to"] else None
        return cls(Edition(*said["edition"]), to, said["partition"], bytes.fromhex(said["done"]))


def told_anew(old: Share, new: Share, offset: int, record: Record, edition: Edition, at: int) -> list[tuple[Output, Delivered]]:
    """What is told about the subject of this record, its newest (it stands at `offset`), when the grant becomes that of `edition` at a
    time (ms). [] where nothing is other than before."""
    before, after = old.now(record), new.now(record)
    found: list[tuple[Output, Delivered]] = []

    def tell(operation: str, now: Now, **rotated: str) -> None:
        found.append((new.told(operation, now, at, **rotated), Delivered(offset, record.key or b"", now.event, operation)))

    if after is not None and (before is None or (before.subject, before.content) != (after.subject, after.content)):
        if before is None:
            tell("created", after)
        elif before.subject == after.subject:
            tell("changed", after)
        else:
            tell("created", after, formerly=before.subject)
    if before is not None and (after is None or after.subject != before.subject):
        end = before._replace(event_id=_end_id(before, edition), shown=Shown({}, ()))
        tell("ended", end, **({"becomes": after.subject} if after is not None else {}))
    return found


def _end_id(before: Now, edition: Edition) -> str:
    return blake2b(f"{before.event_id}/{edition}".encode(), digest_size=16).hexdigest()
