"""Damage to a row as a whole: repeated, misshapen, not to be shared."""

from __future__ import annotations

from random import Random

from bus.city.entry import Entry

_REPEATED, _OTHER, _MALFORMED, _SECRET = 0.003, 0.0008, 0.0006, 0.01
_OTHER_CONTENT = {
    "FC_HXX.csv": "ZCS",
    "ZL_HTBA.csv": "YJ",
    "DB_FAMILY.csv": "CHECK_FLAG",
    "DB_MEMBER.csv": "CAREER_CODE",
    "HYDJ.csv": "DOC_NO",
    "SOM_ORGAN.csv": "REG_MON",
    "SQ_GD.csv": "SQFL3",
    "SQ_GD_LZ.csv": "BZ",
    "WG_RK.csv": "CJR",
    "WG_RFGX.csv": "CJR",
    "ZYZ.csv": "FWLB",
    "ZYFW_JL.csv": "FWXM",
}


def spoil(e: Entry, rng: Random, factor: float) -> None:
    """Too few cells, too many, NUL bytes; or a mark that forbids sharing."""
    if e.table.layout != "workbook" and rng.random() < _MALFORMED * factor:
        e.whole = rng.choice(("few", "many", "nul"))
        e.damage, e.style = [], []
        e.label(None, "ROW_MALFORMED", f"row_{e.whole}", None, "", recoverable=False)
    elif e.table.file == "SQ_GD.csv" and rng.random() < _SECRET * factor:
        e.damage, e.style = [], []
        e.put("BT", rng.choice(("国家秘密★10年", "【工作秘密】", "国家秘密")))
        e.label(None, "SECRET_BLOCKED", "marked_secret", None, "", recoverable=False)


def repeated(e: Entry, rng: Random, factor: float) -> Entry | None:
    """The row once more in the same delivery: the same, or the same key with other content."""
    draw = rng.random()
    if draw > (_REPEATED + _OTHER) * factor or e.whole or any(d["column"] is None for d in e.damage):
        return None
    again = e.copy()
    column = _OTHER_CONTENT.get(e.table.file)
    if draw < _OTHER * factor and column and column not in e.taken:
        again.put(column, _other(column, str(again.get(column))))
        again.damage, again.style = [], []  # refused for its key before anybody looks at its cells
        again.label(None, "DUP_PK", "same_key_other_content", None, "", recoverable=False, needs="file")
    else:
        again.label(None, "DUP_PK", "repeated_row", None, "", recoverable=True, needs="file")
    return again


def _other(column: str, value: str) -> str:
    if column in ("BZ", "CJR", "FWLB", "FWXM", "SQFL3"):
        return "补录"
    return "8" if value == "9" else "9"
