"""Text lines → records of a delimited file. Pure; says of every record whether it is whole, and never lets a lost quote swallow a file.

RFC 4180 quoting (a quote inside a quoted cell is doubled), or MySQL's `SELECT … INTO OUTFILE` / `mysql --batch` escaping
(`\\t \\n \\\\ \\N`; MySQL manual, "SELECT ... INTO Statement"). A line ends at LF; a CR before it belongs to the end.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

OPEN_LINES = 1_000
"""A quoted cell over more lines than this is held to have lost its closing quote."""

OPEN_CHARACTERS = 1 << 20

csv.field_size_limit(16 << 20)  # the default of 128 KiB refuses a long appeal

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANING = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}
_TRAILING = re.compile(r"\\+$")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are parted: `quoted` by double quotes, or with `escape` before what would part them, or neither."""

    delimiter: str
    quoted: bool
    escape: str | None
    null: str


class Record(NamedTuple):
    """Cells in order; `whole` is False when quoting is broken (then the cells are a guess)."""

    cells: list[str]
    whole: bool


def split(lines: Iterator[list[str]], dialect: Dialect) -> Iterator[Record]:
    """Records of `lines` (blocks of lines without their LF), in order; a blank line is a record without cells."""
    reader = _Quoted(dialect) if dialect.quoted else _Escaped(dialect)
    for block in lines:
        yield from reader.feed(block)
    yield from reader.finish()


class _Escaped:
    """Cells without quotes: parted at every delimiter that has no backslash before it."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._cell = re.compile(rf"(?:[^{re.escape(dialect.delimiter)}\\]|\\.)*", re.DOTALL)
        self._open: list[str] = []

    def feed(self, block: list[str]) -> Iterator[Record]:
        escape, delimiter, null = self._dialect.escape, self._dialect.delimiter, self._dialect.null
        for line in block:
            text = line[:-1] if line.endswith("\r") else line
            if escape is None or ("\\" not in text and not self._open):
                cells = text.split(delimiter) if text else []
                yield Record([("" if c == null else c) for c in cells] if null and null in text else cells, True)
                continue
            if self._open:
                text = "\n".join([*self._open, text])
                self._open = []
            if (slashes := _TRAILING.search(text)) and len(slashes[0]) % 2 and text.count("\n") < OPEN_LINES:
                self._open = [text]
                continue
            yield Record([_unescape(c, null) for c in self._parts(text)], True)

    def finish(self) -> Iterator[Record]:
        if self._open:
            yield Record([_unescape(c, self._dialect.null) for c in self._parts(self._open[0])], False)

    def _parts(self, text: str) -> list[str]:
        if "\\" + self._dialect.delimiter not in text:
            return text.split(self._dialect.delimiter)
        parts, at = [], 0
        while True:
            found = self._cell.match(text, at)
            end = found.end() if found else len(text)
            parts.append(text[at:end])
            if end >= len(text):
                return parts
            at = end + 1 if text[end] == self._dialect.delimiter else len(text)


def _unescape(cell: str, null: str) -> str:
    if "\\" not in cell:
        return cell
    return "" if cell == null else _ESCAPED.sub(lambda m: _MEANING.get(m[1], m[1]), cell)


def _lines(text: str) -> list[str]:
    """As the C reader wants them: each with its own LF. (`str.splitlines` would also part at U+2028, form feeds and more.)"""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + parts[-1:]


class _Quoted:
    """RFC 4180. Lines with an even number of quotes go through the C reader in one block; an odd one opens a cell over several lines."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._width = 0
        self._open: list[str] = []

    def feed(self, block: list[str]) -> Iterator[Record]:
        pending = [*self._open, *block] if self._open else block
        self._open = []
        start, at = 0, 0
        while at < len(pending):
            if not self._odd(pending[at]):
                at += 1
                continue
            yield from self._simple(pending[start:at])
            taken, records = self._opened(pending, at, last=False)
            if not taken:
                self._open = pending[at:]
                return
            yield from records
            start = at = at + taken
        yield from self._simple(pending[start:])

    def finish(self) -> Iterator[Record]:
        pending, at = self._open, 0
        while at < len(pending):
            if not self._odd(pending[at]):
                yield from self._simple(pending[at : at + 1])
                at += 1
                continue
            taken, records = self._opened(pending, at, last=True)
            yield from records
            at += taken

    def _odd(self, line: str) -> bool:
        if self._dialect.escape and "\\" in line:
            line = _ESCAPED.sub("", line)
        return line.count('"') % 2 == 1

    def _simple(self, lines: list[str]) -> Iterator[Record]:
        """Lines that are one record each, unless a quote inside an unquoted cell deceives (`a"b,"c`)."""
        at = 0
        while at < len(lines):
            reader = self._csv(lines[at:] if at else lines)
            done = 0
            with suppress(csv.Error):  # the line it stopped at is broken: below
                for cells in reader:
                    if reader.line_num != done + 1:
                        break
                    done += 1
                    if not self._width and len(cells) > 1:
                        self._width = len(cells)
                    yield Record(cells, True)
            at += done
            if at < len(lines):
                yield self._broken(lines[at])
                at += 1

    def _opened(self, lines: list[str], at: int, last: bool) -> tuple[int, list[Record]]:
        """The record that opens at `lines[at]`: how many lines it takes (0: more are needed to tell) and what it is."""
        size, whole_looking = 0, 0
        for end in range(at + 1, len(lines) + 1):
            size += len(lines[end - 1])
            if end > at + 1 and not whole_looking and self._parse(lines[end - 1]) is not None:
                whole_looking = end - 1
            if end > at + 1 and self._odd(lines[end - 1]):
                joined = "\n".join(lines[at:end])
                if (cells := self._parse(joined)) is not None:
                    return end - at, [Record(cells, True)]
                until = whole_looking or (end if self._loose(joined) else at + 1)
                return until - at, [self._broken("\n".join(lines[at:until]))]
            if end - at > OPEN_LINES or size > OPEN_CHARACTERS:
                until = whole_looking or at + 1
                return until - at, [self._broken("\n".join(lines[at:until]))]
        if not last:
            return 0, []
        until = whole_looking or at + 1
        return until - at, [self._broken("\n".join(lines[at:until]))]

    def _parse(self, text: str) -> list[str] | None:
        """The cells when `text` is one well-quoted record as wide as the first one."""
        if self._odd(text):
            return None
        try:
            found: list[list[str]] = list(self._csv(_lines(text)))
        except csv.Error:
            return None
        if len(found) != 1 or len(found[0]) < 2 or (self._width and len(found[0]) != self._width):
            return None
        self._width = len(found[0])
        return found[0]

    def _loose(self, text: str) -> bool:
        """Well quoted, if of another width: then it is one record with the wrong number of cells."""
        try:
            return len(list(self._csv(_lines(text)))) == 1
        except csv.Error:
            return False

    def _broken(self, text: str) -> Record:
        return Record(text.rstrip("\r\n").split(self._dialect.delimiter), False)

    def _csv(self, lines: list[str]) -> csv._reader:  # type: ignore[name-defined]
        d = self._dialect
        return csv.reader(lines, delimiter=d.delimiter, escapechar=d.escape, doublequote=True, strict=True)
