"""What is wrong with an agreement: where, what, and what to do. All of it at once, not the first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bus.errors import ConfigRefused


class Problem(NamedTuple):
    """`line`: in the file, from 1. `path`: as `rows.grids.0`. What is wrong, and the cure, in English and in Chinese."""

    line: int
    path: str
    en: str
    zh: str
    cure_en: str
    cure_zh: str


class AgreementRefused(ConfigRefused):
    """The agreement cannot be used as it stands."""

    code = "AGREEMENT_REFUSED"
    zh = "共享协议不可用。"
    hint = "Mend the lines named and try again."
    hint_zh = "请修正所列各行后重试。"

    def __init__(self, problems: Iterable[Problem], place: str) -> None:
        self.problems: Sequence[Problem] = tuple(sorted(problems))
        first = self.problems[0]
        more, more_zh = (
            (f" (and {len(self.problems) - 1} more)", f"（另有 {len(self.problems) - 1} 处）") if self.problems[1:] else ("", "")
        )
        super().__init__(
            f"{first.path}: {first.en}{more}",
            f"{first.path}：{first.zh}{more_zh}",
            place=f"{place}:{first.line}",
            hint=first.cure_en,
            hint_zh=first.cure_zh,
        )
