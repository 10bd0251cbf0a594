"""A row against its contract: the raw event it becomes, or why it is refused. Pure: no log, no clock, no file.

What is never published (bank accounts, disease, the cause of poverty …: interfaces.md, "Source keys that are personal") is dropped here,
before anything is hashed into the content, encoded or kept in a dead letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from bus.contracts.catalog import Contract
from bus.errors import FileRefused
from bus.keys import KeyRing
from bus.publish.source import Row
from bus.sealing import row_hash

MAX_BYTES = 900_000
"""A row with more UTF-8 bytes than this would not fit into a record of a Kafka broker with its default limit of 1 MB."""

_NEVER = re.compile("开户行|银行|账号|账户|帐号|卡号|户名|致贫|残疾|病|BANK|ACCOUNT|DISEASE|POVERTY|DISABILITY", re.IGNORECASE)
"""Unknown columns that are by their name what no contract publishes."""

_MARKING = re.compile("密级|涉密|定密|保密等级|保密级别|秘密")
_SECRET = re.compile("国家秘密|工作秘密|绝密|机密|(?<![个人商业])秘密")
_NOT_SECRET = re.compile("^[非不无否]|不属于|不涉|不含|无密")
_LABELLED = re.compile(r"(?:密级|保密等级|保密级别)\s*[：:]\s*[\[【(（《〔]?\s*(.*)", re.DOTALL)
_YES = frozenset({"是", "1", "Y", "y", "√", "有", "TRUE"})
_AROUND = " \t\u3000[]【】()（）《》〔〕"
_OPENS, _CLOSES = tuple("[【(（《〔"), tuple("]】)）》〕")


class Said(NamedTuple):
    """What a row says: the raw record's key, the hash of its content, and its Avro value but for `bus_operation`."""

    key: bytes
    hash: bytes
    value: dict[str, Any]


class Refused(NamedTuple):
    """Why a row goes to the dead letter. `key`: the source's key as it may be shown; `cells`: what may be kept, None when nothing may."""

    code: str
    column: str | None
    key: dict[str, str]
    cells: dict[str, str] | None


Check = Callable[[Row], Said | Refused]


def compile_check(
    contract: Contract, keys: KeyRing, delivery: str, width: int, secret_markers: Sequence[str] = ("国家秘密", "工作秘密")
) -> Check:
    """The check of the rows of one file. `width`: cells of its header; `secret_markers`: what marks a row as secret when a cell says it."""
    dataset, personal, by_sheet, key_columns = contract.dataset, contract.personal_key, contract.sheet_in_key, tuple(contract.key)
    names = [(column, said.field) for column, said in contract.columns.items()]
    columns = frozenset(contract.columns)
    dropped = frozenset(contract.dropped)
    known = columns | dropped
    marker = re.compile("|".join(re.escape(m) for m in secret_markers) or r"(?!)")

    def check(row: Row) -> Said | Refused:
        cells = row.cells
        if row.problem:
            secret = _secret(cells, columns, marker)
            return Refused("SECRET_BLOCKED" if secret else row.problem, secret, {}, None if secret else _safe(cells, dropped, width))
        content = "\x1f".join([f"{column}\x1e{text}" for column, _ in names if (text := cells.get(column))])
        unknown = {column: text for column, text in cells.items() if column not in known and text}
        if ("密" in content or unknown) and (secret := _secret(cells, columns, marker)):
            return Refused("SECRET_BLOCKED", secret, {}, None)
        extra = {column: text for column, text in sorted(unknown.items()) if not _NEVER.search(column)} if unknown else unknown
        if extra:
            content += "\x1f" + "\x1f".join([f"{column}\x1e{text}" for column, text in extra.items()])
        if len(content) > MAX_BYTES // 4 and len(content.encode()) > MAX_BYTES:
            return Refused("ROW_MALFORMED", None, {}, {})
        parts = [cells.get(column, "") for column in key_columns]
        if not (any(parts) if personal else all(parts)):
            empty = next(column for column, part in zip(key_columns, parts, strict=True) if not part)
            return Refused("ROW_MALFORMED", empty, {}, keepable(contract, row))
        numbers = sorted(row.number_cells & columns) if row.number_cells else []
        if numbers:
            content += "\x1d" + "\x1f".join(numbers)
        value: dict[str, Any] = {name: cells.get(column) or None for column, name in names}
        value["bus_source"] = {"delivery": delivery, "file": row.file, "sheet": row.sheet, "row": row.number}
        value["bus_number_cells"] = numbers
        value["bus_extra"] = extra
        if by_sheet:
            parts.append(row.sheet or "")
        key = row_hash(keys, dataset, *parts).hex() if personal else "\x1f".join(parts)
        return Said(key.encode(), row_hash(keys, dataset, content), value)

    return check


