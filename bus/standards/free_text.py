"""Personal numbers inside what people write (appeals): found and replaced. Work order numbers, which have 18 digits too, are kept apart by
their check, their dates and the words before them (domain facts §0.7).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from bus.standards.ids import check_character

NUMBER, PHONE, CARD = "【证件号】", "【电话】", "【卡号】"
_DIGIT = r"[0-9０-９]"
_GAP = r"[ \u3000\t\-－—.·]?"
_RUN = re.compile(
    rf"(?<![0-9０-９A-Za-z])[+＋]?[(（]?{_DIGIT}(?:{_GAP}[()（）]?{_GAP}{_DIGIT}){{6,30}}{_GAP}(?:[xXｘＸ×Χχ](?![0-9A-Za-z]))?"
)
_HALF = str.maketrans("０１２３４５６７８９ｘＸ×Χχ＋", "0123456789XXXXX+") | {ord("x"): "X"}
_NOT_DIGITS = re.compile(r"[^0-9X]")
_ORDER_WORDS = re.compile(r"(?:工单|单号|编号|诉求号|受理号|订单|流水号|GDBH)[^0-9０-９，。;；]{0,6}$")
_ID_WORDS = re.compile(r"(?:身份证|证件|公民身份)[^0-9０-９，。;；]{0,8}$")
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_MOBILE = re.compile(r"(?:86|0086|0)?1[3-9]\d{9}")
_FIXED = re.compile(r"(?:86|0086)?0(?:10|2\d|[3-9]\d\d)[2-9]\d{6,7}(?:\d{1,4})?")
_SERVICE = re.compile(r"[48]00\d{7}")
_LOCAL_WORDS = re.compile(r"(?:电话|手机|联系方式|致电|拨打|座机|号码)[^0-9０-９，。;；]{0,6}$")
_OWN = r"(?:^|[，,。.；;！!？?\n])(?:本人|我)?(?:的)?"  # not 物业电话, 对方身份证号, 母亲 身份证号: somebody else's
_OWN_NUMBER = re.compile(_OWN + r"(?:居民|公民)?(?:身份证|身份证件|身份)(?:号码|号)?(?:是|为)?[:：]?\s*$")
_OWN_PHONE = re.compile(_OWN + r"(?:联系|回访|手机|移动)?(?:电话|手机|方式)(?:号码|号)?(?:是|为)?[:：]?\s*$")
_CLOCK = re.compile(r"(?:\d{4}[-./年]\d{1,2}[-./月]\d{1,2})")


class Left(NamedTuple):
    """What somebody wrote of himself, as it stands there; empty where he did not, or wrote several."""

    number: str
    phone: str


_NOTHING = Left("", "")


def left_in(text: str) -> Left:
    """The citizen number and the phone that somebody left of himself in what he wrote: each the only one of its kind, and called by a word
    that says of nobody else that it is his (`身份证号…`, `联系电话…`, not `物业电话…`)."""
    if not any(c.isdecimal() for c in text):
        return _NOTHING
    numbers: list[str] = []
    phones: list[str] = []
    for match in _RUN.finditer(text):
        before = text[: match.start()]
        kind = _kind(match[0], before[-16:])
        if kind == NUMBER:
            numbers.append(match[0].strip() if _OWN_NUMBER.search(before) else "")
        elif kind == PHONE:
            phones.append(match[0].strip() if _OWN_PHONE.search(before) else "")
    return Left(_only(numbers), _only(phones))


def _only(found: Sequence[str]) -> str:
    return found[0] if len(set(found)) == 1 else ""


def redact(text: str) -> str:
    """The text with citizen numbers (15, 18 digits, however written), bank cards and phones replaced by what they were."""
    return _RUN.sub(lambda m: _replaced(m, text), text) if any(c.isdecimal() for c in text) else text


def _replaced(match: re.Match[str], text: str) -> str:
    written = match[0]
    before = text[max(0, match.start() - 16) : match.start()]
    kind = _kind(written, before)
    if kind:
        return kind + written[len(written.rstrip(" \u3000\t-－—.·")) :]
    parts = re.split(r"([ \u3000\t]+)", written)
    if len(parts) > 1:
        return "".join(_kind(part, before) or part for part in parts)
    return written


def _kind(written: str, before: str) -> str | None:
    digits = _NOT_DIGITS.sub("", written.translate(_HALF))
    if len(digits) == 18:
        return _of_18(digits, before)
    if len(digits) == 15 and digits.isdecimal():
        return NUMBER if not _ORDER_WORDS.search(before) and _is_day("19" + digits[6:12]) and digits[0] in "12345689" else None
    if not digits.isdecimal():
        return NUMBER if len(digits) >= 15 else None
    if _MOBILE.fullmatch(digits) or _FIXED.fullmatch(digits) or _SERVICE.fullmatch(digits):
        return None if _is_date(written, digits) or (_ORDER_WORDS.search(before) and len(digits) > 12) else PHONE
    if len(digits) in (7, 8) and _LOCAL_WORDS.search(before) and not _is_date(written, digits):
        return PHONE
    if 16 <= len(digits) <= 19 and not _ORDER_WORDS.search(before) and _luhn(digits):
        return CARD
    return _two_mobiles(digits)


def _two_mobiles(digits: str) -> str | None:
    return PHONE + PHONE if len(digits) == 22 and _MOBILE.fullmatch(digits[:11]) and _MOBILE.fullmatch(digits[11:]) else None


def _of_18(digits: str, before: str) -> str | None:
    """A citizen number has a birth date and the right check; where words call it one, a wrong check does not save it from being one."""
    if _ID_WORDS.search(before):
        return NUMBER
    born = _is_day(digits[6:14])
    good = digits[:17].isdecimal() and check_character(digits[:17]) == digits[17]
    if _ORDER_WORDS.search(before) or not born:
        return NUMBER if digits[17] == "X" else None
    return NUMBER if good or not _is_order_number(digits) else None


def _is_order_number(digits: str) -> bool:
    """yyMMddHHmmss and six digits: the work orders of the hotline."""
    month, day, hour, minute, second = (int(digits[i : i + 2]) for i in range(2, 12, 2))
    return 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60


def _is_day(digits: str) -> bool:
    return _DATE.fullmatch(digits) is not None and int(digits[6:]) <= _DAYS[int(digits[4:6])]


def _is_date(written: str, digits: str) -> bool:
    return _CLOCK.match(written.strip()) is not None or (len(digits) == 8 and _is_day(digits))


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 check of bank cards."""
    odd = sum(int(d) for d in digits[-1::-2])
    return (odd + sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])) % 10 == 0 and digits[0] in "3456"
