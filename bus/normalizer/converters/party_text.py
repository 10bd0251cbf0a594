"""Persons written into one cell: `张三 3799…;李四`, `李四(3799…)、王五(3799…)`, `1.李四 3799… 2.王五`. Pure.

What separates persons also stands between a name and its number, so the text is read from the left: a number belongs to the name before
it, and a name after a number begins another person.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bus.standards.names import HAN
from bus.standards.nulls import is_null_token


class Told(NamedTuple):
    """A person as written. `empty`: a word for "nothing" stood where the number belongs."""

    name: str | None
    number: str | None
    empty: bool = False


_SEPARATORS = ";；、,，/|\\n"
_NUMBER = (
    rf"(?<![A-Za-z])[A-Za-z]{{1,3}}\d{{6,12}}(?![0-9A-Za-z])"
    rf"|[0-9０-９][^\s{_SEPARATORS}()（）{HAN}]*(?:[ \t　]+[0-9０-９*＊][^\s{_SEPARATORS}()（）{HAN}]*)*"
)
_USUAL = re.compile(rf"([{HAN}]{{2,4}}) (\d{{17}}[0-9X])", re.ASCII)
_PIECE = re.compile(
    rf"(?P<number>{_NUMBER})|(?P<end>[{_SEPARATORS}]+)|(?P<word>[(（](?![^)）]*[0-9０-９]{{6}})[^)）]*[)）]|[^{_SEPARATORS}])"
)
_LISTED = re.compile(rf"(^|[{_SEPARATORS}\s])\s*[(（]?\d{{1,2}}[.．、)）]\s*(?=[{HAN}])|[①-⑳]")
_COUNT = re.compile(r"\s*(?:等|共|一家|及其他)*\s*[0-9０-９一二三四五六七八九十两几]{1,3}\s*(?:口人?|人)\s*$")
_KIN = "丈夫|妻子|妻|夫|配偶|爱人|父亲|母亲|父|母|儿子|女儿|长子|次子|长女|次女|子|女|儿|哥哥|弟弟|姐姐|妹妹|孙子|孙女|室友|同事|朋友|本人"
_KIN_BEFORE = re.compile(rf"(?:{_KIN})\s*[:：]\s*")
_KIN_AFTER = re.compile(rf"\s+(?:{_KIN})$")
_HAN_WORDS = re.compile(rf"[{HAN}]{{2,4}}(?:[ \t　]+[{HAN}]{{2,4}})+")
_EDGES = " \t　:：,，(（)）"


def people_of(text: str) -> list[Told]:
    """The persons of a cell, in their order. A mere count of people (`3人`) names nobody."""
    usual = [_USUAL.fullmatch(part) for part in text.split(";")]
    if all(usual):
        return [Told(one[1], one[2]) for one in usual if one]
    text = _COUNT.sub("", text)
    told: list[Told] = []
    name, number = "", None
    for piece in _PIECE.finditer(_LISTED.sub(r"\1", text)):
        if piece["word"] is not None:
            if number is not None:
                if not piece["word"].strip(_EDGES):
                    continue
                told += _persons(name, number)
                name, number = "", None
            name += piece["word"]
        elif piece["end"] is not None:
            if number is None and name.strip(_EDGES):
                told += _persons(name, None)
            elif number is not None:
                told += _persons(name, number)
            name, number = "", None
        elif number is None and not name.strip(_EDGES) and told and told[-1].number is None and not told[-1].empty:
            name, number = told.pop().name or "", piece["number"]  # `李四，3799…`
        else:
            number = piece["number"] if number is None else f"{number} {piece['number']}"
    return told + (_persons(name, number) if number is not None or name.strip(_EDGES) else [])


def _persons(written: str, number: str | None) -> list[Told]:
    """One name with its number; or several names apart by blanks, the last of which has it."""
    name = _KIN_AFTER.sub("", _KIN_BEFORE.sub("", written.strip().rstrip(" \t　:：,，(（").lstrip(" \t　:：,，)）")))
    words = name.split()
    empty = len(words) > 1 and is_null_token(words[-1])
    if empty:
        name = " ".join(words[:-1])
    if _HAN_WORDS.fullmatch(name):
        *others, name = name.split()
        return [*(Told(other, None) for other in others), Told(name, number, empty)]
    return [Told(name or None, number, empty)]
