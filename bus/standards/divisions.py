"""The city's divisions with their history: codes and names of today, what became of those of yesterday (GB/T 2260, GB/T 10114).

A table row is a name of a code in a span of time; `successor` names what a code or name was replaced by, several where it was split.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from bus.errors import ConfigRefused
from bus.standards.chinese_numbers import plain_text
from bus.standards.ids import PROVINCES
from bus.standards.nulls import BLANK
from bus.standards.reading import Reading

_NEVER = "9999-12-31"
_SUFFIXES = re.compile(r"(?:社区居委会|社区居民委员会|居民委员会|居委会|村民委员会|村委会|街道办事处|办事处|人民政府)$")
_BARE_SUFFIX = re.compile(r"(?:社区|街道|村|镇|乡)$")
_BETWEEN = re.compile(r"[|;,、\s]+")
_UNKNOWN: Reading[str] = Reading(None, ("DIV_UNKNOWN",))


class Division(NamedTuple):
    """A division's name and place in a span of time. code: 12 digits; valid_to: first day it no longer holds; successors: codes."""

    code: str
    name: str
    level: str
    parent: str
    valid_from: str
    valid_to: str
    successors: tuple[str, ...]

    def holds(self, day: str) -> bool:
        """Whether it is in force on an ISO day."""
        return self.valid_from <= day < self.valid_to


@dataclass(frozen=True, slots=True)
class Regions:
    """Six-digit regions a citizen number may begin with: the city's own, past ones too, and elsewhere any of an existing province."""

    own: frozenset[str]
    prefixes: frozenset[str]

    def __contains__(self, region: object) -> bool:
        if not isinstance(region, str):
            return False
        return region in self.own or (region[:4] not in self.prefixes and region[:2] in PROVINCES)


