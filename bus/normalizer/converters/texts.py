"""Words: plain text, free text, names in one cell, lists of words, codes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from bus.normalizer.cells import Columns
from bus.normalizer.kit import MEMO, RECENT, Convert, Kit
from bus.normalizer.mapping_file import FieldRule
from bus.normalizer.statement import Row
from bus.sealing import token
from bus.standards.chinese_numbers import plain_text
from bus.standards.encodings import looks_garbled
from bus.standards.free_text import redact
from bus.standards.names import read_name
from bus.standards.nulls import BLANK, is_null_token
from bus.standards.reading import Reading

_BETWEEN = re.compile(r"[、，,;；/|]+")


def text(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """Words without blanks around them. Numbers and phones of persons that stand in them are replaced; visibly wrongly decoded text is
    withheld."""

    def convert(text: str, row: Row) -> Reading[str]:
        if looks_garbled(text):
            return Reading(None, ("MOJIBAKE",))
        return Reading(redact(text.strip()) or None)

    return convert


def identifier(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """The source's own number of something, as it stands: it may be of 18 digits and is no citizen number."""

    def convert(text: str, row: Row) -> Reading[str]:
        if looks_garbled(text):
            return Reading(None, ("MOJIBAKE",))
        return Reading(text.strip() or None)

    return convert


def certificate(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """The number of a certificate, as a token: compared, never shown. However it is written (width, case, what stands between), it is one
    number: of two spellings would follow two couples."""

    def convert(text: str, row: Row) -> Reading[str]:
        number = "".join(filter(str.isalnum, plain_text(text))).upper()
        known = number and not is_null_token(text) and not looks_garbled(text)
        return Reading(token(kit.keys, "certificate", number) if known else None)

    return convert


def name(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """The name of a person who holds a public post."""
    read = lru_cache(RECENT)(read_name)

    def convert(text: str, row: Row) -> Reading[str]:
        reading = read(text)
        return Reading(reading.value.name if reading.value else None, reading.codes)

    return convert


def words(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """Several words in one cell, in their order; through the code table where there is one."""
    one = code(spec, kit, columns) if spec.table or spec.older else None

    def convert(text: str, row: Row) -> Reading[list[Any]]:
        if looks_garbled(text):
            return Reading(None, ("MOJIBAKE",))
        parts = [p.strip() for p in _BETWEEN.split(text) if p.strip()]
        if one is None:
            return Reading(parts)
        read = [one(p, row) for p in parts]
        return Reading([r.value for r in read if r.value is not None], tuple(c for r in read for c in r.codes))

    return convert


def code(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A code: of the table as it is, of the older list repaired (CODE_MAPPED), else of the national list; CODE_UNKNOWN otherwise."""
    current, older = spec.table or {}, spec.older or {}
    national = kit.code_list(spec.list_) if spec.list_ else None
    if not (current or older or national):
        raise ValueError("a code needs a `table`, an `older` list or a national `list`")
    forms = {_form(word): value for word, value in (*older.items(), *current.items())}

    @lru_cache(MEMO)
    def read(text: str) -> Reading[Any]:
        bare = text.strip()
        if bare in current:
            return Reading(current[bare])
        if bare in older:
            return Reading(older[bare], ("CODE_MAPPED",))
        if national is not None and bare in national.codes:
            return Reading(bare)
        if (form := _form(text)) in forms:
            return Reading(forms[form], ("CODE_MAPPED",))
        return national.read(bare) if national else Reading(None, ("CODE_UNKNOWN",))

    return lambda text, row: read(text)


def _form(word: str) -> str:
    """A code as it is meant, however it was typed: full-width, lower case, with blanks, `01` or `1.0` for 1."""
    plain = BLANK.sub("", plain_text(word)).casefold().removesuffix(".0")
    return plain.lstrip("0") or "0" if plain.isdecimal() else plain


def ending(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """What the words end with, through the table (居民委员会 → residents_committee); None without a finding where nothing fits."""
    endings = spec.table or {}

    def convert(text: str, row: Row) -> Reading[Any]:
        bare = text.strip()
        return Reading(next((value for words, value in endings.items() if bare.endswith(words)), None))

    return convert
