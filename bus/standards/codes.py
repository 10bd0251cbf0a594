"""Code lists: national ones and each department's own, older codes and words translated (CODE_MAPPED)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bus import yaml_file
from bus.errors import ConfigRefused
from bus.standards.chinese_numbers import plain_text
from bus.standards.reading import Reading


class CodeList:
    """Codes in force with their names, and what older codes and words mean. Immutable; a lookup is one step."""

    __slots__ = ("_older", "codes", "name")

    def __init__(self, name: str, codes: Mapping[str, str], older: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.codes = dict(codes)
        self._older = {word: code for code, word in codes.items() if word != code} | dict(older or {})
        unknown = sorted(set(self._older.values()) - set(self.codes))
        if unknown:
            raise ConfigRefused(
                f"code list {name}: older codes lead to codes that are not in force: {', '.join(unknown)}",
                f"代码表 {name}：旧代码指向不存在的代码：{', '.join(unknown)}",
                place=name,
            )

    @classmethod
    def load(cls, path: Traversable | Path) -> CodeList:
        """A list from a file: YAML with `codes` and `older` (code → list of words), or CSV with the columns code, name and
        older (words and older codes joined by `|`).

        Raises `ConfigRefused` for a file that is not such a list.
        """
        text = path.read_text(encoding="utf-8-sig")
        name = path.name.rpartition(".")[0]
        if path.name.endswith(".csv"):
            rows = list(csv.DictReader(text.splitlines()))
            if not rows or None in rows[0] or not {"code", "name"} <= set(rows[0]):
                raise ConfigRefused(f"code list {name}: no columns code and name", f"代码表 {name} 缺少 code、name 列", place=name)
            older = {word: row["code"] for row in rows for word in (row.get("older") or "").split("|") if word}
            return cls(name, {row["code"]: row["name"] for row in rows}, older)
        return cls.parse(name, yaml_file.parsed(text))

    @classmethod
    def parse(cls, name: str, given: Any) -> CodeList:
        """A list from `{"codes": {code: name}, "older": {code: [words]}}`. Raises `ConfigRefused` for another shape."""
        try:
            codes = {str(code): str(word) for code, word in given["codes"].items()}
            older = {str(word): str(code) for code, words in (given.get("older") or {}).items() for word in words}
        except (AttributeError, KeyError, TypeError) as error:
            raise ConfigRefused(f"code list {name}: not a list of codes", f"代码表 {name} 格式不对", place=name) from error
        return cls(name, codes, older)

    def read(self, text: str) -> Reading[str]:
        """The code in force. CODE_MAPPED where it was an older code, a word, or lacked its leading zero; CODE_UNKNOWN without value."""
        if text in self.codes:
            return Reading(text)
        plain = text.strip()
        if plain in self.codes:
            return Reading(plain)
        code = self._older.get(plain) or self._other_form(plain_text(text))
        return Reading(code, ("CODE_MAPPED",)) if code else Reading(None, ("CODE_UNKNOWN",))

    def _other_form(self, plain: str) -> str | None:
        """Full-width, lower case, without its leading zero, or `1.0` from a number cell."""
        if plain.endswith(".0"):
            plain = plain[:-2]
        for form in (plain, plain.upper(), plain.zfill(2) if plain.isdecimal() else plain):
            if form in self.codes:
                return form
            if form in self._older:
                return self._older[form]
        return None