class Divisions:
    """Codes and names of the city. Immutable once made; safe to share and to memoize over."""

    def __init__(self, rows: Iterable[Mapping[str, str | None]]) -> None:
        """rows: code12, name, level, parent, valid_from, valid_to, successor (several joined by `|`). Raises `ConfigRefused`."""
        self._by_code: dict[str, list[Division]] = defaultdict(list)
        self._by_name: dict[str, list[Division]] = defaultdict(list)
        for number, row in enumerate(rows, 2):
            self._add(number, row)
        own = frozenset(code[:6] for code in self._by_code)
        self.regions = Regions(own, frozenset(r[:4] for r in own if r[2:] != "0000"))

    def _add(self, number: int, row: Mapping[str, str | None]) -> None:
        code, name = (row.get("code12") or "").strip(), (row.get("name") or "").strip()
        if not re.fullmatch(r"\d{12}", code) or not name:
            raise ConfigRefused(
                f"divisions, row {number}: a code of 12 digits and a name are needed",
                f"区划表第 {number} 行：应有 12 位代码和名称",
                place=f"divisions row {number}",
            )
        division = Division(
            code, name, row.get("level") or "", row.get("parent") or "", row.get("valid_from") or "", row.get("valid_to") or _NEVER,
            tuple(s for s in _BETWEEN.split(row.get("successor") or "") if s),
        )  # fmt: skip
        self._by_code[code].append(division)
        for form in {name, _SUFFIXES.sub("", name), _BARE_SUFFIX.sub("", _SUFFIXES.sub("", name))}:
            if len(form) > 1:
                self._by_name[form].append(division)

    @property
    def names(self) -> frozenset[str]:
        """Every full name there is or was."""
        return frozenset(d.name for spans in self._by_code.values() for d in spans)

    def read_code(self, text: str, on: date) -> Reading[str]:
        """The 12 digits in force on a day. 6 and 9 digits are filled up; DIV_OBSOLETE where its only successor stands in; DIV_UNKNOWN
        without value where it is in no table or has several successors.
        """
        code = text
        if len(code) != 12 or not code.isascii():
            code = BLANK.sub("", plain_text(text)).removesuffix(".0")
            if len(code) in (2, 4, 6, 9):
                code = code.ljust(12, "0")
        return self._in_force(code, on.isoformat())

    def read_grid(self, text: str, on: date, known: Container[str] | None = None) -> Reading[str]:
        """A grid code: community of 12 digits, kind, two of sequence. DIV_OBSOLETE with the community's successor in its place; or,
        where the grids in force are known and this is none of them, without value: which grid took its place is not said by the code.
        """
        code = BLANK.sub("", plain_text(text))
        if not re.fullmatch(r"\d{15}", code):
            return _UNKNOWN
        community = self._in_force(code[:12], on.isoformat())
        if community.value is None:
            return community
        grid = community.value + code[12:]
        if known is not None and grid not in known:
            return Reading(None, ("DIV_OBSOLETE",))
        return Reading(grid, community.codes)

    def _in_force(self, code: str, day: str) -> Reading[str]:
        spans = self._by_code.get(code)
        if spans is None:
            return _UNKNOWN
        if any(d.holds(day) for d in spans) or all(d.valid_from > day for d in spans):
            return Reading(code)
        ends = self._successors(code, day, set())
        return Reading(ends.pop(), ("DIV_OBSOLETE",)) if len(ends) == 1 else _UNKNOWN

    def _successors(self, code: str, day: str, seen: set[str]) -> set[str]:
        """Where the code led to, along the chain, in force on the day."""
        if code in seen:
            return set()
        seen.add(code)
        spans = self._by_code.get(code, [])
        if any(d.holds(day) for d in spans):
            return {code}
        return {end for d in spans for s in d.successors for end in self._successors(s, day, seen)}

    def today(self, division: Division) -> str | None:
        """The code in force that a division of any time became; None where it has no single successor."""
        if division.valid_to == _NEVER:
            return division.code
        ends = self._successors(division.code, "9999-12-30", set())
        return ends.pop() if len(ends) == 1 else None

    def named(self, name: str) -> list[Division]:
        """Every division that bears or bore the name."""
        return self._by_name.get(name, [])

    def is_within(self, code: str, ancestor: str) -> bool:
        """Whether a code is the ancestor or lies in it, by the parents of the table."""
        while code:
            if code == ancestor:
                return True
            spans = self._by_code.get(code)
            code = spans[-1].parent if spans else ""
        return False

    def path(self, code: str) -> list[Division]:
        """The division and what it lies in, the largest first, as they are called today."""
        out: list[Division] = []
        while code and code in self._by_code:
            out.append(max(self._by_code[code], key=lambda d: d.valid_to))
            code = out[-1].parent
        return out[::-1]

    def read_name(self, text: str, within: str | None = None) -> Reading[str]:
        """The code of a name, alone or as a path (`云溪街道望湖社区`). DIV_OBSOLETE for a former name; DIV_UNKNOWN where nothing, or more
        than one, fits. within: a 12-digit code it lies in.
        """
        plain = BLANK.sub("", plain_text(text))
        found = self._by_name.get(plain) or self._by_name.get(_SUFFIXES.sub("", plain))
        if not found:
            codes, rest = self.along(plain, within)
            return Reading(codes[0]) if len(codes) == 1 and not rest else _UNKNOWN
        return self._one(found, within)

    def _one(self, found: list[Division], within: str | None) -> Reading[str]:
        near = [d for d in found if within is None or self._near(d, within)] or [d for d in found if not within or d.valid_to != _NEVER]
        now = {d.code for d in near if d.valid_to == _NEVER}
        if within:
            now = {c for c in now if self.is_within(c, within)} or now
        if len(now) == 1:
            return Reading(now.pop())
        if now:
            return _UNKNOWN
        became = {self.today(d) for d in near}
        code = became.pop() if len(became) == 1 else None
        if code is None:
            return _UNKNOWN
        same_name = any(d.name == near[0].name and d.valid_to == _NEVER for d in self._by_code[code])
        return Reading(code, () if same_name else ("DIV_OBSOLETE",))

    def _near(self, division: Division, within: str) -> bool:
        today = self.today(division)
        return self.is_within(division.code, within) or (today is not None and self.is_within(today, within))

    def along(self, text: str, within: str | None = None) -> tuple[list[str], str]:
        """Names at the beginning of a text, each inside the one before: the codes of today that fit, and the rest of the text."""
        codes: list[str] = []
        rest = text
        while rest:
            step = self._longest(rest, codes, within)
            if step is None:
                break
            codes, length = step
            rest = rest[length:].lstrip(",，、 ")
        return codes, rest

    def _longest(self, text: str, outer: list[str], within: str | None) -> tuple[list[str], int] | None:
        names = self._full_names()
        for length in range(min(len(text), names[1]), 1, -1):
            if text[:length] not in names[0]:
                continue
            fits = self._inside([d for d in self._by_name[text[:length]] if d.name == text[:length]], outer, within)
            if fits:
                return fits, length
        return None

    def _inside(self, found: list[Division], outer: list[str], within: str | None) -> list[str]:
        """Codes of today of the divisions that lie in one of the outer ones (or, first of all, in `within` if any does)."""
        fits: dict[str, bool] = {}
        for division in found:
            code = self.today(division)
            if code and (not outer or any(self.is_within(code, o) or self.is_within(division.code, o) for o in outer)):
                fits[code] = within is None or self.is_within(code, within)
        near = [code for code, inside in fits.items() if inside]
        return near or list(fits)

    def _full_names(self) -> tuple[frozenset[str], int]:
        cached: tuple[frozenset[str], int] | None = getattr(self, "_names", None)
        if cached is None:
            names = self.names
            cached = self._names = (names, max(map(len, names), default=0))
        return cached
