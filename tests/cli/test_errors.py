"""Whatever is wrong: one clear message (code, place, what to do, in Chinese and English), the right exit status, never a traceback."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from bus.cli import commands as command_line
from bus.cli.say import guarded
from tests import warm

HAN = re.compile(r"[\u4e00-\u9fff]")


def civicbus(home: Path, *arguments: str, timeout: float = 120, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person would, on a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CIVICBUS_")}
    told = {**kept, "CIVICBUS_HOME": str(home), "COLUMNS": "200", **env}
    return warm.run(arguments, told, timeout)


def expect(done: subprocess.CompletedProcess[str], status: int, code: str, place: str) -> None:
    """The exit status, the code, the place; both languages; no traceback; nothing on standard output."""
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    head, *rest = done.stderr.strip().splitlines()[-3:]
    assert head.startswith(code), done.stderr
    assert place in head
    assert HAN.search(rest[0])
    assert not HAN.search(rest[1].replace(place, ""))


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("url", ["nonsense", "http://somewhere", "sqlite://", "kafka://", "postgres://u:secret@h/db"])
def test_a_log_that_is_no_address(tmp_path: Path, url: str) -> None:
    done = civicbus(tmp_path, "--log", url, "topics")

    expect(done, 2, "WRONG_USE", url.split("u:secret@")[0][:8])
    assert "secret" not in done.stderr


def test_credentials_in_the_address_are_refused_and_not_repeated(tmp_path: Path) -> None:
    done = civicbus(tmp_path, "--log", "kafka://user:secret@broker:9092", "topics")

    expect(done, 2, "WRONG_USE", "kafka://…@broker")
    assert "secret" not in done.stderr


def test_a_broker_that_is_not_there(tmp_path: Path) -> None:
    port = closed_port()

    expect(civicbus(tmp_path, "--log", f"kafka://127.0.0.1:{port}", "topics"), 4, "UNREACHABLE", f"127.0.0.1:{port}")


def test_doctor_names_a_broker_that_is_not_there(tmp_path: Path) -> None:
    done = civicbus(tmp_path, "--log", f"kafka://127.0.0.1:{closed_port()}", "doctor", "--format", "json")

    assert done.returncode == 5
    assert '"what":"log"' in done.stdout
    assert "UNREACHABLE" in done.stdout


def test_a_log_that_is_a_folder(tmp_path: Path) -> None:
    expect(civicbus(tmp_path, "--log", f"sqlite:///{tmp_path}", "topics"), 4, "LOG_REFUSED", str(tmp_path))


def test_a_log_that_is_a_text_file(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are no records, and there are many more of them than a header has room for" * 50)

    expect(civicbus(tmp_path, "--log", f"sqlite:///{tmp_path}/notes.txt", "topics"), 4, "LOG_REFUSED", "notes.txt")


def test_a_log_that_is_the_database_of_another_program(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE t(x)")

    expect(civicbus(tmp_path, "--log", f"sqlite:///{tmp_path}/other.db", "account"), 4, "LOG_REFUSED", "other.db")


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    expect(civicbus(tmp_path / "file" / "home", "topics"), 2, "WRONG_USE", "file/home")


def test_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    expect(civicbus(Path("/proc/civicbus"), "topics"), 2, "WRONG_USE", "/proc/civicbus")
    expect(civicbus(tmp_path, "--log", "sqlite:////proc/civicbus.db", "topics"), 4, "LOG_REFUSED", "/proc/civicbus.db")


def test_a_dataset_that_does_not_exist_is_answered_with_what_may_have_been_meant(tmp_path: Path) -> None:
    done = civicbus(tmp_path, "publish", "civil.mariage", str(tmp_path / "x.csv"))

    expect(done, 2, "WRONG_USE", "civil.mariage")
    assert "civil.marriage" in done.stderr


@pytest.mark.parametrize("what", ["missing.csv", "."])
def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path, what: str) -> None:
    done = civicbus(tmp_path, "publish", "civil.marriage", str(tmp_path / what))

    expect(done, 2, "WRONG_USE", str(tmp_path))


def test_a_topic_that_does_not_exist(tmp_path: Path) -> None:
    expect(civicbus(tmp_path, "read", "canonical.residents"), 2, "WRONG_USE", "canonical.residents")


def test_a_pattern_that_matches_nothing_yet_is_no_failure(tmp_path: Path) -> None:
    done = civicbus(tmp_path, "read", "canonical.*")

    assert (done.returncode, done.stdout) == (0, "")


def test_a_step_that_does_not_exist(tmp_path: Path) -> None:
    expect(civicbus(tmp_path, "run", "normaliser", "--until-idle"), 2, "WRONG_USE", "normaliser")


def test_reference_tables_that_are_missing(tmp_path: Path) -> None:
    done = civicbus(tmp_path, "--reference", str(tmp_path / "nowhere"), "run", "--until-idle")

    expect(done, 3, "CONFIG_REFUSED", "divisions.csv")


def test_keys_that_others_can_read(tmp_path: Path) -> None:
    assert civicbus(tmp_path, "keys", "make").returncode == 0
    (tmp_path / "keys/bus.json").chmod(0o644)

    expect(civicbus(tmp_path, "keys", "check"), 5, "CHECK_FAILED", "keys")
    expect(civicbus(tmp_path, "keys", "list"), 3, "KEY_REFUSED", "bus.json")


def test_a_letter_that_does_not_exist(tmp_path: Path) -> None:
    expect(civicbus(tmp_path, "deadletter", "show", "0123"), 2, "WRONG_USE", "0123")


def test_a_setting_that_makes_no_sense(tmp_path: Path) -> None:
    expect(civicbus(tmp_path, "topics", CIVICBUS_PARTITIONS="many"), 2, "WRONG_USE", "CIVICBUS_PARTITIONS")
    expect(civicbus(tmp_path, "topics", CIVICBUS_NAMESPACE="a/b"), 2, "WRONG_USE", "CIVICBUS_NAMESPACE")
    expect(civicbus(tmp_path, "topics", CIVICBUS_KAFKA_FILE=str(tmp_path / "no")), 3, "CONFIG_REFUSED", "no")
    expect(civicbus(tmp_path, "--log", "kafka://127.0.0.1:1", "topics", CIVICBUS_KAFKA_SASL_PASWORD="x"), 2, "WRONG_USE", "sasl.pasword")


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["no-such-command"], "civicbus"),
        (["agreement", "no-such-command"], "civicbus agreement"),
        (["read"], "civicbus read"),
        (["topics", "--format", "xml"], "civicbus topics"),
        (["topics", "--no-such-option"], "civicbus topics"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_answered_in_both_languages_with_where_to_look(
    tmp_path: Path, arguments: list[str], place: str
) -> None:
    done = civicbus(tmp_path, *arguments)

    expect(done, 2, "WRONG_USE", place)
    assert done.stderr.count(f"{place} --help") == 2


def test_what_was_typed_too_much_is_not_repeated_since_it_may_be_a_number(tmp_path: Path) -> None:
    done = civicbus(tmp_path, "show", "resident", "379921195001010011")

    expect(done, 2, "WRONG_USE", "civicbus show")
    assert "379921" not in done.stderr


def test_every_command_has_help_in_both_languages() -> None:
    for path, command in _all_commands():
        assert command.help, path
        assert HAN.search(command.help), path
        assert re.search(r"[a-z]", command.help), path


def test_the_environment_twin_of_an_option_stands_in_its_help(tmp_path: Path) -> None:
    shown = civicbus(tmp_path, "--help").stdout

    assert {"CIVICBUS_LOG", "CIVICBUS_REFERENCE", "CIVICBUS_HOME"} <= set(re.findall(r"CIVICBUS_[A-Z]+", shown))


def test_a_fault_of_our_own_is_one_line_that_holds_no_value() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from tests.cli.test_errors import fault_here; fault_here()"], capture_output=True, text=True, check=False
    )

    assert run.returncode == 1
    assert "INTERNAL" in run.stderr
    assert "11010519491231002X" not in run.stderr
    assert "Traceback" not in run.stderr


def fault_here() -> None:
    """What the test above runs in a process of its own."""

    def fault() -> None:
        raise ValueError("11010519491231002X")

    raise SystemExit(guarded(fault))


def test_a_reader_that_has_enough_ends_us_quietly(tmp_path: Path) -> None:
    told = {**os.environ, "CIVICBUS_HOME": str(tmp_path)}
    script = f"{sys.executable} -m bus --help | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", script], env=told, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def _all_commands() -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []

    def walk(command: object, path: str) -> None:
        found.append((path, command))
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, f"{path} {name}")

    walk(get_command(command_line()), "civicbus")
    return found
