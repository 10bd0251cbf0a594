"""Shared events to a file, as lines of JSON or rows of CSV; the position stands in the file itself, in what it is the position of.

    events.jsonl    one event a line; what comes after the last whole line was not done and is cut off
    events.csv      one event a row; cells that a spreadsheet would run as a formula begin with an apostrophe (OWASP, CSV injection)

Each row has partition and offset, so the position is read off the file: there is no second file that could say otherwise.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bus.errors import FileRefused
from bus.sharing.follow import Event
from connectors.sinks import Closing, as_json, flat

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_HEAD = ("partition", "offset", "at", "subject", "operation", "event_id", "corrects", "disputed", "formerly", "becomes")


class LinesSink(Closing):
    """A file to which whole lines are added. `offset_of`: a line without its end → (partition, offset), None for a heading."""

    def __init__(self, path: Path, offset_of: Callable[[str], tuple[int, int] | None], heading: str = "") -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._positions = self._read(offset_of)
        if heading and not os.fstat(self._file).st_size:
            self._write(heading)

    def positions(self) -> dict[int, int]:
        """Partition → the next offset."""
        return dict(self._positions)

    def take(self, partition: int, events: Sequence[Event], next_offset: int) -> None:
        """Add a line for each event; they are on disk when this returns."""
        if events:
            self._write("".join(map(self.line, events)))
        self._positions[partition] = next_offset

    def line(self, event: Event) -> str:
        """An event as a line with its end."""
        return json.dumps(as_json(event), ensure_ascii=False, separators=(",", ":")) + "\n"

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _write(self, text: str) -> None:
        left = memoryview(text.encode("utf-8", "surrogatepass"))
        while left:
            left = left[os.write(self._file, left) :]
        os.fsync(self._file)

    def _read(self, offset_of: Callable[[str], tuple[int, int] | None]) -> dict[int, int]:
        """The positions by the lines there are; half a line at the end is cut off."""
        positions: dict[int, int] = {}
        whole = 0
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    found = offset_of(line.decode("utf-8", "surrogatepass"))
                except (ValueError, KeyError, IndexError, TypeError):
                    raise self._foreign(number) from None
                if found is not None:
                    positions[found[0]] = max(found[1] + 1, positions.get(found[0], 0))
                whole += len(line)
        os.ftruncate(self._file, whole)
        return positions

    def _foreign(self, line: int) -> FileRefused:
        return FileRefused(
            "This file holds something else than events of an agreement.",
            "该文件含有非协议事件的内容。",
            place=f"{self._path.name}:{line}",
            hint="Name a new file.",
            hint_zh="请另指定文件。",
        )


def jsonl_sink(path: Path) -> LinesSink:
    """JSON lines."""

    def offset_of(line: str) -> tuple[int, int]:
        said = json.loads(line)
        return int(said["partition"]), int(said["offset"])

    return LinesSink(path, offset_of)


class CsvSink(LinesSink):
    """CSV in UTF-8 with BOM, as spreadsheets open it. `fields`: the granted fields in the order of the contract, addresses by parts."""

    def __init__(self, path: Path, fields: Sequence[str]) -> None:
        self._fields = tuple(fields)
        super().__init__(path, _csv_offset, "\ufeff" + _row([*_HEAD, *self._fields]))

    def line(self, event: Event) -> str:
        """An event as a row."""
        cells = flat(event.fields)
        head = (event.partition, event.offset, event.at, event.subject, event.operation, event.event_id)
        lists = (" ".join(event.corrects), " ".join(event.disputed))
        return _row([*head, *lists, event.formerly, event.becomes, *(cells.get(name) for name in self._fields)])


def _csv_offset(line: str) -> tuple[int, int] | None:
    partition, offset, *_ = next(csv.reader([line.lstrip("\ufeff")]))
    return None if partition == _HEAD[0] else (int(partition), int(offset))


def _row(cells: Sequence[Any]) -> str:
    """One physical line: line breaks inside a cell become blanks."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(list(map(_safe, cells)))
    return written.getvalue()


def _safe(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    plain = " ".join(cell.splitlines()) if "\n" in cell or "\r" in cell else cell
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
