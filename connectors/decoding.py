"""Bytes → text in the *declared* encoding, and whether the declaration can be true.

The encoding is never guessed: a guesser took a short GBK file for Korean. What is checked is only whether another reading is plainly
the right one (UTF-8's own structure cannot be met by chance in Chinese GB18030 text, and the other way round), and whether most of
the text is the known rubble of a wrong reading.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from bus.errors import FileRefused

BLOCK = 1 << 20
"""Bytes read at a time."""

LONGEST_LINE = 16 << 20
"""Characters without a line end after which the file is no text file."""

_SAMPLED = 300
_MOSTLY = 0.5
_BOMS = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF8, "UTF-8"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))
_CJK_IN_UTF8 = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}|[\xf0][\xa0-\xb3][\x80-\xbf]{2}")
_MULTIBYTE_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_NOT_ASCII_TEXT = re.compile("[^\x00-\x7f]")
_RUBBLE = re.compile("[锟斤拷烫屯\ufffdÃÂ¿½äåæçèé\x80-\x9f]")
_FEW = 3
"""Fewer garbled lines than this are damaged rows, not a damaged file."""


class Digest(Protocol):
    """A running hash, as of hashlib."""

    def update(self, data: bytes, /) -> None: ...


def normal_name(encoding: str) -> str:
    """Python's name of the encoding that is meant: GB2312 and GBK are read as GB18030, their superset (domain.md §2.7)."""
    name = codecs.lookup(encoding).name
    return "gb18030" if name in ("gb2312", "gbk", "cp936", "hz") else "utf-8" if name == "utf-8-sig" else name


class Blocks:
    """The lines of an open file, block by block, decoded; what cannot be decoded becomes U+FFFD in its own cell.

    After the last block `trailing` says what stood behind the end ("NUL", "Ctrl-Z" or "")."""

    def __init__(self, stream: BinaryIO, encoding: str, place: str, judge: Judge | None = None, digest: Digest | None = None) -> None:
        self._stream, self._place, self._judge, self._digest = stream, place, judge, digest
        self._encoding = normal_name(encoding)
        self._wide = self._encoding.startswith(("utf-16", "utf-32"))
        self.trailing = ""
        self.size = 0

    def __iter__(self) -> Iterator[list[str]]:
        decoder = codecs.getincrementaldecoder(self._encoding)("replace")
        rest, first, end = "", True, ""
        for block in self._bytes():
            text = decoder.decode(block)
            if first:
                text = text.removeprefix("\ufeff")
                end = "\r" if "\r" in text and "\n" not in text else "\n"
                first = False
            lines = (rest + text).split(end)
            rest = lines.pop()
            if len(rest) > LONGEST_LINE:
                raise FileRefused(
                    "A line of this file does not end; it is no text file of this layout.",
                    "文件中有一行没有结尾，不是该布局的文本文件。",
                    place=self._place,
                )
            if self._judge:
                self._judge.look(block, lines)
            if lines:
                yield lines
        rest += decoder.decode(b"", final=True)
        if rest:
            if self._judge:
                self._judge.look(b"", [rest])
            yield [rest]

    def _bytes(self) -> Iterator[bytes]:
        """The bytes without NULs and a DOS end mark behind the end."""
        held = b""
        while block := self._stream.read(BLOCK):
            self.size += len(block)
            if self._digest:
                self._digest.update(block)
            if self._wide:
                yield block
                continue
            kept = block.rstrip(b"\0\x1a")
            if kept:
                if held:
                    yield held
                yield kept
                held = block[len(kept) :]
            elif len(held) < 2 * BLOCK:
                held += block
        if held:
            self.trailing = "NUL" if b"\0" in held else "Ctrl-Z"


