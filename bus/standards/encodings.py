"""Decoding what departments write: GB18030 with the characters that CPython's codec still puts in the private-use area, UTF-8; and finding
text that was decoded wrongly before it reached us (domain facts §0.6, §2.7).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

_FIX = {
    0xE78D: 0xFE10, 0xE78E: 0xFE12, 0xE78F: 0xFE11, 0xE790: 0xFE13, 0xE791: 0xFE14, 0xE792: 0xFE15, 0xE793: 0xFE16, 0xE794: 0xFE17,
    0xE795: 0xFE18, 0xE796: 0xFE19, 0xE7C7: 0x1E3F, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7, 0xE832: 0x9FB8,
    0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE864: 0x9FBB,
}  # fmt: skip
"""CPython decodes GB18030-2000; these nineteen have had code points of their own since (GB 18030-2022; the glyphs are the same)."""
_NAMES = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "ms936": "gb18030", "zhs16gbk": "gb18030", "utf8": "utf-8"}


class IncrementalDecoder:
    """Bytes in pieces of any size → text; strict: raises `UnicodeDecodeError` at the first byte that is not of the encoding."""

    def __init__(self, name: str) -> None:
        self._inner = codecs.getincrementaldecoder(name)("strict")
        self._fix = _FIX if name == "gb18030" else None

    def decode(self, piece: bytes, final: bool = False) -> str:
        """The text of the bytes so far; `final` raises if they end inside a character."""
        text = self._inner.decode(piece, final)
        return text.translate(self._fix) if self._fix and not text.isascii() else text


def decoder(name: str) -> IncrementalDecoder:
    """A decoder for a declared encoding. GBK, GB2312 and their aliases are read as GB18030, which holds them: `gb2312` would make the name
    dot another character, and `cp936` cannot read byte 80. A BOM of UTF-8 is taken off. Raises `LookupError` for an unknown name.
    """
    plain = name.strip().lower().replace("_", "-")
    plain = _NAMES.get(plain.replace("-", ""), plain)
    return IncrementalDecoder("utf-8-sig" if plain == "utf-8" else plain)


def decode(piece: bytes, name: str) -> str:
    """The text of whole bytes. Raises `UnicodeDecodeError`."""
    return decoder(name).decode(piece, True)


_SURE = re.compile("\ufffd|锟斤拷|锟絔|锘縟|烫烫烫|屯屯屯|[\x80-\x9f]")
_LEADS = frozenset(bytes((lead, trail)).decode("gb18030") for lead in range(0xE4, 0xEA) for trail in range(0x80, 0xC0))
"""Characters that the first two UTF-8 bytes of a Han character become when they are read as GBK: one of them is in all such text."""
_TRAIL = "\x80-¿‚-›ˆ˜™€Œ-žƒ"
_LATIN = re.compile(f"(?:[À-ï][{_TRAIL}][{_TRAIL} ]?){{2,}}")
_HAN = re.compile("[㐀-䶿\u4e00-\u9fff]")
_CJK = re.compile("[\u3000-\u303f㐀-䶿\u4e00-\u9fff\uff00-\uffef]")


def looks_garbled(text: str) -> bool:
    """Whether a cell was visibly decoded wrongly: `锟斤拷`, `闃垮崪`, replacement characters, `å¼ ä¸‰`, `????`."""
    if text.isascii():
        return len(text) > 1 and text.count("?") * 2 >= len(text.strip()) and not text.strip("? ")
    if _SURE.search(text) or _LATIN.search(text):
        return True
    lost = text.count("?") + text.count("\u25a1")
    if lost > 1 and "??" in text and lost * 2 >= len(text):
        return True
    return not _LEADS.isdisjoint(text) and _reads_as_utf8(text)


def _reads_as_utf8(text: str) -> bool:
    """Whether the text, written back as GBK, is for the most part UTF-8 of other Han characters and signs: true text hardly ever is.
    Digits and letters were the same in both and do not count."""
    try:
        raw = text.encode("gb18030")
    except UnicodeEncodeError:
        return False
    other = raw.decode("utf-8", "ignore")
    odd = sum(byte > 0x7F for byte in raw)
    return len(_HAN.findall(other)) >= 2 and len(_CJK.findall(other)) * 4 >= odd


def garbled_share(cells: Iterable[str]) -> float:
    """Of the cells that are not plain ASCII, the share that looks wrongly decoded: over a half, the file as a whole is."""
    seen = odd = 0
    for cell in cells:
        if cell.isascii():
            continue
        seen += 1
        odd += looks_garbled(cell)
    return odd / seen if seen else 0.0
