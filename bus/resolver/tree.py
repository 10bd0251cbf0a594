"""DWELLINGS AS A TREE: compound › building › entrance (单元) › dwelling, each with an id of its own. Pure.

The ids are derived as those of subjects are (a keyed hash of what the thing is called), so a rebuild or another machine give
the same, and nothing has to be kept. A house of a village stands under its compound, without entrances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bus.keys import KeyRing
from bus.resolver.identify import subject_of
from bus.resolver.identity import compound_of

COMPOUND, BUILDING, ENTRANCE, DWELLING = "compound", "building", "entrance", "dwelling"


class Branch(NamedTuple):
    """One step down the tree. `id`: 32 hexadecimal digits; `name`: as it is called under the branch before."""

    kind: str
    id: str
    name: str


def branches(record: Mapping[str, Any], keys: KeyRing) -> list[Branch]:
    """The branches that the dwelling of this master record stands on, from its compound on, as far as they are known."""
    fields = {name: held["value"] for name, held in record["fields"].items()}
    address = fields.get("address") or {}
    compound = compound_of(fields.get("compound_code") or address.get("compound_code"), address)
    if compound is None or fields.get("kind") == COMPOUND:
        return []
    found = [_branch(COMPOUND, [compound], address.get("compound") or compound, keys)]
    parts = [compound]
    for kind in (BUILDING, ENTRANCE):
        name = fields.get(kind) or address.get(kind)
        if not name:
            break
        parts.append(name)
        found.append(_branch(kind, parts, name, keys))
    return found


def _branch(kind: str, parts: list[str], name: str, keys: KeyRing) -> Branch:
    return Branch(kind, subject_of(keys, "dwelling", f"{kind}:" + "|".join(parts)).hex(), name)


def below(records: Iterable[Mapping[str, Any]], keys: KeyRing, id: str | None = None) -> list[tuple[Branch, int]]:
    """What stands under a branch (None: all compounds), and how many dwellings each holds; in the order in which people count: 2 before 10.
    Memory grows with what is given back. A dwelling whose compound nobody knows stands on no tree."""
    found: dict[str, tuple[Branch, int]] = {}
    for record in records:
        path = branches(record, keys)
        if not path:
            continue
        room = record["fields"].get("room")
        path.append(Branch(DWELLING, record["subject"], room["value"] if room else ""))
        at = next((at for at, branch in enumerate(path) if branch.id == id), None) if id else -1
        if at is not None and at + 1 < len(path):
            branch = path[at + 1]
            other, count = found.get(branch.id, (branch, 0))
            found[branch.id] = max(branch, other), count + 1  # of two names of one compound always the same one
    return sorted(found.values(), key=lambda each: (len(each[0].name), each[0].name, each[0].id))
