"""A header row → which column each cell of the file belongs to. Pure: names are matched, whatever their order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bus.errors import FileRefused
from bus.publish.source import FileNote

_INVISIBLE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Columns:
    """What a dataset's file should hold: all column names in order, those without which the file is refused."""

    dataset: str
    names: tuple[str, ...]
    key: tuple[str, ...]
    _by_form: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_form", {form(name): name for name in self.names})

    def known(self, cell: str) -> str | None:
        """The column that a header cell means, None when none."""
        return self._by_form.get(form(cell))


@dataclass(frozen=True, slots=True)
class Header:
    """The column of each cell, in the file's order; `extra` are those the dataset does not know."""

    columns: tuple[str, ...]
    extra: frozenset[str]
    notes: tuple[FileNote, ...]

    def repeats(self, cells: Sequence[str]) -> bool:
        """Is this row the header once more?"""
        return len(cells) > 1 and all(form(c) == form(name) for c, name in zip(cells, self.columns, strict=False)) and any(cells)


def form(cell: str) -> str:
    """A header cell without what typing adds: full-width forms, spaces, marks, letter case."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", cell)).casefold()


def fits(cells: Iterable[str], columns: Columns) -> bool:
    """Does this row look like the header of the dataset? (At least half of the columns stand in it.)"""
    return len({name for c in cells if (name := columns.known(c))}) >= max(1, _ENOUGH * len(columns.names))


def read_header(cells: Sequence[str], columns: Columns, place: str) -> Header:
    """The header in `cells`. Raises `FileRefused` when it is another table's, or a key column is missing or stands twice."""
    if not fits(cells, columns):
        found = ", ".join(c.strip()[:20] for c in cells[:3] if columns.known(c)) or "-"
        raise FileRefused(
            f"The header is not that of {columns.dataset}: fewer than half of its columns are there (known: {found}).",
            f"表头与 {columns.dataset} 不符：应有列不足一半（能识别的：{found}）。",
            place=place,
            hint=f"Expected columns: {', '.join(columns.names[:8])} … Is it another dataset's file, or is the header row missing?",
            hint_zh=f"应有列：{'、'.join(columns.names[:8])}……请确认是否拿错文件或缺少表头行。",
        )
    names: list[str] = []
    extra: list[str] = []
    twice: list[str] = []
    for position, cell in enumerate(cells, 1):
        name = columns.known(cell)
        if name is not None and name in names:
            twice.append(name)
            name = None
        if name is None:
            name = _unused(_INVISIBLE.sub(" ", cell).strip() or f"column {position}", names)
            extra.append(name)
        names.append(name)
    missing = [name for name in columns.names if name not in names]
    _refuse_without_key([k for k in columns.key if k in missing], [k for k in columns.key if k in twice], columns, place)
    return Header(tuple(names), frozenset(extra), _notes(missing, twice, extra))


def _unused(name: str, names: list[str]) -> str:
    count, free = 2, name
    while free in names:
        free, count = f"{name} ({count})", count + 1
    return free


def _refuse_without_key(missing: list[str], twice: list[str], columns: Columns, place: str) -> None:
    if missing:
        raise FileRefused(
            f"The key column {', '.join(missing)} of {columns.dataset} is missing.", f"{columns.dataset} 缺少主键列 {'、'.join(missing)}。",
            place=place, hint="Without it no row can be told from another; export the file again with it.",
            hint_zh="缺少主键列无法区分各行，请重新导出。",
        )  # fmt: skip
    if twice:
        raise FileRefused(
            f"The key column {', '.join(twice)} stands twice in the header.", f"表头中主键列 {'、'.join(twice)} 重复。", place=place
        )


def _notes(missing: list[str], twice: list[str], extra: list[str]) -> tuple[FileNote, ...]:
    notes = [FileNote("FILE_SHAPE", n, f"the column {n} is missing", f"缺少列 {n}") for n in missing]
    notes += [FileNote("FILE_SHAPE", n, f"the column {n} stands twice; the first is used", f"列 {n} 重复，取第一列") for n in twice]
    notes += [
        FileNote("FILE_SHAPE", n, f"the column {n} is not in the contract; it is carried on as it is", f"列 {n} 不在契约中，按原样保留")
        for n in extra
    ]
    return tuple(notes)
