"""Master records as they are written: values in the shape of `schemas/master/*`, from statements as they are kept in the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from importlib.metadata import version
from importlib.resources.abc import Traversable
from operator import attrgetter
from typing import Any

from bus.contracts.codec import Codec, Decoder
from bus.eventlog import topics
from bus.keys import KeyRing
from bus.resolver import rules as rule_files
from bus.resolver.body import Body, Pieces, is_plain, made_of
from bus.resolver.contradiction import others_under_one_number
from bus.resolver.differences import Difference, differences, stating, without
from bus.resolver.disputes import Answer, Clock, Disputes, Place
from bus.resolver.docket import ADDRESS, ELSEWHERE, NUMBER
from bus.resolver.identify import own_subject
from bus.resolver.link_differences import agree, link_differences, settled_links, stating_links
from bus.resolver.linked import as_values, flags_of, households_of, is_gone, link_errands, links_of, members_of
from bus.resolver.linking import member
from bus.resolver.links import Link
from bus.resolver.numbers import with_all_numbers
from bus.resolver.questions import apart
from bus.resolver.rulings import corrected, settled
from bus.resolver.subject import ANSWER, DECISION, FITS, FORWARD, HOLD, MEMBER, MOVE, Arrived, Due, Errand, Kept, Told, digest
from bus.resolver.survivorship import Held, Master, Statement, compiled
from bus.resolver.tenure_differences import tenure_differences
from bus.sealing import row_hash

_made = tuple.__new__  # as in `survivorship`
_CORRECTIONS = frozenset({"corrected", "annulled"})
DISPUTE = "dispute.department-value"
"""The subject of the schema of disputes: one for all departments."""
_NO_ID, _ID_LENGTH = b"\x00", b"\x40"


def masters(
    codec: Codec, schemas: Traversable, entities: Sequence[str], keys: KeyRing, clock: Clock, departments: Collection[str]
) -> dict[str, Callable[[bytes, Arrived], Due]]:
    """Entity → (subject, what has come to it) → what follows. `departments`: those that can be asked where they differ. Raises
    `ConfigRefused` for rules or schemas that are not right."""
    return {entity: _Maker(codec, schemas, entity, keys, clock, departments).follows for entity in entities}


class _Maker:
    """Makes the master records of one entity."""

    def __init__(self, codec: Codec, schemas: Traversable, entity: str, keys: KeyRing, clock: Clock, departments: Collection[str]) -> None:
        self._encode, self._decode = codec.encoder(f"{topics.master(entity)}-value"), codec.decoder()
        self._encode_dispute = codec.encoder(DISPUTE)
        self._entity, self._rules = entity, rule_files.load(schemas, entity)
        self._link_rules = rule_files.load_of_links(schemas, entity)
        self._pieces = Pieces(codec, f"{topics.master(entity)}-value", iso)
        self._merge = compiled(self._rules)
        self._keys, self._clock, self._departments = keys, clock, departments
        self._edition = digest(repr((version("civicbus"), entity, self._rules)).encode())

    def follows(self, subject: bytes, come: Arrived) -> Due:
        """The master record, and the statements that go elsewhere."""
        of = made_of(come, self._edition) if come.again and is_plain(come) else b""
        body = Body.unpacked(come.body, of)
        found = links_of(self._entity, come, body.households, body.gone) if body else []
        if body is None or not agree(found):
            return self._decided(subject, come, of)
        return self._put_together(subject, body, found, come.body)

    def _put_together(self, subject: bytes, body: Body, found: Sequence[Link], kept: bytes) -> Due:
        """What follows from a body with these links."""
        errands = link_errands(self._entity, body.members, body.flags, found)
        at = max(body.at, *[each.known_from for each in found]) if found else body.at
        record = self._named(body.head + self._pieces.links(as_values(found, iso)) + body.tail)
        return Due(record, at, errands, body=kept)

    def _body(self, subject: bytes, master: Master, gone: bool, at: int, sent: Container[bytes]) -> Body:
        head, tail = self._pieces.around_links(without_fields(subject, master), master.fields)
        flags = flags_of(self._entity, subject, master, gone, self._keys)
        return Body(head, tail, at, gone, flags, members_of(master, flags, sent), households_of(master))

    def _decided(self, subject: bytes, come: Arrived, of: bytes) -> Due:
        """What follows from all that has come. `of`: of what a body of it would be made; empty where none is kept."""
        said = opened(come.statements, self._decode)
        strangers = by_themselves(said, self._keys) | held_apart(come, self._keys)
        stay, gone = settled(subject, come, strangers)
        at = max([each.known_from for each in come.statements], default=0)
        master = with_all_numbers(self._merge([each for each in said if each.key not in gone])) if stay else None
        no_more = master is not None and is_gone(self._entity, master)
        found = links_of(self._entity, come, households_of(master), no_more) if master else []
        if master is not None and is_plain(come) and not strangers and not master.disputed and agree(found):
            body = self._body(subject, master, no_more, at, come.sent)
            return self._put_together(subject, body, found, body.packed(of) if of else b"")
        master, found, disputes = self._disputed(subject, master, found, come)
        errands = sent_on(self._entity, subject, come, gone, strangers)
        if master is None:
            return Due(None, at, errands, disputes)
        flags = flags_of(self._entity, subject, master, is_gone(self._entity, master), self._keys)
        errands |= link_errands(self._entity, members_of(master, flags, come.sent), flags, found)
        at = max(at, *(each.known_from for each in found)) if found else at
        return Due(self._record(subject, master, come, found), at, errands, disputes)

    def _record(self, subject: bytes, master: Master, come: Arrived, found: Sequence[Link]) -> bytes:
        rights = corrected(come, max(each.known_from for each in master.statements))
        return self._named(self._encode(as_value(subject, master, rights, found)))

    def _disputed(
        self, subject: bytes, master: Master | None, found: list[Link], come: Arrived
    ) -> tuple[Master | None, list[Link], dict[str, Told]]:
        """Master and links without the differences that are settled, and what departments are told of those that are not."""
        differ: list[Difference] = []
        if master is not None:
            differ = differences(self._entity, subject, master, self._rules, self._keys, self._departments)
            if self._entity == "resident":
                differ += link_differences(subject, master, found, self._rules, self._keys, self._departments)
                differ += tenure_differences(subject, found, self._link_rules, self._keys, self._departments)
        if not differ and not come.disputes:
            return master, found, {}
        answers = [Answer.decoded(told.value, told.at) for told in come.told.get(ANSWER, {}).values()]
        before = {Place(*place.split(":", 1)): self._decode(value)[1] for place, value in come.disputes.items()}
        now = max((*(each.known_from for each in come.statements), *(each.at for each in answers)), default=0)
        asked = Disputes(self._entity, subject, self._keys, self._clock, partial(self._stating, master, found), now)
        settled = asked.settled(differ, answers, before)
        told = {":".join(place): Told(now, self._encode_dispute(dict(record))) for place, record in settled.records.items()}
        if master is not None:
            master = without(master, self._rules, settled.over)
        return master, settled_links(found, differ, settled.over), told

    def _stating(self, master: Master | None, found: Sequence[Link], field: str) -> frozenset[str]:
        return stating(master, self._rules, field) | stating_links(found, field)

    def _named(self, encoded: bytes) -> bytes:
        """The record with its event_id, which is the last field: a hash of all before it, as 32 hexadecimal digits."""
        if not encoded.endswith(_NO_ID):
            raise ValueError("event_id is not the last field of the master's schema")
        return encoded[:-1] + _ID_LENGTH + row_hash(self._keys, "master", encoded).hex().encode()


def sent_on(
    entity: str, subject: bytes, come: Arrived, gone: Mapping[bytes, bytes], strangers: Mapping[bytes, bytes]
) -> dict[bytes, Errand]:
    """What goes elsewhere, links along with it, and of whom a person has yet to decide."""
    found = {}
    for each in come.statements:
        if (to := gone.get(each.key)) is None:
            continue
        found[FORWARD + each.key] = Errand(to, each.value, each.known_from)
        found[MEMBER + each.key] = Errand(each.key, member(entity, 0, to), each.known_from)
        if each.key in strangers and each.key not in come.told.get(MOVE, {}):
            kind = {"entity": "dwelling", "evidence": {subject.hex(): [ELSEWHERE]}} if each.key in come.told.get(HOLD, {}) else {}
            doubt = {"verdict": "doubtful", "subject": None, "evidence": {subject.hex(): [NUMBER]}} | kind
            found[DECISION + each.key] = Errand(subject, json.dumps(doubt, sort_keys=True).encode(), each.known_from)
    return found | _that_fit_several(subject, come, gone)


def _that_fit_several(subject: bytes, come: Arrived, gone: Mapping[bytes, bytes]) -> dict[bytes, Errand]:
    """Of which statements that stay a person has yet to decide which of several dwellings they mean."""
    found = {}
    for each in come.statements if FITS in come.told else ():
        fits = come.told[FITS].get(each.key)
        if fits is not None and each.key not in gone and each.key not in come.told.get(MOVE, {}):
            doubt = {
                "verdict": "doubtful",
                "subject": None,
                "entity": "dwelling",
                "evidence": {s.hex(): [ADDRESS] for s in apart(fits.value)},
            }
            found[DECISION + each.key] = Errand(subject, json.dumps(doubt, sort_keys=True).encode(), each.known_from)
    return found


def by_themselves(said: Sequence[Statement], keys: KeyRing) -> dict[bytes, bytes]:
    """The statements under a number that are of another person, and the subject that each is by itself."""
    return {statement: own_subject(keys, statement) for statement in others_under_one_number(said)}


def held_apart(come: Arrived, keys: KeyRing) -> dict[bytes, bytes]:
    """The statements that are not to be taken to be about the subject (`bus.resolver.homes`), and the subject that each is by itself."""
    return {statement: own_subject(keys, statement) for statement in come.told.get(HOLD, {})}


def opened(kept: Iterable[Kept], decode: Decoder) -> list[Statement]:
    """The statements, decoded."""
    return [_made(Statement, (key, known_from, decode(value)[1])) for key, known_from, value in kept]


def as_value(subject: bytes, master: Master, corrects: Sequence[str] = (), found: Iterable[Link] = ()) -> dict[str, Any]:
    """The record as its schema has it, still without its event_id. Everything in it stands in one order, so that equal records are equal
    bytes. `corrects`: the event ids of records that a ruling put right; `found`: the links."""
    fields = {name: _field(held) for name, held in master.fields.items()}
    return {**without_fields(subject, master, corrects, found), "fields": fields}


def without_fields(subject: bytes, master: Master, corrects: Sequence[str] = (), found: Iterable[Link] = ()) -> dict[str, Any]:
    """The same but for the values that hold."""
    newest = max(master.statements, key=attrgetter("known_from", "key"), default=None)
    correction = newest is not None and newest.said["operation"] in _CORRECTIONS
    return {
        "subject": subject.hex(),
        "sources": sorted([_in_order(each.said["source"]) for each in master.statements], key=_place),
        "links": as_values(found, iso),
        "operation": "corrected" if corrects or correction else "changed",
        "corrects": list(corrects),
        "event_id": "",
    }


@lru_cache(maxsize=4096)
def iso(ms: int) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _field(held: Held) -> dict[str, Any]:
    by = held.by
    return {
        "value": held.value,
        "department": by.department,
        "event_id": by.said["event_id"],
        "valid_from": by.valid_from,
        "known_from": iso(by.known_from),
        "rule": held.rule,
        "agree": held.agree,
        "disputed": held.disputed,
    }


def _in_order(source: Mapping[str, Any]) -> Mapping[str, Any]:
    return source if len(source["key"]) < 2 else {**source, "key": dict(sorted(source["key"].items()))}


def _place(source: Mapping[str, Any]) -> tuple[Any, ...]:
    where = (source["delivery"], source["file"] or "", source["sheet"] or "", source["row"] or 0)
    return (source["department"], source["dataset"], *where, str(source["key"]), source["role"], source["ordinal"])
