"""Citizen numbers and credit codes of people and organisations that do not exist. Written apart from `bus.standards` on purpose."""

from __future__ import annotations

from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def check_character(body: str) -> str:
    """The 18th character of a citizen number (GB 11643-1999, ISO 7064 MOD 11-2) for its first 17 digits."""
    return "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True)) % 11]


def citizen_number(region: str, birth: date, sequence: int) -> str:
    """18 characters: region, birth date, sequence (odd: male), check character."""
    body = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


def fifteen_digits(number: str) -> str:
    """The number as it was before 1999: two-digit year, no check character."""
    return number[:6] + number[8:17]


def is_citizen_number(text: str) -> bool:
    """18 characters with the right check character."""
    return len(text) == 18 and text.isascii() and text[:17].isdigit() and check_character(text[:17]) == text[17]


def organisation_code(body: str) -> str:
    """9 characters (GB 11714): the body of eight and its check character."""
    total = sum(w * int(c, 36) for w, c in zip((3, 7, 9, 10, 5, 8, 4, 2), body, strict=True))
    return body + "0123456789X"[(11 - total % 11) % 11]


def credit_code(kind: str, region: str, organisation: str) -> str:
    """18 characters (GB 32100-2015): kind, region, organisation code, check character."""
    return (body := kind + region + organisation) + credit_check(body)


def credit_check(body: str) -> str:
    """The 18th character of a credit code for its first 17."""
    return _ALPHABET[(31 - sum(w * _ALPHABET.index(c) for w, c in zip(_USCC_WEIGHTS, body, strict=True))) % 31]
