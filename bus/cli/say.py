"""What people read: errors, tables, notes. All on standard error; results for programs on standard output."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from typer.exceptions import TyperException

from bus.errors import BusError, WrongUse

INTERRUPTED = 130
_INTERNAL = 1
_USAGE_ZH = {
    "NoArgsIsHelpError": "",
    "MissingParameter": "缺少必需的参数。",
    "BadParameter": "参数的值不正确。",
    "NoSuchOption": "没有这个选项。",
    "BadOptionUsage": "选项用法有误。",
    "UsageError": "命令或参数有误。",
}
"""Typer's kinds of wrong use, by name (its classes are private), the narrowest first. The first is none: it shows the help."""


def guarded(work: Callable[[], object]) -> int:
    """Run `work`; its exit status. Whatever goes wrong is said in one place: code, place, what, what to do; never a traceback."""
    try:
        status = work()
        sys.stdout.flush()
    except BusError as error:
        say_error(error)
        return error.exit_status
    except TyperException as error:
        if (usage := _of_usage(error)) is not None:
            say_error(usage)
        elif (show := getattr(error, "show", None)) is not None:
            show()
        return int(getattr(error, "exit_code", 2))
    except KeyboardInterrupt:
        note("Stopped. 已停止。")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has enough
        return 0
    except OSError as error:
        say_error(_of_system(error))
        return 4
    except Exception as error:
        return _say_fault(error)
    return status if isinstance(status, int) else 0


def _of_usage(error: TyperException) -> WrongUse | None:
    """A command line that cannot be read, as an error of ours; None for a request for help. What was typed too much is not said again: it
    may be a person's number."""
    kinds = [each.__name__ for each in type(error).__mro__]
    zh = next((text for kind, text in _USAGE_ZH.items() if kind in kinds), "")
    if not zh:
        return None
    said = error.format_message() if hasattr(error, "format_message") else str(error)
    if said.startswith("Got unexpected extra"):
        said = "There are more arguments than the command takes."
    where = getattr(getattr(error, "ctx", None), "command_path", "civicbus")
    return WrongUse(said, zh, place=where, hint=f"See {where} --help.", hint_zh=f"请查看 {where} --help。")


def say_error(error: BusError) -> None:
    """Print an error for a person: first in Chinese, then in English."""
    place = f" · {_one_line(error.place)}" if error.place else ""
    note(f"{error.code}{place}")
    note(f"  {_one_line(error.message_zh)} {_one_line(error.hint_zh)}")
    note(f"  {_one_line(error.message)} {_one_line(error.hint)}")


def note(text: str) -> None:
    """One line for a person."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def out(value: Any) -> None:
    """One line of JSON for a program."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for a person, on standard error; figures stand to the right."""
    shown = Table(title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    cells = [list(row) for row in rows]
    for at, column in enumerate(columns):
        figures = bool(cells) and all(isinstance(row[at], int) for row in cells)
        shown.add_column(column, justify="right" if figures else "left", overflow="fold")
    for row in cells:
        shown.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    wide = None if sys.stderr.isatty() else 200
    Console(stderr=True, width=wide, markup=False, highlight=False, emoji=False).print(shown)


def _of_system(error: OSError) -> BusError:
    said = BusError(
        f"The system refused: {error.strerror or type(error).__name__}.",
        f"系统拒绝操作：{error.strerror or type(error).__name__}。",
        place=str(error.filename or ""),
        hint="Check that it exists, is yours and that the disk is not full.",
        hint_zh="请检查其是否存在、权限是否正确、磁盘是否已满。",
    )
    said.code = "SYSTEM_REFUSED"
    return said


def _say_fault(error: Exception) -> int:
    """A fault of civicbus itself. The message of a foreign exception may hold a person's value, so only its kind and place are shown."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/bus/" in frame.filename or "/connectors/" in frame.filename] or frames
    last = ours[-1]
    said = BusError(
        f"civicbus has a fault: {type(error).__name__}.",
        f"civicbus 内部出错：{type(error).__name__}。",
        place=f"{Path(last.filename).name}:{last.lineno}",
        hint="Please report this line. CIVICBUS_DEBUG=1 shows more (which may hold values of persons).",
        hint_zh="请上报此行。CIVICBUS_DEBUG=1 可显示更多（可能含个人数据）。",
    )
    said.code = "INTERNAL"
    say_error(said)
    if os.environ.get("CIVICBUS_DEBUG") == "1":
        traceback.print_exception(error)
    return _INTERNAL


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
