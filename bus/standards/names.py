"""Names of persons: what was written for alignment taken off, the dot made one dot, what is lost or hidden found (domain facts §2.7)."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from bus.standards.encodings import looks_garbled
from bus.standards.reading import Reading


class Name(NamedTuple):
    """A name, and the note that stood behind it in brackets: `张三(身故)` → 张三, 身故."""

    name: str
    note: str | None = None


HAN = "〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\ue000-\uf8ff\U000f0000-\U0010fffd"
"""Han characters of all planes; private-use ones stand for Han characters in names."""
_PLAIN = re.compile("[〇\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]{2,4}")
_NOTE = re.compile(r"(.*?)\s*[(（\[【〔]\s*([^()（）\[\]【】〔〕]*)\s*[)）\]】〕]?\s*", re.DOTALL)
_BLANK = re.compile("[\\s\u200b-\u200f\u202a-\u202e\u2060\ufeff\u3164\u115f\u1160\u00ad]+")
_DOTS = "•‧・．⋅･.∙●◦˙﹒᛫▪"
_DOT = re.compile(f"(?<=[{HAN}])\\s*[{_DOTS}]\\s*(?=[{HAN}])")
_MIDDLE_DOT = re.compile(r"\s*·\s*")
_FORMS = {"先生": "1", "女士": "2", "小姐": "2"}
_LOST = re.compile("[?？□■▯▢〓\ufffd¿⬚]")
_MASKED = re.compile(f"[*＊※]|(?<=[{HAN}])(?:[×xXＸ○Ｏ]+$|[×xX]{{2,}})|^[{HAN}]{{1,2}}某{{1,2}}$")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_PINYIN = re.compile(f"[{HAN}]\\s*[A-Za-zＡ-Ｚａ-ｚü]+|[A-Za-zＡ-Ｚａ-ｚü]+\\s*[{HAN}]")
_ALONE = re.compile(f"[{HAN}]")
_LONG_DIGITS = re.compile(r"[\s:：,，]*[0-9０-９][0-9０-９\-Xx]{4,}[\s,，]*")
_RADICALS = re.compile("[\u2e80-\u2fdf\uf900-\ufaff]")
_OUTSIDE_BRACKETS = re.compile(r"(?:[^、,，;；/|\n(（]|[(（][^)）]*[)）]?)+")


def read_name(text: str) -> Reading[Name]:
    """A person's name. Repairs: NAME_SPACES, NAME_DOT_VARIANT; notes: NAME_RARE_CHAR (pinyin for a character, or a single one: the
    name was cut), PUA_CHAR; no value: MASKED_INPUT, MOJIBAKE. Numbers standing in the cell do not go out with the name.
    """
    if _PLAIN.fullmatch(text) and "某" not in text and not looks_garbled(text):
        return Reading(Name(text))
    bare, note = _without_note(text)
    if _MASKED.search(bare):
        return Reading(None, ("MASKED_INPUT",))
    if _LOST.search(bare):
        return Reading(None, ("MOJIBAKE", "NAME_RARE_CHAR"))
    if looks_garbled(bare):
        return Reading(None, ("MOJIBAKE",))
    name, codes = _tidied(bare)
    if not name or not any(c.isalpha() or _PRIVATE.match(c) for c in name):
        return Reading(None, ("MOJIBAKE",))
    return Reading(Name(name, note), codes + _doubts(name))


def surname_and_sex(form: str) -> tuple[str, str]:
    """What a form of address tells: 张先生 → 张, "1"; 欧阳女士 → 欧阳, "2" (GB/T 2261.1); two empty texts where it tells nothing."""
    return next(((form[: -len(word)], sex) for word, sex in _FORMS.items() if form.endswith(word) and len(form) > len(word)), ("", ""))


def _without_note(text: str) -> tuple[str, str | None]:
    match = _NOTE.fullmatch(text)
    if match is None or not match[1].strip():
        return text, None
    return match[1], match[2].strip() or None


def _tidied(bare: str) -> tuple[str, tuple[str, ...]]:
    """The name without alignment blanks, with one kind of dot."""
    codes: tuple[str, ...] = ()
    name = _RADICALS.sub(lambda m: unicodedata.normalize("NFKC", m[0]), _LONG_DIGITS.sub("", bare))
    dotted = _DOT.sub("·", name)
    if dotted != name:
        codes = ("NAME_DOT_VARIANT",)
    dotted = _MIDDLE_DOT.sub("·", dotted)
    tight = _closed(dotted)
    if tight != dotted or (_edge_blank(bare) and not codes):
        codes = ("NAME_SPACES", *codes)
    return tight, codes


def _edge_blank(bare: str) -> bool:
    """Whether blanks or invisible characters stand at the edge of the text."""
    return bare != _BLANK.sub("", bare) and (_BLANK.match(bare) is not None or _BLANK.search(bare[-1:]) is not None)


def _closed(name: str) -> str:
    """Without blanks between Han characters; words of other scripts keep one."""
    parts = [p for p in _BLANK.split(name) if p]
    if not parts:
        return ""
    out = parts[0]
    for part in parts[1:]:
        latin = out[-1].isascii() and part[0].isascii()
        out += f" {part}" if latin else part
    return out


def _doubts(name: str) -> tuple[str, ...]:
    codes: tuple[str, ...] = ()
    if _ALONE.fullmatch(name) or _PINYIN.search(name):
        codes = ("NAME_RARE_CHAR",)
    return (*codes, "PUA_CHAR") if _PRIVATE.search(name) else codes


def split_names(text: str) -> list[str]:
    """The names of a cell that holds several: `张三、李四`, `张三；李四`. Separators inside brackets and blanks do not separate."""
    if "、" not in text and _PLAIN.fullmatch(text):
        return [text]
    return [part for part in _OUTSIDE_BRACKETS.findall(text) if part.strip()]
