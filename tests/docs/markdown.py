"""What stands in a document: its fenced blocks, and the test that a block which is not run here says it is covered by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
_FENCE = re.compile(r"(?:<!-- covered by (?P<covered>[^>]*?) -->\n)?```(?P<kind>[a-z]*)\n(?P<text>.*?)```", re.DOTALL)


class Block(NamedTuple):
    """One fenced block. `covered`: what its comment says, where it is not to be run by itself."""

    kind: str
    text: str
    covered: str | None

    @property
    def commands(self) -> list[str]:
        """Its lines without the comments behind them."""
        return [bare for line in self.text.splitlines() if (bare := re.sub(r"\s+# .*|^# .*", "", line).rstrip())]


def blocks(document: str) -> list[Block]:
    """All fenced blocks, in order."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [Block(found["kind"], found["text"], found["covered"]) for found in _FENCE.finditer(text)]


def console(document: str) -> list[Block]:
    """The blocks with commands."""
    return [block for block in blocks(document) if block.kind == "console"]
