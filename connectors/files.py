"""A path and a contract → the source that reads it. What a person may have meant by a path that is no file of the dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bus.contracts.catalog import Contract
from bus.errors import FileRefused, WrongUse
from bus.publish.source import Source
from connectors.base import Layout, read_layout
from connectors.delimited import DelimitedFile
from connectors.header import Columns
from connectors.workbook import Workbook


def columns_of(contract: Contract, layout: Layout) -> Columns:
    """All columns the file should have, those never published among them, and those it cannot do without."""
    key = dict.fromkeys((*contract.key, *layout.required))
    return Columns(contract.dataset, (*contract.columns, *contract.dropped), tuple(key))


def open_source(path: Path, raw_layout: Mapping[str, Any], contract: Contract, progress: Callable[[int], None] | None = None) -> Source:
    """The source for `path`. Raises `WrongUse` for a path that is not there or a folder, `ConfigRefused` for a wrong layout."""
    layout = read_layout(raw_layout, contract.dataset)
    if path.is_dir():
        fitting = sorted(p.name for p in path.iterdir() if p.is_file() and p.suffix.lower() == Path(layout.file).suffix.lower())
        names = ", ".join(fitting[:5]) or layout.file
        raise WrongUse(
            "This is a folder, not a file.", "这是目录，不是文件。", place=str(path),
            hint=f"Name the file in it: {names}.", hint_zh=f"请指明其中的文件：{names}。",
        )  # fmt: skip
    if not path.exists():
        near = sorted(p.name for p in path.parent.iterdir() if p.suffix == path.suffix)[:5] if path.parent.is_dir() else []
        there = f" In {path.parent} there are: {', '.join(near)}." if near else ""
        raise WrongUse(
            "There is no such file.", "文件不存在。", place=str(path), hint=f"Check the path.{there}",
            hint_zh=f"请检查路径。{'该目录下有：' + '、'.join(near) + '。' if near else ''}",
        )  # fmt: skip
    _refuse_when_open(path)
    columns = columns_of(contract, layout)
    if layout.format == "workbook":
        return Workbook(path, layout, columns, progress)
    return DelimitedFile(path, layout, columns, progress)


def _refuse_when_open(path: Path) -> None:
    """Raise `FileRefused` when Excel, WPS or LibreOffice has the file open: what is on the disk is not what its owner sees."""
    marks = (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")
    for mark in marks:
        if path.with_name(mark).exists() and mark != path.name:
            raise FileRefused(
                "The file is open in a spreadsheet program.", "该文件正在表格软件中打开。", place=path.name,
                hint=f"Save and close it; if nobody has it open, delete {mark} beside it.",
                hint_zh=f"请保存并关闭；如确无人打开，请删除同目录下的 {mark}。",
            )  # fmt: skip