def refuse_a_secret_file(titles: Sequence[str], secret_markers: Sequence[str], file: str) -> None:
    """Raise `FileRefused` when what stands above the header marks the whole file as secret, as documents are marked (GB/T 9704)."""
    marker = re.compile("|".join(re.escape(m) for m in secret_markers) or r"(?!)")
    if any(_secret({"": title}, frozenset({""}), marker) is not None for title in titles):
        raise FileRefused(
            "SECRET_BLOCKED: the file as a whole is marked as secret.",
            "SECRET_BLOCKED：该文件整体标有密级。",
            place=file,
            hint="Secrets do not go over this bus. If the mark stands there by mistake, have it removed by who is entitled to.",
            hint_zh="涉密文件不得经本总线传输；如系误标，请由有权单位解除后再发布。",
        )


def shown_key(contract: Contract, said: Said, row: Row) -> dict[str, str]:
    """The source's key as events and dead letters name it: its columns, or a keyed hash where they are personal."""
    if contract.personal_key:
        return {"row_id": said.key.decode()}
    return {column: row.cells.get(column, "") for column in contract.key}


def keepable(contract: Contract, row: Row) -> dict[str, str]:
    """The cells of a well-formed row that a dead letter may hold."""
    return {
        column: text
        for column, text in row.cells.items()
        if text and column not in contract.dropped and (column in contract.columns or not _NEVER.search(column))
    }


def _safe(cells: Mapping[str, str], dropped: frozenset[str], width: int) -> dict[str, str]:
    """The cells of a malformed row that surely are not one of `dropped`.

    With cells too many or too few, what stands under a column may belong to a neighbour: so everything from the first dropped column on
    is left out, and as many cells before it as the row is out of step, and one more. Without dropped columns all is kept."""
    if not dropped:
        return dict(cells)
    order = list(cells)
    first = next((i for i, column in enumerate(order) if column in dropped), len(order))
    return {column: cells[column] for column in order[: max(0, first - 1 - abs(width - len(order)))]}


def _is_a_mark(cell: str, bare: str, mark: re.Match[str]) -> bool:
    """Nothing but the mark; the mark with its term ("机密★10年"); or, as documents are marked, in brackets or before a colon at the head
    of what it marks ("【工作秘密】…", "工作秘密：…")."""
    after = bare[mark.end() :].lstrip()
    if mark[0].endswith("★") or after.strip(_AROUND)[:1] in ("", "★", "☆"):
        return True
    return after.startswith(("：", ":")) or (cell.lstrip()[:1] in _OPENS and after[:1] in _CLOSES)


def _secret(cells: Mapping[str, str], columns: frozenset[str], marker: re.Pattern[str]) -> str | None:
    """The column whose cell marks the row as a state secret (保守国家秘密法) or a work secret, None when none does.

    In a column of the contract only a cell that is nothing but the mark, or is headed by it ("密级：机密" too), counts: an appeal may
    *speak* of secrets. In a marking column and in one that the contract does not know, a cell that contains it."""
    for column, text in cells.items():
        if "密" not in text and not (text in _YES and _MARKING.search(column)):
            continue
        bare = text.strip(_AROUND)
        if (found := marker.match(bare)) and (column not in columns or _is_a_mark(text, bare, found)):
            return column
        if (labelled := _LABELLED.match(bare)) and _SECRET.match(labelled[1]):
            return column
        if column in columns or _NOT_SECRET.search(bare):
            continue
        if _MARKING.search(column):
            if bare in _YES or _SECRET.search(bare):
                return column
        elif marker.search(bare):
            return column
    return None
