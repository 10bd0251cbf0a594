"""The dead letter of a row that was refused at publish: reason and place in clear, the row itself sealed for its department alone."""

from __future__ import annotations

import json

from bus.contracts.catalog import Contract
from bus.event import Output
from bus.eventlog import topics
from bus.eventlog.dead_letter import Letter, iso
from bus.keys import KeyRing
from bus.publish.check import Refused
from bus.publish.source import Row
from bus.quality import CODES
from bus.sealing import row_hash, seal_for

_LARGEST = 500_000
"""A row with more bytes than this would, sealed and in base64, not fit into a record: it stays in its file, where the letter points."""

OUTCOME = "refused_at_publish"
"""The row's outcome in such a letter: it has no raw record, and is handed in again in a mended file, not replayed."""


def letter(keys: KeyRing, contract: Contract, delivery: str, file_id: str, row: Row, refused: Refused, at_ms: int) -> Output:
    """The dead letter of `row`. Its id is derived (dataset, file, place, code), so that the same refusal never makes a second one."""
    name = row_hash(keys, "letter", contract.dataset, file_id, json.dumps([row.sheet, row.number]), refused.code).hex()
    code = CODES[refused.code]
    said = Letter(
        id=name,
        department=contract.department,
        dataset=contract.dataset,
        source={
            "department": contract.department, "dataset": contract.dataset, "delivery": delivery, "file": row.file, "sheet": row.sheet,
            "row": row.number, "key": refused.key, "role": "self", "ordinal": 0,
        },
        statement="record",
        outcome=OUTCOME,
        reasons=[{"code": refused.code, "column": refused.column, "message_zh": code.zh, "message_en": code.en}],
        at=iso(at_ms),
        sealed=_sealed(keys, contract.department, name, refused),
    )  # fmt: skip
    return Output(topics.dead_letter(contract.department), said.as_record(at_ms))


def _sealed(keys: KeyRing, department: str, name: str, refused: Refused) -> bytes:
    """The row's cells as JSON, for the department's key, bound to the letter's id; nothing of a secret row."""
    if refused.cells is None:
        return b""
    content = json.dumps(refused.cells, ensure_ascii=False).encode()
    if len(content) > _LARGEST:
        return b""
    return seal_for(keys.departments[department], name.encode(), content, keys)
