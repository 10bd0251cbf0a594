"""One person of a row: name, number, sex, birth date, age and phones, with the rules that hold between them.

The number rules: where it is whole, its sex and birth date go out, and a stated one that differs is withheld (ID_SEX_CONFLICT,
ID_DOB_CONFLICT). Where it is damaged the person is refused: joined to nobody, or to the wrong one. A missing number is not damage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from bus.normalizer.cells import Columns, note
from bus.normalizer.converters.hiding import name_hider, number_hider, phones_hider
from bus.normalizer.converters.phones import phones_of
from bus.normalizer.converters.texts import code
from bus.normalizer.kit import MEMO, RECENT, Kit
from bus.normalizer.mapping_file import FieldRule, Person
from bus.normalizer.statement import Party, Row
from bus.quality import Finding
from bus.sealing import token
from bus.standards.dates import read_date
from bus.standards.free_text import left_in
from bus.standards.ids import read_citizen_number, read_document
from bus.standards.names import read_name
from bus.standards.numbers import read_count
from bus.standards.phones import read_phones

CITIZEN_ID, ORGANIZATION, NO_DOCUMENT, UNDECLARED = "citizen_id", "organization", "none", ""
_VAGUE = (UNDECLARED, "other")
_PERMIT = re.compile(r"[HMhm]\d{8,10}")
_PASSPORT = re.compile(r"[A-Za-z]{1,3}\d{6,9}")
Notes = list[Finding]
Read = Callable[[Row, Notes], Any]


class Identity(NamedTuple):
    """What the number says. `birth_date` and `sex` only where the number itself says them."""

    fields: dict[str, Any]
    birth_date: str | None
    sex: str | None
    refused: bool


NOBODY = Identity({}, None, None, False)
DAMAGED = Identity({}, None, None, True)


def identity_reader(kit: Kit) -> Callable[[str, str, str, Row, Notes], Identity]:
    """(text, column, kind of document, row, findings) → what the number says; a damaged one is refused."""
    hide, regions = number_hider(kit.keys), kit.divisions.regions

    def read(text: str, column: str, kind: str, row: Row, found: Notes) -> Identity:
        kind = guessed_kind(text, kind) if kind in _VAGUE else kind
        value, codes = read_document(text, kind, row.on, column in row.number_cells, regions)
        note(found, codes, column, refuses=True)
        if value is None:
            return NOBODY if codes == ("NULL_TOKEN",) else DAMAGED
        return Identity(hide(value.kind, value.number), value.birth_date, value.sex, False)

    return read


def guessed_kind(text: str, kind: str) -> str:
    """The kind of a document that nobody declared, or only as another one: a travel permit or a passport by its letters (so that it has one
    namespace in all datasets), else as declared, else a citizen number."""
    bare = text.strip()
    if _PERMIT.fullmatch(bare):
        return "hmt_residence_permit"
    return "passport" if _PASSPORT.fullmatch(bare) else kind or CITIZEN_ID


def build_person(spec: Person, columns: Columns, kit: Kit) -> Callable[[Row], list[Party]]:
    """A function from the row to the person it names (always one, perhaps without anything known)."""
    read_kind = _kind_reader(spec.document, columns, kit)
    read_id = identity_reader(kit)
    number_column = spec.number.from_[0] if spec.number and spec.number.from_ else None
    fetch_number = columns.fetch(number_column) if number_column else None
    name = _name_reader(spec.name, columns)
    sex, birth, age = _sex_reader(spec.sex, columns, kit), _birth_reader(spec.birth_date, columns), _age_reader(spec.age, columns)
    phones = phones_of(spec.phones, columns, kit)
    public = phones_of(spec.public_phones, columns, kit)
    others = columns.any_filled(spec.phones_unless) if spec.phones_unless else None
    hide_phones = phones_hider(kit.keys)
    left = _words_reader(spec.words, columns, kit, hide_phones)
    hidden, hide_name = _confidential_reader(spec.confidential, columns, kit), name_hider(kit.keys)

    def build(row: Row) -> list[Party]:
        found: Notes = []
        out: dict[str, Any] = {}
        lost = name(row, found, out)
        kind = read_kind(row, found)
        identity_found: Notes = []
        text = fetch_number(row, identity_found) if fetch_number else None
        identity = read_id(text, number_column or "", kind, row, identity_found) if text else NOBODY
        out.update(identity.fields)
        found += identity_found
        stated_sex = sex(row, found, identity.sex)
        if stated_sex:
            out["sex"] = stated_sex
        birth(row, found, identity.birth_date, out)
        age(row, found, identity.birth_date)
        if phones is not None and not (others and others(row)):
            out["phones"] = hide_phones(phones(row, found))
        if public is not None:
            out["public_phones"] = [p.number for p in public(row, found)]
        said_number = left(row, out) if left is not None else {}
        if hidden(row, found):
            hide_name(out)
        elif out.get("name") or out.get("form_of_address"):  # who gave no name is found by nothing
            out.update(said_number)
        refused = identity.refused or (lost and not text)
        if refused and not identity.refused:
            found = identity_found = [f._replace(severity="error") if f.code == "MOJIBAKE" else f for f in found]
        return [Party("resident", 0, out, found, identity_found, refused)]

    return build


def _words_reader(
    column: str | None, columns: Columns, kit: Kit, hide_phones: Callable[[Iterable[Any]], list[dict[str, Any]]]
) -> Callable[[Row, dict[str, Any]], dict[str, Any]] | None:
    """Puts the phone that a person left in his words into the fields where no other is known, and gives the field of the number that he
    left there: whom to compare him with, not who he is. A damaged number is none."""
    if column is None:
        return None
    fetch = columns.fetch(column)

    def read(row: Row, out: dict[str, Any]) -> dict[str, Any]:
        number, phone = left_in(fetch(row, []) or "")
        if phone and not out.get("phones"):
            out["phones"] = hide_phones(read_phones(phone, kit.area_code).value or ())
        whole = read_citizen_number(number, row.on, regions=kit.divisions.regions).value if number else None
        return {"said_id_token": token(kit.keys, whole.kind, whole.number)} if whole else {}

    return read


def _name_reader(spec: FieldRule | None, columns: Columns) -> Callable[[Row, Notes, dict[str, Any]], bool]:
    """Puts the name into the fields; True where it was lost to a wrong decoding."""
    if spec is None or not spec.from_:
        return lambda row, found, out: False
    column = spec.from_[0]
    fetch = columns.fetch(column, nulls=spec.nulls, means_empty=spec.means_empty)
    put = name_putter()

    def read(row: Row, found: Notes, out: dict[str, Any]) -> bool:
        text = fetch(row, found)
        return put(text, column, found, out) if text else False

    return read


def name_putter() -> Callable[[str, str, Notes, dict[str, Any]], bool]:
    """(text, column, findings, fields): the name, its note, or only a form of address, into the fields; True where it was lost."""
    read = lru_cache(RECENT)(read_name)

    def put(text: str, column: str, found: Notes, out: dict[str, Any]) -> bool:
        reading = read(text)
        codes = reading.codes
        if reading.value is not None:
            said = name_fields(reading.value.name, reading.value.note)
            if "name" not in said:  # 王YAN先生, S先生: no name that a character could be missing from
                codes = tuple(c for c in codes if c != "NAME_RARE_CHAR")
            out.update(said)
        note(found, codes, column)
        return "MOJIBAKE" in reading.codes and reading.value is None

    return put


_ADDRESSED = ("先生", "女士", "小姐", "阿姨", "大爷", "大妈", "师傅", "老师", "同志", "市民", "居民", "业主", "群众")
_NOBODY = ("匿名", "不愿透露", "不愿透露姓名", "未留名", "保密")


def name_fields(name: str, remark: str | None) -> dict[str, Any]:
    """A whole name, or only how somebody wants to be called (张先生), which is no name to compare with."""
    if name in _NOBODY:
        return {}
    if name.endswith(_ADDRESSED):
        return {"form_of_address": name}
    return {"name": name, "name_note": remark} if remark else {"name": name}


def _kind_reader(spec: FieldRule | None, columns: Columns, kit: Kit) -> Callable[[Row, Notes], str]:
    """The kind of document; UNDECLARED where nothing, or nothing readable, or "none" is said."""
    if spec is None:
        return lambda row, found: UNDECLARED
    if not spec.from_:
        kind = str(spec.value)
        return lambda row, found: kind
    read = _coded(spec, columns, kit)

    def kind_of(row: Row, found: Notes) -> str:
        said = read(row, found)
        return UNDECLARED if said in (None, NO_DOCUMENT) else said

    return kind_of


def _coded(spec: FieldRule, columns: Columns, kit: Kit) -> Read:
    column = (spec.from_ or [""])[0]
    fetch = columns.fetch(column, nulls=spec.nulls)
    convert = code(spec, kit, columns)

    def read(row: Row, found: Notes) -> Any:
        text = fetch(row, found)
        if not text:
            return None
        reading = convert(text, row)
        note(found, reading.codes, column)
        return reading.value

    return read


def _sex_reader(spec: FieldRule | None, columns: Columns, kit: Kit) -> Callable[[Row, Notes, str | None], str | None]:
    if spec is None:
        return lambda row, found, own: own
    if not spec.from_:
        said = None if spec.value is None else str(spec.value)
        return lambda row, found, own: own or said
    read, column = _coded(spec, columns, kit), spec.from_[0]

    def sex(row: Row, found: Notes, own: str | None) -> str | None:
        stated = read(row, found)
        if own and stated in ("1", "2") and stated != own:
            note(found, ("ID_SEX_CONFLICT",), column)
        return own or stated

    return sex


def _birth_reader(spec: FieldRule | None, columns: Columns) -> Callable[[Row, Notes, str | None, dict[str, Any]], None]:
    def put(out: dict[str, Any], iso: str, precision: str) -> None:
        out["birth_date"], out["birth_date_precision"] = iso, precision

    if spec is None or not spec.from_:

        def of_number(row: Row, found: Notes, own: str | None, out: dict[str, Any]) -> None:
            if own:
                put(out, own, "day")

        return of_number
    column = spec.from_[0]
    fetch = columns.fetch(column)
    read_day = lru_cache(MEMO)(read_date)

    def birth(row: Row, found: Notes, own: str | None, out: dict[str, Any]) -> None:
        text = fetch(row, found)
        stated = None
        if text:
            reading = read_day(text)
            note(found, reading.codes, column)
            stated = reading.value
        if stated and stated.iso > row.on.isoformat():
            note(found, ("DATE_INVALID",), column)
            stated = None
        if stated and own and not own.startswith(stated.iso):
            note(found, ("ID_DOB_CONFLICT",), column)
        if own:
            put(out, own, "day")
        elif stated:
            put(out, stated.iso, stated.precision)

    return birth


def _age_reader(spec: FieldRule | None, columns: Columns) -> Callable[[Row, Notes, str | None], None]:
    """A typed age contradicts the number when it is more than a year off: it may be counted at the month's end, or be last month's."""
    if spec is None or not spec.from_:
        return lambda row, found, own: None
    column = spec.from_[0]
    fetch = columns.fetch(column)

    def age(row: Row, found: Notes, own: str | None) -> None:
        text = fetch(row, found)
        if not text:
            return
        reading = read_count(text.strip().removesuffix("周岁").removesuffix("岁"))
        note(found, reading.codes, column)
        if own and reading.value is not None and abs(_age(own, row.on) - reading.value) > 1:
            note(found, ("ID_DOB_CONFLICT",), column)

    return age


def _age(born: str, on: date) -> int:
    return on.year - int(born[:4]) - ((on.month, on.day) < (int(born[5:7]), int(born[8:10])))


def _confidential_reader(spec: FieldRule | None, columns: Columns, kit: Kit) -> Callable[[Row, Notes], bool]:
    """Whether the name must not be shown: also where the mark is there and cannot be read."""
    if spec is None or not spec.from_:
        return lambda row, found: False
    read, field = _coded(spec, columns, kit), columns.field(spec.from_[0])
    return lambda row, found: bool(read(row, []) is not False and row.cells.get(field))
