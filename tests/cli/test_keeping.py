"""A backup holds log and keys, and is put back only where nothing is."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from bus.event import Output, Record
from bus.eventlog.port import TopicSpec
from bus.eventlog.sqlite import SqliteLog
from tests.cli.test_errors import civicbus, expect


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with keys and a log with one record."""
    folder = tmp_path / "home"
    assert civicbus(folder, "keys", "make").returncode == 0
    with SqliteLog(folder / "civicbus.db") as log:
        log.create([TopicSpec("internal.account", 1)])
        with log.writer("test") as writer:
            writer.append([Output("internal.account", Record(b"k", b"{}", 1))])
    return folder


def test_what_was_backed_up_is_there_again(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.tar"
    assert civicbus(home, "backup", str(file)).returncode == 0
    assert civicbus(tmp_path / "new", "restore", str(file)).returncode == 0

    assert (tmp_path / "new/keys/bus.json").read_bytes() == (home / "keys/bus.json").read_bytes()
    assert civicbus(tmp_path / "new", "read", "internal.account").stdout == civicbus(home, "read", "internal.account").stdout
    assert civicbus(tmp_path / "new", "keys", "check").returncode == 0


def test_a_backup_is_for_its_owner_alone(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.tar"
    civicbus(home, "backup", str(file))
    civicbus(tmp_path / "new", "restore", str(file))

    assert file.stat().st_mode & 0o777 == 0o600
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "new").rglob("*"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "kept.tar", "new"]


def test_nothing_is_ever_overwritten(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.tar"
    civicbus(home, "backup", str(file))

    expect(civicbus(home, "backup", str(file)), 2, "WRONG_USE", "kept.tar")
    expect(civicbus(home, "restore", str(file)), 2, "WRONG_USE", "civicbus.db")


def test_keys_that_are_gone_stop_a_backup(home: Path, tmp_path: Path) -> None:
    (home / "keys/bus.json").unlink()

    expect(civicbus(home, "backup", str(tmp_path / "kept.tar")), 3, "KEY_REFUSED", "bus.json")
    assert not (tmp_path / "kept.tar").exists()


def test_a_damaged_backup_is_refused_and_nothing_of_it_stays(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.tar"
    civicbus(home, "backup", str(file))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    expect(civicbus(tmp_path / "new", "restore", str(file)), 3, "CONFIG_REFUSED", "kept.tar")
    assert not [path for path in (tmp_path / "new").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "keys/../../evil", "keys/department.x.sh"])
def test_a_backup_that_reaches_out_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "evil.tar"
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 1, "sha256": {name: "00"}}))
    (tmp_path / "content").write_text("evil")
    with tarfile.open(file, "w") as archive:
        archive.add(tmp_path / "manifest.json", "manifest.json")
        archive.add(tmp_path / "content", name)

    expect(civicbus(tmp_path / "new", "restore", str(file)), 3, "CONFIG_REFUSED", "evil.tar")
    assert not list(tmp_path.rglob("evil"))


def test_something_else_than_a_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no archive")

    expect(civicbus(tmp_path / "new", "restore", str(tmp_path / "notes.txt")), 3, "CONFIG_REFUSED", "notes.txt")
    expect(civicbus(tmp_path / "new", "restore", str(tmp_path / "nothing")), 2, "WRONG_USE", "nothing")


def test_a_backup_is_for_the_embedded_log(tmp_path: Path) -> None:
    done = civicbus(tmp_path, "--log", "kafka://127.0.0.1:1", "restore", str(tmp_path / "x"))

    expect(done, 2, "WRONG_USE", "kafka://127.0.0.1:1")
