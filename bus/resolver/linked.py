"""What a file takes from links and what it gives to them. Pure.

A person's file decides its links, and tells each dwelling of those to it (`HELD`); so every link has one owner, and the two files never
differ about it. A dwelling's file decides only the links that no person's file keeps: to organizations, to people nobody can name.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from typing import Any

from bus.keys import KeyRing
from bus.resolver.ends import households, stated
from bus.resolver.identify import own_subject
from bus.resolver.linking import GONE, VAGUE, Way, member
from bus.resolver.links import Link, Stated, links
from bus.resolver.routing import ID_BYTES
from bus.resolver.subject import HELD, LINK, LINKS, MEMBER, Arrived, Errand
from bus.resolver.survivorship import Master, Statement

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # made once, as in `ends`
_read = json.JSONDecoder().decode
_made = tuple.__new__  # as in `survivorship`

DEATH_NOTES = frozenset({"身故", "已故", "亡故", "去世", "死亡", "病故"})
"""What stands behind the name of a dead person (domain facts §2.7)."""
_OTHER, _VAGUE, _GONE = map(Stated._fields.index, ("other", "vague", "gone"))
_SHOWN = Link._fields[: Link._fields.index("vague")]


def links_of(entity: str, come: Arrived, stating: Iterable[Stated], gone: bool) -> list[Link]:
    """The links in a subject's file, in one order. `stating`: those that its statements name themselves; `gone`: as `is_gone`."""
    said = [_with_other(Way.unpacked(told.value)) for told in come.told.get(LINK, {}).values()]
    if entity == "resident":
        return links([*said, *stating], dead=gone)
    held = [_of_person(person.hex(), *each) for person, told in come.told.get(HELD, {}).items() for each in _read(told.value.decode())]
    return sorted(links(said) + held, key=lambda link: (link.kind, link.from_on or "", link.other or "", link.event_id))


def households_of(master: Master) -> list[Stated]:
    """The households that the statements about a person name."""
    return [each for statement in master.statements for each in households(statement.said, statement.known_from)]


def flags_of(entity: str, subject: bytes, master: Master, gone: bool, keys: KeyRing) -> int:
    """What the owners of its statements are to know of a subject. `gone`: as `is_gone`."""
    flags = GONE * gone
    if entity == "dwelling" and len(master.statements) == 1 and own_subject(keys, master.statements[0].key) == subject:
        flags |= VAGUE
    return flags


def members_of(master: Master, flags: int, sent: Container[bytes]) -> list[tuple[bytes, int]]:
    """The statements whose owners are told the `flags` of the subject, and when each was published: all, if there are any. `sent`: the
    errands of before; of whom it was told (an earlier version told everybody) it is told on."""
    return [(each.key, each.known_from) for each in master.statements if flags or MEMBER + each.key in sent]


def link_errands(entity: str, members: Iterable[tuple[bytes, int]], flags: int, found: Iterable[Link]) -> dict[bytes, Errand]:
    """What the owners of these statements are told of the subject, and what a person's file tells to dwellings."""
    told = member(entity, flags)
    errands = {MEMBER + key: Errand(key, told, known_from) for key, known_from in members}
    for dwelling, of in _by_dwelling(found).items() if entity == "resident" else ():
        value = _json(of).encode()
        errands[LINKS + dwelling] = Errand(dwelling, value, max(each.known_from for each in of))
    return errands


def as_values(found: Iterable[Link], iso: Any) -> list[dict[str, Any]]:
    """The links as the schema has them. `iso`: ms → ISO 8601."""
    values = [dict(zip(_SHOWN, each, strict=False)) for each in found]
    for value in values:
        value["known_from"] = iso(value["known_from"])
    return values


def _with_other(way: Way) -> Stated:
    """What is said, with the other end that it was told on its way."""
    said = stated(way.body)
    if not way.found:
        return said
    flags = way.found[ID_BYTES]
    values = [*said]
    values[_OTHER], values[_VAGUE], values[_GONE] = way.found[:ID_BYTES].hex(), bool(flags & VAGUE), bool(flags & GONE)
    return _made(Stated, values)


def _of_person(person: str, kind: str, _entity: str, _dwelling: str, *kept: Any) -> Link:
    """A link as the dwelling sees it."""
    return Link(kind, "resident", person, *kept)


def _by_dwelling(found: Iterable[Link]) -> Mapping[bytes, list[Link]]:
    by: dict[bytes, list[Link]] = {}
    for link in found:
        if link.entity == "dwelling" and link.other:
            by.setdefault(bytes.fromhex(link.other), []).append(link._replace(tenures=()) if link.tenures else link)
    return by


def is_dead(deceased: Any, statements: Iterable[Statement]) -> bool:
    """Whether some department knows that a person has died: says so, or notes it behind the name, as the register of owners does."""
    return deceased is True or any(each.said.get("name_note") in DEATH_NOTES for each in statements)


def is_gone(entity: str, master: Master) -> bool:
    """Whether a person is known to have died, a dwelling to have been demolished."""
    held = master.fields.get("deceased" if entity == "resident" else "status")
    value = held.value if held else None
    return is_dead(value, master.statements) if entity == "resident" else value == "demolished"
