"""What became of a file, for the person who sent it: counts, and every row that was not clean with its reason and cure."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from bus.errors import WrongUse
from bus.publish.source import FileNote
from bus.quality import CODES

_SHOWN = 20
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_TITLES = (
    ("file", "文件"), ("sheet", "工作表"), ("row", "行"), ("column", "列"), ("code", "代码"), ("severity", "级别"),
    ("reason_zh", "原因"), ("cure_zh", "处理办法"), ("reason", "reason"), ("cure", "cure"),
)  # fmt: skip


_REPEATED = {
    "reason_zh": "与本文件前面一行主键、内容均相同，未重复发布。",
    "cure_zh": "无需处理；导出时可去重。",
    "reason": "The same key and the same content as an earlier row of this file; it was not published again.",
    "cure": "Nothing need be done; the export may leave it out.",
}


class RowNote(NamedTuple):
    """One finding of a row at publish. Never a value of it."""

    file: str
    sheet: str | None
    row: int
    column: str | None
    code: str
    severity: str

    def explained(self) -> dict[str, str | int | None]:
        """With reason and cure in both languages."""
        if self.code == "DUP_PK" and self.severity == "info":
            return {**self._asdict(), **_REPEATED}
        code = CODES[self.code]
        return {**self._asdict(), "reason_zh": code.zh, "cure_zh": code.cure_zh, "reason": code.en, "cure": code.cure_en}


@dataclass(slots=True)
class Report:
    """The counts of one file. `earlier`: rows that an interrupted attempt had done already; `repeated`: rows met twice in
    the file with the same content (unchanged, too). On a dry run `created` is what could go out."""

    dataset: str
    delivery: str
    file: str
    dry_run: bool = False
    read: int = 0
    not_data: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    earlier: int = 0
    repeated: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    notes: tuple[FileNote, ...] = ()
    rows: list[RowNote] = field(default_factory=list)

    @property
    def published(self) -> int:
        """Rows that went out."""
        return self.created + self.changed

    @property
    def balanced(self) -> bool:
        """Every row read has exactly one outcome."""
        return self.read == self.earlier + self.not_data + self.published + self.unchanged + self.refused

    def keep(self, note: RowNote) -> None:
        """Remember the first few findings for the summary on the terminal."""
        if len(self.rows) < _SHOWN:
            self.rows.append(note)

    def summary(self) -> dict[str, Any]:
        """The counts as plain values."""
        names = (
            "dataset",
            "delivery",
            "file",
            "dry_run",
            "read",
            "not_data",
            "published",
            "created",
            "changed",
            "unchanged",
            "refused",
            "earlier",
            "repeated",
        )
        return {
            **{name: getattr(self, name) for name in names},
            "reasons": dict(self.reasons.most_common()),
            "notes": [note._asdict() for note in self.notes],
        }


class Sink(Protocol):
    """Where findings of rows go, one by one, so that a million of them need no memory."""

    def row(self, note: RowNote) -> None: ...

    def file(self, report: Report) -> None: ...


class Nowhere:
    """No report file was asked for."""

    def row(self, note: RowNote) -> None: ...

    def file(self, report: Report) -> None: ...


@contextmanager
def report_file(path: Path | None) -> Iterator[Sink]:
    """A sink that writes `path` (.xlsx, .csv or .json), whole or not at all. Raises `WrongUse` for another ending or a missing folder."""
    if path is None:
        yield Nowhere()
        return
    kinds: dict[str, type[_Xlsx] | type[_Csv] | type[_Json]] = {".xlsx": _Xlsx, ".csv": _Csv, ".json": _Json}
    kind = kinds.get(path.suffix.lower())
    if kind is None or not path.parent.is_dir() or path.is_dir():
        raise WrongUse(
            "The report must be a .xlsx, .csv or .json file in a folder that exists.",
            "报告须为已有目录中的 .xlsx、.csv 或 .json 文件。",
            place=str(path),
        )
    partial = path.with_name(f".{path.name}.partial")
    try:
        sink = kind(partial)
        try:
            yield sink
        finally:
            sink.close()
        partial.replace(path)
    except OSError as error:
        raise WrongUse(
            f"The report cannot be written ({error.strerror}).", f"无法写入报告（{error.strerror}）。", place=str(path)
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def harmless(value: object) -> object:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV Injection): an apostrophe before what would begin one."""
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


class _Xlsx:
    def __init__(self, path: Path) -> None:
        from openpyxl import Workbook  # a quarter of a second that only who asks for a workbook should wait

        self._path, self._book = path, Workbook(write_only=True)
        self._rows = self._book.create_sheet("问题行 rows")
        self._rows.append([f"{zh} {en}" for en, zh in _TITLES])
        self._files = self._book.create_sheet("文件 files")
        self._files.append(
            ["file", "dataset", "read 读取", "not_data 非数据", "published 发布", "unchanged 未变", "refused 拒收", "notes 说明"]
        )

    def row(self, note: RowNote) -> None:
        said = note.explained()
        self._rows.append([harmless(said[en]) for en, _ in _TITLES])

    def file(self, report: Report) -> None:
        notes = "; ".join(f"{n.message_zh} {n.message}" for n in report.notes)
        counts = (report.read, report.not_data, report.published, report.unchanged, report.refused)
        self._files.append([harmless(report.file), report.dataset, *counts, harmless(notes)])

    def close(self) -> None:
        self._book.save(self._path)


class _Csv:
    def __init__(self, path: Path) -> None:
        self._stream = path.open("w", encoding="utf-8-sig", newline="")
        self._out = csv.writer(self._stream)
        self._out.writerow([en for en, _ in _TITLES])

    def row(self, note: RowNote) -> None:
        said = note.explained()
        self._out.writerow([harmless(said[en]) for en, _ in _TITLES])

    def file(self, report: Report) -> None:
        for note in report.notes:
            line = {
                "file": report.file,
                "column": note.column,
                "code": note.code,
                "severity": "warn",
                "reason_zh": note.message_zh,
                "reason": note.message,
            }
            self._out.writerow([harmless(line.get(en)) for en, _ in _TITLES])

    def close(self) -> None:
        self._stream.close()


class _Json:
    def __init__(self, path: Path) -> None:
        self._stream = path.open("w", encoding="utf-8")
        self._stream.write('{"rows": [')
        self._before = "\n"
        self._files: list[dict[str, Any]] = []

    def row(self, note: RowNote) -> None:
        self._stream.write(self._before + json.dumps(note.explained(), ensure_ascii=False))
        self._before = ",\n"

    def file(self, report: Report) -> None:
        self._files.append(report.summary())

    def close(self) -> None:
        self._stream.write('\n], "files": ' + json.dumps(self._files, ensure_ascii=False) + "}\n")
        self._stream.close()
