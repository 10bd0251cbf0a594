"""Full-width forms made plain, and Chinese numerals made digits: what dates, addresses and counts share."""

from __future__ import annotations

import re
import unicodedata

_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5}
_DIGIT |= {"陆": 6, "柒": 7, "捌": 8, "玖": 9}
_UNIT = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_NUMERAL = "零〇○一二三四五六七八九两十百千"
RUN = re.compile(f"[{_NUMERAL}]+")
"""A run of Chinese numerals."""
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
"""Decimal digits of other scripts: after `plain_text` every digit is one of 0-9."""


def plain_text(text: str) -> str:
    """Without blanks around it; full-width and compatibility forms made plain (NFKC). For code-like cells only: NFKC changes other text."""
    bare = text.strip("\u200b\u200c\u200d\ufeff \t\r\n\u3000'‘’`\"")
    if bare.isascii():
        return bare
    return _OTHER_DIGIT.sub(lambda m: str(int(m[0])), unicodedata.normalize("NFKC", bare).strip())


def numeral(text: str) -> int | None:
    """The value of a Chinese numeral: `二十三` 23, `一百零二` 102, `一百二` 120, `二〇一六` 2016; None where it is not one."""
    if not text:
        return None
    if all(c in _DIGIT for c in text):
        return int("".join(str(_DIGIT[c]) for c in text))
    total, digit, place = 0, 0, 1
    for c in text:
        if c in _DIGIT:
            digit = _DIGIT[c]
            place = place // 10 if digit else 1  # 一千五 is 1500, 一千零五 is 1005
        elif c in _UNIT:
            total += (digit or 1) * _UNIT[c]
            digit, place = 0, _UNIT[c]
        else:
            return None
    return total + digit * max(place, 1)


def to_digits(text: str) -> str:
    """Every run of Chinese numerals in the text as digits: `二〇一六年三月十一日` → `2016年3月11日`."""
    return RUN.sub(lambda m: str(numeral(m[0])), text)
