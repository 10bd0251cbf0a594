"""What is no workbook, or would unpack to too much, is refused before anything of it is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from bus.errors import FileRefused
from connectors.decoding import open_file

MAX_UNPACKED = 512 << 20
"""Bytes that a workbook may unpack to; a sheet of a million rows belongs into a CSV."""

MAX_RATIO = 300
MAX_PARTS = 5_000
_ZIP = b"PK\x03\x04"
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
"""An .xls of Excel 97-2003, or an .xlsx locked by a password: both are OLE containers."""


def refuse_what_is_no_workbook(path: Path) -> None:
    """Raises `FileRefused` for a lock file, an .xls, a password, another format under the name of .xlsx, a zip bomb."""
    with open_file(path) as stream:
        head = stream.read(8)
        if path.name.startswith("~$"):
            raise FileRefused(
                "This is the lock file that Excel leaves while a workbook is open.", "这是 Excel 打开文件时的临时锁文件，不是工作簿。",
                place=path.name, hint=f"Close Excel and publish {path.name[2:]}.", hint_zh=f"请关闭 Excel 后发布 {path.name[2:]}。",
            )  # fmt: skip
        if head == _OLE:
            raise _old_or_locked(path)
        stream.seek(0)
        try:
            with zipfile.ZipFile(stream) as parts:
                infos = parts.infolist()
        except (zipfile.BadZipFile, ValueError, OSError):
            if head.startswith(_ZIP):
                raise FileRefused(
                    "The workbook is damaged: its end is missing.", "工作簿已损坏：文件末尾缺失。", place=path.name,
                    hint="It was copied or downloaded in part: fetch it again, or open it in Excel and save it.",
                    hint_zh="复制或下载不完整，请重新获取，或在 Excel 中打开后另存。",
                ) from None  # fmt: skip
            raise FileRefused(
                "This is no .xlsx workbook.", "该文件不是 .xlsx 工作簿。", place=path.name,
                hint="A renamed CSV or web page is no workbook: save it from Excel as .xlsx.",
                hint_zh="改了后缀的 CSV 或网页不是工作簿，请在 Excel 中另存为 .xlsx。",
            ) from None  # fmt: skip
    unpacked = sum(i.file_size for i in infos)
    packed = sum(i.compress_size for i in infos)
    if len(infos) > MAX_PARTS or unpacked > MAX_UNPACKED or (unpacked > 64 << 20 and unpacked > MAX_RATIO * max(1, packed)):
        raise FileRefused(
            f"The workbook would unpack to {unpacked >> 20} MB; at most {MAX_UNPACKED >> 20} MB are read.",
            f"工作簿解压后达 {unpacked >> 20} MB，最多读取 {MAX_UNPACKED >> 20} MB。", place=path.name,
            hint="Split it into several workbooks, delete formatted empty rows, or hand it over as CSV.",
            hint_zh="请拆分为多个工作簿、删除带格式的空行，或改用 CSV。",
        )  # fmt: skip


def _old_or_locked(path: Path) -> FileRefused:
    if path.suffix.lower() == ".xls":
        return FileRefused(
            "This is an .xls workbook of Excel 97-2003.", "这是 Excel 97-2003 的 .xls 工作簿。", place=path.name,
            hint="Open it in Excel and save it as .xlsx.", hint_zh="请用 Excel 打开并另存为 .xlsx。",
        )  # fmt: skip
    return locked(path.name)


def locked(file: str) -> FileRefused:
    return FileRefused(
        "The workbook is locked by a password (or is an .xls under another name).", "工作簿设有密码（或为改名的 .xls）。", place=file,
        hint="Remove the password in Excel (File, Info, Protect Workbook), save it as .xlsx, and publish that.",
        hint_zh="请在 Excel 中取消打开密码（文件—信息—保护工作簿），另存为 .xlsx 后再发布。",
    )  # fmt: skip
