"""`civicbus backup | restore`: the embedded log and the keys in one file for their owner alone.

A backup holds the keys: whoever has it can read everything, and whoever has lost both it and the keys can open nothing that was sealed,
and no new token meets an old one. Keep it apart from the machine. What an erasure destroyed after it was made, it still holds: how long
backups are kept is how long that can be opened from them.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bus import keys
from bus.cli.context import App, make_private, of, sqlite_path
from bus.cli.say import note
from bus.errors import ConfigRefused, KeyRefused, WrongUse
from bus.eventlog.dead_letter import iso
from bus.eventlog.sqlite import SqliteLog

_LOG, _MANIFEST = "civicbus.db", "manifest.json"
_KEY = re.compile(r"keys/(bus\.json|data\.d[0-9a-f]{6}\.tree|department\.[a-z][a-z0-9_]{0,30}\.(public|private))")
_FORMAT = 1


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="the file to make; must not exist 备份文件")]
) -> None:
    """Copy the embedded log and the keys into one file, while all goes on. It holds the keys: guard it. 备份日志与密钥。"""
    app = of(ctx)
    log = app.log
    if not isinstance(log, SqliteLog):
        sqlite_path(app.settings)
        raise AssertionError("sqlite_path refuses other logs")
    if file.exists():
        raise WrongUse("The file exists already; a backup is never overwritten.", "文件已存在，备份不会覆盖它。", place=str(file))
    if broken := keys.check(app.home):
        raise KeyRefused(
            "The keys are not in order; a backup without them would be worth little.", "密钥不正常，不予备份。", place=broken[0]
        )
    part = file.with_name(f".{file.name}.part")
    with tempfile.TemporaryDirectory(dir=file.resolve().parent, prefix=".civicbus-backup-") as folder:
        copy = Path(folder) / _LOG
        log.backup(copy)
        handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(handle, "wb") as out, tarfile.open(fileobj=out, mode="w") as archive:
                _write(archive, {_LOG: copy, **{f"keys/{path.name}": path for path in sorted((app.home / "keys").glob("*.*"))}})
            part.rename(file)
        finally:
            part.unlink(missing_ok=True)
    note(f"{file}: the log and the keys; keep it apart and safe. 已备份日志与密钥，请异地妥善保管。")


def restore(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="a file that `backup` made 备份文件")]) -> None:
    """Put a backup's log and keys where there are none. Nothing is ever overwritten. 从备份恢复（不覆盖已有内容）。"""
    app = of(ctx)
    target = sqlite_path(app.settings)
    for taken in (target, app.settings.home / "keys" / "bus.json"):
        if taken.exists():
            raise WrongUse(
                "Something is there already; a restore never overwrites.",
                "目标已存在，恢复不会覆盖它。",
                place=str(taken),
                hint="Name an empty CIVICBUS_HOME, or move it away first.",
                hint_zh="请指定空的 CIVICBUS_HOME，或先移走现有文件。",
            )
    _restore(app, file, target)
    note(f"{target}: restored, with the keys. 已恢复日志与密钥。")
    note("Steps go on where they were at the backup. 各步骤将从备份时的位置继续。")


def _write(archive: tarfile.TarFile, members: dict[str, Path]) -> None:
    members = {name: path for name, path in members.items() if name == _LOG or _KEY.fullmatch(name)}
    sums = {name: _sum(path) for name, path in members.items()}
    said = {"format": _FORMAT, "civicbus": version("civicbus"), "made": iso(int(time.time() * 1000)), "sha256": sums}
    content = json.dumps(said, indent=1).encode()
    head = tarfile.TarInfo(_MANIFEST)
    head.size, head.mode = len(content), 0o600
    archive.addfile(head, io.BytesIO(content))
    for name, path in members.items():
        archive.add(path, arcname=name, recursive=False)


def _restore(app: App, file: Path, target: Path) -> None:
    """Unpack beside the target and check everything first; only then move it in."""
    make_private(app.settings.home)
    make_private(target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".civicbus-restore-") as name:
        folder = Path(name)
        _unpack(file, folder)
        with SqliteLog(folder / _LOG) as log:
            log.check()
        if broken := keys.check(folder):
            raise _not_ours(file, broken[0])
        shutil.copytree(folder / "keys", app.settings.home / "keys", dirs_exist_ok=True)
        (app.settings.home / "keys").chmod(0o700)
        (folder / _LOG).rename(target)


def _unpack(file: Path, folder: Path) -> None:
    (folder / "keys").mkdir(mode=0o700)
    try:
        with tarfile.open(file) as archive:
            said = json.loads(_content(archive, _MANIFEST, file).read())
            if said["format"] != _FORMAT:
                raise _not_ours(file, f"format {said['format']}")
            for name, expected in said["sha256"].items():
                if name != _LOG and not _KEY.fullmatch(name):
                    raise _not_ours(file, "an unexpected member")
                handle = os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                with os.fdopen(handle, "wb") as out:
                    shutil.copyfileobj(_content(archive, name, file), out)
                if _sum(folder / name) != expected:
                    raise _not_ours(file, "damaged")
    except FileNotFoundError as missing:
        raise WrongUse("There is no such file.", "文件不存在。", place=str(file)) from missing
    except (tarfile.TarError, ValueError, KeyError, TypeError, AttributeError, EOFError) as wrong:
        raise _not_ours(file, type(wrong).__name__) from wrong


def _content(archive: tarfile.TarFile, name: str, file: Path) -> io.BufferedIOBase:
    found = archive.extractfile(name)
    if found is None:
        raise _not_ours(file, name)
    return found  # type: ignore[return-value]


def _sum(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _not_ours(file: Path, why: str) -> ConfigRefused:
    return ConfigRefused(f"This is not a whole backup of civicbus ({why}).", f"不是完整的 civicbus 备份（{why}）。", place=str(file))
