"""Every reader, on text made of what breaks readers: digits of all scripts, dashes, brackets, masks, lost characters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standards_city import address_book, divisions

from bus.quality import CODES
from bus.standards import credit_codes, dates, dwellings, encodings, free_text, ids, masking, names, nulls, numbers, phones

ON = date(2026, 9, 30)
BOOK, CITY = address_book(), divisions()
READERS: dict[str, Callable[[str], Any]] = {
    "citizen number": lambda t: ids.read_citizen_number(t, ON),
    "document": lambda t: ids.read_document(t, "passport", ON),
    "credit code": credit_codes.read_uscc,
    "organization code": credit_codes.read_org_code,
    "date": dates.read_date,
    "month": dates.read_month,
    "moment": dates.read_datetime,
    "phones": phones.read_phones,
    "name": names.read_name,
    "decimal": numbers.read_decimal,
    "count": numbers.read_count,
    "division": lambda t: CITY.read_code(t, ON),
    "division name": CITY.read_name,
    "grid": lambda t: CITY.read_grid(t, ON),
    "address": BOOK.read,
    "building": dwellings.read_building,
    "entrance": dwellings.read_entrance,
    "floor": dwellings.read_floor,
    "room": dwellings.read_room,
    "unit number": dwellings.read_unit_no,
}
NASTY = st.text(
    "0019285xX*＊?□-－—/.,、:年月日号楼单元室转()（）EeＥ+% 一二十百〇甲乙٣➀①²½㎡×·\u3000\u200b\ufeff张王\ue000\ufffd万元阳光花园东澜区",
    min_size=1,
    max_size=24,
)


@pytest.mark.parametrize("reader", READERS)
@given(text=NASTY)
def test_no_text_makes_a_reader_fail_and_its_codes_exist(reader: str, text: str) -> None:
    _, codes = READERS[reader](text)
    assert set(codes) <= set(CODES)
    assert len(set(codes)) == len(codes)


@given(NASTY)
def test_no_text_makes_the_other_functions_fail(text: str) -> None:
    nulls.is_null_token(text)
    nulls.is_filler(text)
    encodings.looks_garbled(text)
    free_text.redact(text)
    names.split_names(text)
    dwellings.compound_name(text)
    for mask in (masking.mask_name, masking.mask_number, masking.mask_phone, masking.mask_address):
        mask(text)


@given(NASTY)
def test_reading_twice_says_the_same(text: str) -> None:
    assert all(read(text) == read(text) for read in READERS.values())
