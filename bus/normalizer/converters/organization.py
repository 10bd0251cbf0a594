"""An organization of a row: its name, credit code (GB 32100-2015) or organization code (GB 11714-1997)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from bus.normalizer.cells import Columns, note
from bus.normalizer.converters.phones import phones_of
from bus.normalizer.converters.texts import text as plain_text
from bus.normalizer.kit import MEMO, Convert, Kit
from bus.normalizer.mapping_file import FieldRule, Organization
from bus.normalizer.statement import Party, Row
from bus.quality import Finding
from bus.standards.credit_codes import read_org_code, read_uscc
from bus.standards.reading import Reading

_ORGANIZATION = re.compile(
    r".{2,}(公司|集团|厂|商店|超市|中心|局|委员会|居委会|村委会|合作社|银行|支行|分行|医院|学校|大学|学院|幼儿园|事务所|协会|基金会|商会|办事处|政府|经营部|工作室|服务站|物业|院|部队|宾馆|酒店)\s*(\(.*\)|（.*）)?"
)
_LETTERED = re.compile(r"[0-9A-Za-z]{17}[0-9A-Za-z]")


def looks_like_organization(name: str | None, number: str | None, on: date) -> bool:
    """Whether a party without a said kind is an organization: by its name, else by a good credit code that is no citizen number."""
    if name and _ORGANIZATION.fullmatch(name.strip()):
        return True
    if not number or not _LETTERED.fullmatch(number.strip()) or number.strip()[:17].isdigit():
        return False
    return not read_uscc(number).codes


def credit_reader() -> Callable[[str, str, list[Finding]], dict[str, Any]]:
    """(text, column, findings) → `uscc` and `org_code`, each withheld where it is damaged."""
    credit, short = lru_cache(MEMO)(read_uscc), lru_cache(MEMO)(read_org_code)

    def read(text: str, column: str, found: list[Finding]) -> dict[str, Any]:
        bare = text.strip().replace("-", "").replace("－", "")
        if len(bare) == 9:
            code = short(text)
            note(found, code.codes, column, withholds=True)
            return {"org_code": code.value} if code.value else {}
        long = credit(text)
        note(found, long.codes, column, withholds=True)
        return {"uscc": long.value} if long.value else {}

    return read


def uscc(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """A unified social credit code."""
    return lambda text, row: read_uscc(text)


def org_code(spec: FieldRule, kit: Kit, columns: Columns) -> Convert:
    """An organization code of 9 characters."""
    return lambda text, row: read_org_code(text)


def build_organization(spec: Organization, columns: Columns, kit: Kit) -> Callable[[Row], list[Party]]:
    """A function from the row to the organization it names; none where the name is empty or says that there is none."""
    column = (spec.name.from_ or [""])[0]
    fetch = columns.fetch(column)
    read_text = plain_text(spec.name, kit, columns)
    fetch_credit = columns.fetch(spec.uscc) if spec.uscc else None
    fetch_short = columns.fetch(spec.org_code) if spec.org_code else None
    read_credit = credit_reader()
    public = phones_of(spec.public_phones, columns, kit)
    nobody = frozenset(spec.not_names)
    only = (columns.field(spec.only_when.column), frozenset(spec.only_when.values)) if spec.only_when else None

    def build(row: Row) -> list[Party]:
        if only is not None and (row.cells.get(only[0]) or "").strip() not in only[1]:
            return []
        found: list[Finding] = []
        out: dict[str, Any] = {}
        text = fetch(row, found)
        if text and text.strip() not in nobody:
            reading: Reading[str] = read_text(text, row)
            note(found, reading.codes, column)
            if reading.value:
                out["name"] = reading.value + spec.suffix
        for fetch_code, code_column in ((fetch_credit, spec.uscc), (fetch_short, spec.org_code)):
            code = fetch_code(row, found) if fetch_code else None
            if code:
                out.update(read_credit(code, code_column or "", found))
        if public is not None:
            phones = public(row, found)
            if out:
                out["public_phones"] = [p.number for p in phones]
        if not out:
            row.loose.extend(found)
            return []
        return [Party("organization", 0, out, found, [], False)]

    return build
