"""How personal values are shown to people who need not know them. For display only: never joined on (domain facts §2.7)."""

from __future__ import annotations

import re

_SURNAMES = """
欧阳 司马 上官 诸葛 夏侯 东方 皇甫 尉迟 公孙 令狐 慕容 司徒 司空 宇文 长孙 端木 百里 南宫 西门 独孤 轩辕 钟离 拓跋 呼延 闻人 澹台 申屠
"""
_COMPOUND_SURNAMES = frozenset(_SURNAMES.split())
_BELOW_COMPOUND = re.compile(
    r"(?:第?[0-9０-９A-Za-z一二三四五六七八九十甲乙丙丁]+(?:号楼|#楼|#|栋|幢|座|单元|号院|号)|[0-9０-９]+\s*[-－—]\s*[0-9０-９]).*",
    re.DOTALL,
)


def mask_name(name: str) -> str:
    """`张三` → `张*`, `欧阳修文` → `欧阳**`, `阿卜杜拉·买买提` → `阿卜杜拉·***`."""
    first, dot, rest = name.partition("·")
    if dot:
        return f"{first}·{'*' * len(rest)}"
    keep = 2 if len(name) > 2 and name[:2] in _COMPOUND_SURNAMES else 1
    return name[:keep] + "*" * max(len(name) - keep, 1)


def mask_number(number: str) -> str:
    """First and last four characters; the birth date is hidden: `3701**********0029`. Short numbers keep the last two."""
    if len(number) < 12:
        return "*" * max(len(number) - 2, 1) + number[-2:]
    return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}"


def mask_phone(number: str) -> str:
    """`138****8000`, fixed `0543****888`; an extension is hidden."""
    if number.startswith("0") and "-" in number:
        area, local, *_ = number.split("-")
        return f"{area}****{local[-3:]}"
    if len(number) < 7:
        return "*" * len(number)
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def mask_address(text: str) -> str:
    """To the compound or community: building and below are hidden."""
    return _BELOW_COMPOUND.sub("***", text)