class Judge:
    """Looks at some lines of every block and refuses a file that is plainly in another encoding, or mostly garbled."""

    def __init__(self, encoding: str, place: str) -> None:
        self._declared = normal_name(encoding)
        self._place = place
        self._seen = self._foreign = self._rubble = 0
        self._line = 0
        self._first: int | None = None

    def start(self, head: bytes) -> None:
        """Look at the first bytes: a byte order mark of another encoding settles it."""
        for mark, name in _BOMS:
            if head.startswith(mark) and not self._declared.startswith(name.lower()):
                raise self._refused(name, 1)
        if not self._declared.startswith(("utf-16", "utf-32")) and b"\0" in head[:2]:
            raise self._refused("UTF-16", 1)

    def look(self, block: bytes, lines: list[str]) -> None:
        """Count what of this block reads better otherwise."""
        if self._declared not in ("utf-8", "gb18030"):
            self._line += len(lines)
            return
        for line in [part for part in block.split(b"\n")[1:-1] or block.split(b"\n") if _NOT_ASCII.search(part)][:_SAMPLED]:
            self._seen += 1
            self._foreign += self._is_foreign(line)
        looked = 0
        for number, text in enumerate(lines, self._line + 1):
            if text.isascii():
                continue
            if looks_garbled(text):
                self._rubble += 1
                self._first = self._first or number
            if (looked := looked + 1) >= _SAMPLED:
                break
        self._line += len(lines)

    def verdict(self) -> None:
        """Raises `FileRefused` when the declared encoding cannot be true."""
        if not self._seen:
            return
        if self._foreign > _MOSTLY * self._seen:
            raise self._refused("UTF-8" if self._declared == "gb18030" else "GB18030", self._first or 1)
        if self._rubble >= _FEW and self._rubble > _MOSTLY * self._seen:
            raise FileRefused(
                "MOJIBAKE: most of this file was garbled before it was handed over (read once in a wrong encoding and saved again).",
                "MOJIBAKE：该文件大部分为乱码（曾以错误编码打开并另存）。",
                place=f"{self._place}, line {self._first or 1}",
                hint="Export it again from the system; do not open and save it in between.",
                hint_zh="请从系统重新导出，中途不要打开另存。",
            )

    def _is_foreign(self, line: bytes) -> bool:
        if self._declared == "gb18030":
            return _decodes(line, "utf-8") and 2 * len(_CJK_IN_UTF8.findall(line)) > len(_MULTIBYTE_UTF8.findall(line))
        in_utf8 = sum(map(len, _CJK_IN_UTF8.findall(line)))
        return 2 * in_utf8 < len(_NOT_ASCII.findall(line)) and not _decodes(line, "utf-8") and _decodes(line, "gb18030")

    def _refused(self, found: str, line: int) -> FileRefused:
        declared = self._declared.upper()
        return FileRefused(
            f"MOJIBAKE: the file is in {found}, its contract says {declared}.",
            f"MOJIBAKE：文件编码为 {found}，契约规定为 {declared}。",
            place=f"{self._place}, line {line}",
            hint=f"Export it again in {declared}, or have the layout changed if the system now writes {found}.",
            hint_zh=f"请以 {declared} 重新导出；如系统已改用 {found}，请修改数据源布局。",
        )


def looks_garbled(text: str) -> bool:
    """Is a third of this text the rubble of a wrong reading (`锟斤拷`, replacement characters), or are its GB18030 bytes UTF-8 text?"""
    if 3 * len(_RUBBLE.findall(text)) > len(_NOT_ASCII_TEXT.findall(text)):
        return True
    try:
        again = text.encode("gb18030", "ignore")
    except UnicodeError:
        return False
    if not _decodes(again, "utf-8"):
        return False
    return len(_CJK_IN_UTF8.findall(again)) >= 2


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def open_file(path: Path) -> BinaryIO:
    """Open for reading. Raises `FileRefused` in plain words for a file of 0 bytes, a folder, or one that may not be read."""
    try:
        stream = path.open("rb")
        size = path.stat().st_size
    except OSError as error:
        raise FileRefused(
            f"The file cannot be opened ({error.strerror}).", f"无法打开文件（{error.strerror}）。", place=path.name,
            hint="Check that it is there, is no folder, and may be read; close it in Excel.",
            hint_zh="请确认文件存在、不是文件夹、有读取权限，并在 Excel 中关闭它。",
        ) from None  # fmt: skip
    if size == 0:
        stream.close()
        raise FileRefused("The file has 0 bytes.", "文件为 0 字节。", place=path.name)
    return stream
