"""Words, signs and fillers that stand for "nothing" in a cell (domain facts §2.7)."""

from __future__ import annotations

import re

_WORDS = """
null none nil nan n/a na #n/a #null! (null) <null> \\n 空 空白 无 没有 暂无 无数据 不详 不祥 不明 未知 未填 未填写 未登记 未提供 未录入
不清楚 待补 待补充 待完善 待核实 待定 暂缺 缺 缺失 无记录 （无） (无)
/ // /// \\ \\\\ ／ ＼ - -- --- ---- — —— ――― ― － －－ – _ __ . 。 、 ， , … ……
"""
_TOKENS = frozenset(_WORDS.split())
_BLANKS = " \t\r\n\v\f\u00a0\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff"
BLANK = re.compile(f"[{_BLANKS}]+")
"""Blanks of every kind, invisible characters and direction marks among them."""
_LONGEST = max(map(len, _TOKENS))
_SAME = re.compile(r"([0-9０-９])\1{5,}")


def is_null_token(text: str) -> bool:
    """Whether a cell that is not empty says nothing: blanks, `无`, `不详`, `/`, `--`, `NULL` … A `0` or `1` may be a code: not here."""
    if len(text) > _LONGEST and not text[0].isspace():
        return False
    bare = text.strip()
    if bare in _TOKENS or not bare:
        return True
    if len(bare) > _LONGEST or bare.isdecimal():
        return False
    bare = BLANK.sub("", bare)
    return not bare or bare.casefold() in _TOKENS


def is_filler(text: str) -> bool:
    """Whether digits were typed only to fill a cell of numbers or phones: `111111…`, `0`, `1`, `00000000`."""
    return text in ("0", "1") or _SAME.fullmatch(text) is not None
