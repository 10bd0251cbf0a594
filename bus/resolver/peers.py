"""People without a number who are one person, whoever he is: statements of one name under one key that do not contradict. Pure.

Each such group is an alias of a person (`bus.resolver.alias`). A statement that fits nobody with a number goes by the strongest of its
groups; one that is held to be about somebody says of its groups that they mean him. So who called twice from one phone, and is known once
by where he lives, is known both times. Who gives but a form of address (张先生) is of the group of the one name that it fits there, else of
those who give the same, under a phone alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from bus.keys import KeyRing
from bus.resolver.evidence import COMMUNITY, HERE, MOST_SUBJECTS, REACHED, ROW, UNPLACED, Claim
from bus.resolver.likeness import AGAINST, births
from bus.resolver.weights import KINDS
from bus.sealing import row_hash

_MARK = b"="
_SILENT = frozenset((ROW, UNPLACED, HERE, COMMUNITY))
_FAMILY = 3
"""So many surnames there are at the phone of a family; at one of more, two who are addressed alike may be anybody."""
_STRENGTH = {kind: place for place, kind in enumerate(KINDS)}


def peers(key: bytes, claims: Mapping[bytes, Claim], keys: KeyRing) -> dict[tuple[bytes, bytes], bytes]:
    """(statement, group) → that it is of the group, as it stands in the log. `claims`: what stands under the key, by statement."""
    telling = {statement: claim for statement, claim in claims.items() if claim.kind not in _SILENT}
    named: dict[str, dict[bytes, Claim]] = {}
    for statement, claim in telling.items():
        name = claim.name or (_by_address(claim, telling.values()) if claim.called and claim.kind == "phone" else "")
        if name and not claim.subject:
            named.setdefault(name, {})[statement] = claim
    if len(named) > MOST_SUBJECTS:
        return {}
    return {
        (statement, row_hash(keys, "peers", key, name)): _MARK + claim.kind.encode()
        for name, group in named.items()
        if len(group) > 1 and _agree(list(group.values()))
        for statement, claim in group.items()
    }


def _by_address(claim: Claim, others: Collection[Claim]) -> str:
    """The one name there that a form of address fits, else that form; nothing where it fits several, or the phone is no family's."""
    surnames = {(other.name or other.called)[:1] for other in others} - {""}
    if len(surnames) > _FAMILY:
        return ""
    fits = {other.name for other in others if other.name.startswith(claim.called) and (not other.sex or other.sex == claim.sex)}
    return "" if len(fits) > 1 else fits.pop() if fits else f"{claim.called} {claim.sex}"


def called_by_name(claims: Mapping[bytes, Claim]) -> dict[tuple[bytes, bytes], Claim]:
    """Of those who leave a form of address at a phone, who calls himself by name there: (key of his row, statement) → what he is called. He
    is looked for by that name wherever his row is. Where the one whom it fits has a number, he is known by the phone itself."""
    calling = {statement: claim for statement, claim in claims.items() if claim.row}
    named = {claim.name for claim in claims.values() if not claim.subject} - {""} if calling else set()
    found = {}
    for statement, claim in calling.items():
        name = _by_address(claim, claims.values())
        if name in named:
            found[bytes.fromhex(claim.row), statement] = claim._replace(kind=UNPLACED, name=name, called="", reached=REACHED, row="")
    return found


def _agree(group: Sequence[Claim]) -> bool:
    if len({claim.sex for claim in group} - {""}) > 1 or len({claim.married for claim in group} - {""}) > 1:
        return False
    born = {claim.birth_date for claim in group} - {""}
    return all(births(one, other) != AGAINST for one, other in combinations(sorted(born), 2))


def is_peer(value: bytes) -> bool:
    """Whether an item of `internal.pending` says that the statement is of a group."""
    return value.startswith(_MARK)


def by_strength(items: Mapping[bytes, bytes]) -> list[tuple[bytes, str]]:
    """The groups of a statement and the kinds of key that they stand under, the strongest first. `items`: group → what `peers` said."""
    found = [(group, value[len(_MARK) :].decode()) for group, value in items.items()]
    return sorted(found, key=lambda each: (_STRENGTH[each[1]], each[0]))
