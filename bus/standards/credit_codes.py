"""Unified social credit codes (GB 32100-2015) and the organization codes inside them (GB 11714-1997)."""

from __future__ import annotations

import re

from bus.standards.chinese_numbers import plain_text
from bus.standards.nulls import BLANK, is_filler
from bus.standards.reading import Reading

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015: no I, O, S, V, Z."""
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_VALUES = {c: i for i, c in enumerate(_ALPHABET)}
_CODE = re.compile(f"[{_ALPHABET}]{{2}}\\d{{6}}[{_ALPHABET}]{{9}}[{_ALPHABET}]")
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG_CODE = re.compile(r"[0-9A-Z]{8}[0-9X]")
_SCIENTIFIC = re.compile(r"\d(?:\.\d*)?E\+?\d{1,2}", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s\-‐-―－_'’`.]+")


def uscc_check(first_17: str) -> str:
    """The check character of a credit code (GB 32100-2015, annex): alphabet[(31 − Σ cᵢ·3^(i−1)) mod 31]."""
    return _ALPHABET[-sum(_VALUES[c] * w for c, w in zip(first_17, _WEIGHTS, strict=True)) % 31]


def org_check(first_8: str) -> str:
    """The check character of an organization code (GB 11714-1997): 11 − Σ mod 11, 10 → X, 11 → 0; letters count from A = 10."""
    return "0X987654321"[sum(int(c, 36) * w for c, w in zip(first_8, _ORG_WEIGHTS, strict=True)) % 11]


def read_uscc(text: str) -> Reading[str]:
    """18 characters, upper case. Lower case, blanks, hyphens and full-width forms are style.

    No value with USCC_CHECKSUM (length, alphabet, check), USCC_INNER_CODE (the organization code inside), ID_EXCEL_PRECISION_LOSS
    (scientific notation), MASKED_INPUT or NULL_TOKEN (filler).
    """
    code = _bare(text)
    lost = _lost(text, code)
    if lost:
        return lost
    if not _CODE.fullmatch(code):
        return Reading(None, ("USCC_CHECKSUM",))
    wrong = (
        *(() if uscc_check(code[:17]) == code[17] else ("USCC_CHECKSUM",)),
        *(() if org_check(code[8:16]) == code[16] else ("USCC_INNER_CODE",)),
    )
    return Reading(None, wrong) if wrong else Reading(code)


def read_org_code(text: str) -> Reading[str]:
    """9 characters without the hyphen. USCC_INNER_CODE where the length, the alphabet or the check is wrong; else as `read_uscc`."""
    code = _bare(text)
    lost = _lost(text, code)
    if lost:
        return lost
    if not _ORG_CODE.fullmatch(code) or org_check(code[:8]) != code[8]:
        return Reading(None, ("USCC_INNER_CODE",))
    return Reading(code)


def _bare(text: str) -> str:
    if len(text) == 18 and text.isascii() and text.isalnum():
        return text.upper()
    return _SEPARATORS.sub("", BLANK.sub("", plain_text(text))).upper()


def _lost(text: str, code: str) -> Reading[str] | None:
    if "*" in code or "＊" in code:
        return Reading(None, ("MASKED_INPUT",))
    if is_filler(code):
        return Reading(None, ("NULL_TOKEN",))
    return Reading(None, ("ID_EXCEL_PRECISION_LOSS",)) if _SCIENTIFIC.fullmatch(plain_text(text)) else None
