"""Who can write the log's file can change the audit; he cannot do it unseen. Done with plain SQLite, on the file of a real log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bus.eventlog import topics
from bus.eventlog.sqlite import SqliteLog
from bus.sharing.audit import Action, act
from bus.sharing.chain import decide
from bus.step import Memory, Options, Step, run
from tests.cli.test_errors import civicbus, expect

OFFSET_BITS = 40
ENTRIES = 12


class Desk:
    """An operator with the log's file, and an auditor with a key and a file of checkpoints elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.home, self.state = folder / "home", folder / "state"
        self.home.mkdir()
        self.key, self.checkpoints = folder / "auditor.key", folder / "checkpoints.jsonl"
        assert civicbus(self.home, "audit", "keygen", str(self.key)).returncode == 0

    def happen(self, first: int, count: int) -> None:
        """That many entries more, and their links."""
        with SqliteLog(self.home / "civicbus.db") as log:
            log.create(map(topics.spec, (topics.AUDIT, topics.AUDIT_CHAIN, topics.REFUSED)))
            with log.writer("test") as writer:
                for at in range(first, first + count):
                    writer.append([act(Action.approved, 1_790_000_000_000 + at, "clerk", f"agreement-{at}")])
            chain(log, self.state)

    def sign(self) -> None:
        done = civicbus(self.home, "audit", "checkpoint", "--key", str(self.key), "--checkpoint", str(self.checkpoints))
        assert done.returncode == 0, done.stderr

    def verify(self, *more: str) -> tuple[int, dict[str, Any]]:
        told = ("--checkpoint", str(self.checkpoints), "--public-key", f"{self.key}.pub") if self.checkpoints.exists() else ()
        done = civicbus(self.home, "audit", "verify", *told, *more)
        return done.returncode, json.loads(done.stdout)

    def sql(self, topic: str, *statements: str) -> None:
        """Change the records of a topic; `:base` is the row number of its first."""
        with closing(sqlite3.connect(self.home / "civicbus.db")) as db, db:
            (lane,) = db.execute("SELECT lane.id FROM lane JOIN topic ON topic.id = lane.topic WHERE name = ?", (topic,)).fetchone()
            for each in statements:
                db.execute(each.replace(":base", str(lane << OFFSET_BITS)).replace(":lane", str(lane)))

    def forget(self, topic: str, first: int) -> None:
        """Cut a topic off, as if the records had never been."""
        beyond = f"id >= :base + {first} AND id < :base + (1 << {OFFSET_BITS})"
        self.sql(topic, f"DELETE FROM record WHERE {beyond}", f"UPDATE lane SET next = {first} WHERE id = :lane")

    def chain_anew(self) -> None:
        """All links made to fit the entries as they are now."""
        self.forget(topics.AUDIT_CHAIN, 0)
        self.sql(topics.AUDIT, "DELETE FROM position WHERE lane = :lane")
        with SqliteLog(self.home / "civicbus.db") as log:
            chain(log, self.state / "anew")


def chain(log: SqliteLog, state: Path) -> None:
    run(log, Step("audit-chain", topics.AUDIT, Memory(decide), lambda *_: []), Options(state, 5, until_idle=True))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path)
    found.happen(0, ENTRIES)
    return found


def edit(desk: Desk) -> None:
    desk.sql(topics.AUDIT, "UPDATE record SET value = CAST(replace(value, 'agreement-7', 'agreement-8') AS BLOB) WHERE id = :base + 7")


def change_the_time(desk: Desk) -> None:
    desk.sql(topics.AUDIT, "UPDATE record SET timestamp = timestamp + 1 WHERE id = :base + 7")


def delete(desk: Desk) -> None:
    desk.sql(topics.AUDIT, "DELETE FROM record WHERE id = :base + 7")


def reorder(desk: Desk) -> None:
    moves = ((7, 999), (9, 7), (999, 9))
    desk.sql(topics.AUDIT, *(f"UPDATE record SET id = :base + {to} WHERE id = :base + {at}" for at, to in moves))


def truncate(desk: Desk) -> None:
    desk.forget(topics.AUDIT, 7)


def truncate_and_append_again(desk: Desk) -> None:
    desk.forget(topics.AUDIT, 7)
    with SqliteLog(desk.home / "civicbus.db") as log, log.writer("test") as writer:
        writer.append([act(Action.approved, 1_790_000_000_000 + at, "clerk", f"another-{at}") for at in range(7, ENTRIES)])


def rewrite_all(desk: Desk) -> None:
    desk.sql(
        topics.AUDIT,
        f"UPDATE record SET value = CAST(replace(value, 'clerk', 'other') AS BLOB) WHERE id >= :base AND id < :base + {ENTRIES}",
    )


KINDS: dict[Callable[[Desk], None], int] = {
    edit: 7,
    change_the_time: 7,
    delete: 7,
    reorder: 7,
    truncate: 7,
    truncate_and_append_again: 7,
    rewrite_all: 0,
}


def test_what_nobody_touched_holds(desk: Desk) -> None:
    desk.sign()
    desk.happen(ENTRIES, 5)
    desk.sign()
    desk.happen(ENTRIES + 5, 3)
    status, said = desk.verify()

    assert (status, said["holds"], said["findings"]) == (0, True, [])
    assert (said["entries"], said["checkpointed"], said["chained"]) == (ENTRIES + 8, ENTRIES + 5, ENTRIES + 8)


@pytest.mark.parametrize("tamper", KINDS)
def test_the_first_bad_entry_is_named_by_the_checkpoint_though_the_links_were_made_to_fit(
    desk: Desk, tamper: Callable[[Desk], None]
) -> None:
    desk.sign()
    tamper(desk)
    desk.chain_anew()
    status, said = desk.verify()

    assert status == 5
    assert [(each["seq"], each["by"]) for each in said["findings"]] == [(KINDS[tamper], "checkpoint")]


@pytest.mark.parametrize("tamper", KINDS)
def test_without_a_checkpoint_the_links_name_it_unless_they_were_changed_too(desk: Desk, tamper: Callable[[Desk], None]) -> None:
    tamper(desk)
    status, said = desk.verify()

    assert status == 5
    assert [(each["seq"], each["by"]) for each in said["findings"]] == [(KINDS[tamper], "chain")]


def test_whoever_changes_log_and_links_after_the_last_checkpoint_is_not_found_before_the_next(desk: Desk) -> None:
    desk.sign()
    desk.happen(ENTRIES, 5)
    desk.sql(topics.AUDIT, f"DELETE FROM record WHERE id = :base + {ENTRIES + 1}")
    desk.chain_anew()

    assert desk.verify()[0] == 0  # what is not proved, as bus.sharing.chain says


def test_no_checkpoint_is_signed_of_a_log_that_does_not_continue_the_last(desk: Desk) -> None:
    desk.sign()
    edit(desk)
    before = desk.checkpoints.read_bytes()
    done = civicbus(desk.home, "audit", "checkpoint", "--key", str(desk.key), "--checkpoint", str(desk.checkpoints))

    expect(done, 5, "CHECK_FAILED", "audit 7")
    assert desk.checkpoints.read_bytes() == before


def test_links_cut_off_in_the_middle_are_seen(desk: Desk) -> None:
    desk.sql(topics.AUDIT_CHAIN, "DELETE FROM record WHERE id = :base + 1")
    status, said = desk.verify()

    assert status == 5
    assert said["findings"] == [{"seq": 5, "code": "broken_chain", "by": "chain"}]


@pytest.mark.parametrize(("name", "code"), [("size", "not_signed"), ("at", "not_signed"), ("leaves", "broken_checkpoint")])
def test_a_checkpoint_that_was_changed_is_seen(desk: Desk, name: str, code: str) -> None:
    desk.sign()
    line = json.loads(desk.checkpoints.read_text())
    line[name] = line[name][4:8] + line[name][:4] + line[name][8:] if name == "leaves" else line[name] + 1
    desk.checkpoints.write_text(json.dumps(line) + "\n")
    status, said = desk.verify()

    assert status == 5
    assert [each["code"] for each in said["findings"]] == [code]


def test_a_checkpoint_by_another_key_is_seen(desk: Desk, tmp_path: Path) -> None:
    rightful = desk.key
    desk.key = tmp_path / "operator.key"
    assert civicbus(desk.home, "audit", "keygen", str(desk.key)).returncode == 0
    desk.sign()
    desk.key = rightful
    status, said = desk.verify()

    assert status == 5
    assert [each["code"] for each in said["findings"]] == ["other_key"]


def test_an_exported_audit_is_verified_without_the_log(desk: Desk, tmp_path: Path) -> None:
    desk.sign()
    file = tmp_path / "export.jsonl"
    file.write_text(civicbus(desk.home, "audit", "export").stdout, "utf-8")
    assert desk.verify("--from", str(file))[0] == 0

    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:7] + lines[8:]), "utf-8")
    status, said = desk.verify("--from", str(file))
    assert (status, said["findings"][0]["seq"]) == (5, 7)


def test_an_entry_is_proved_to_who_has_only_the_checkpoint(desk: Desk) -> None:
    from bus.sharing.tree import is_included

    desk.sign()
    said = json.loads(civicbus(desk.home, "audit", "prove", "7", "--checkpoint", str(desk.checkpoints)).stdout)

    path = [bytes.fromhex(each) for each in said["path"]]
    assert is_included(bytes.fromhex(said["leaf"]), 7, said["size"], path, bytes.fromhex(said["root"]))


def test_a_key_is_never_written_over(desk: Desk) -> None:
    expect(civicbus(desk.home, "audit", "keygen", str(desk.key)), 2, "WRONG_USE", str(desk.key))
    assert desk.key.stat().st_mode & 0o777 == 0o600
