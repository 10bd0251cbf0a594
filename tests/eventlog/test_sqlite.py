"""The embedded log beyond the port: its file, its durability, and what it says when it cannot go on."""

from __future__ import annotations

import os
import stat
import tracemalloc
from pathlib import Path

import apsw
import pytest

from bus.errors import DiskFull, LogRefused, Unreachable, WrongUse
from bus.event import Output, Record
from bus.eventlog.port import TopicSpec
from bus.eventlog.sqlite import SqliteLog
from bus.eventlog.sqlite import file as log_file
from bus.eventlog.sqlite.file import APPLICATION_ID, FORMATS, SqliteFile
from bus.eventlog.sqlite.keep import TOMBSTONE_MS

HOUR_MS = 3_600_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "log.db"


def some(count: int, size: int = 10, topic: str = "t") -> list[Output]:
    return [Output(topic, Record(b"k%d" % number, b"v" * size, number)) for number in range(count)]


def values(log: SqliteLog, topic: str = "t") -> list[bytes | None]:
    return [each.value for batch in log.scan(topic) for each in batch.records]


def in_chinese_and_english(error: pytest.ExceptionInfo[LogRefused]) -> bool:
    said = error.value
    return all((said.message, said.hint, said.place)) and all(
        any("一" <= letter <= "鿿" for letter in text) for text in (said.message_zh, said.hint_zh)
    )


# --- durability


def test_every_connection_syncs_the_wal_at_every_commit(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t")])
    for file in (log._file, log.writer("w")._file, log.reader("g", ["t"])._file):
        assert file.connection.pragma("synchronous") == 2
        assert file.connection.pragma("journal_mode") == "wal"
        assert file.connection.pragma("secure_delete") == 1


def test_a_file_that_cannot_have_a_wal_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SqliteLog(path).close()
    monkeypatch.setattr(SqliteFile, "_use_wal", lambda file: file.connection.pragma("journal_mode", "delete"))
    with pytest.raises(LogRefused, match="WAL"):
        SqliteLog(path)


def test_an_unsafe_sqlite_is_refused() -> None:
    with pytest.raises(LogRefused, match=r"3\.40\.1"):
        log_file._refuse_unsafe_library((3, 40, 1))
    log_file._refuse_unsafe_library((3, 51, 3))


# --- the file


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t")])
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert modes == {"log.db": 0o600, "log.db-wal": 0o600, "log.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    log.close()
    path.chmod(0o644)
    SqliteLog(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_names_its_program_and_format(path: Path) -> None:
    SqliteLog(path).close()
    database = apsw.Connection(str(path))
    assert (database.pragma("application_id"), database.pragma("user_version")) == (APPLICATION_ID, len(FORMATS))


def test_a_newer_format_is_refused_and_left_alone(path: Path) -> None:
    SqliteLog(path).close()
    apsw.Connection(str(path)).pragma("user_version", len(FORMATS) + 1)
    before = path.read_bytes()
    with pytest.raises(LogRefused, match="format") as error:
        SqliteLog(path)
    assert in_chinese_and_english(error)
    assert path.read_bytes() == before


def test_an_older_format_is_upgraded_with_its_records(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t")])
    log.writer("w").append(some(10))
    log.close()
    monkeypatch.setattr(log_file, "FORMATS", (*FORMATS, "CREATE TABLE later(id INTEGER PRIMARY KEY) STRICT"))
    newer = SqliteLog(path)
    assert newer._file.connection.pragma("user_version") == len(FORMATS) + 1
    assert len(values(newer)) == 10


@pytest.mark.parametrize("content", [b"ID,NAME\n1,x\n" * 500, os.urandom(5000), b"SQLite format 3\x00" + b"\x00" * 4000])
def test_a_file_that_is_not_a_log_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LogRefused) as error:
        SqliteLog(path)
    assert in_chinese_and_english(error)
    assert path.read_bytes() == content


def test_another_program_s_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    database = apsw.Connection(str(path))
    database.execute("CREATE TABLE theirs(x)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(LogRefused, match="another program") as error:
        SqliteLog(path)
    assert in_chinese_and_english(error)
    assert path.read_bytes() == before


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogRefused) as error:
        SqliteLog(tmp_path)
    assert in_chinese_and_english(error)


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LogRefused) as error:
        SqliteLog(tmp_path / "file" / "log.db")
    assert in_chinese_and_english(error)


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(LogRefused) as error:
        SqliteLog("/proc/log.db")  # nobody, root neither, can make a file there
    assert in_chinese_and_english(error)


def test_damage_is_found_by_a_check(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t")])
    log.writer("w").append(some(2000, 100))
    log.check()
    log.close()
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2 : len(damaged) // 2 + 4096] = b"\xff" * 4096
    path.write_bytes(damaged)
    with pytest.raises(LogRefused, match="damaged") as error:
        SqliteLog(path).check()
    assert in_chinese_and_english(error)


def test_a_namespace_that_kafka_could_not_have_is_refused(path: Path) -> None:
    with pytest.raises(WrongUse):
        SqliteLog(path, "a.b")


# --- a full disk, a long wait


def test_a_full_disk_keeps_nothing_half_written_and_work_goes_on_once_there_is_space(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t")])
    writer = log.writer("w")
    writer.append(some(100))
    reader = log.reader("g", ["t"])
    reader.poll(100, 0)
    for file in (writer._file, reader._file):
        file.connection.pragma("max_page_count", file.connection.pragma("page_count") + 2)
    with pytest.raises(DiskFull) as error:
        writer.append(some(1000, 300))
    assert in_chinese_and_english(error)
    with pytest.raises(DiskFull):
        reader.commit(some(1000, 300))
    assert len(values(log)) == 100
    assert log.positions("g") == {}
    for file in (writer._file, reader._file):
        file.connection.pragma("max_page_count", 2**31)
    writer.append(some(1000, 300))
    reader.commit(some(1000, 300))
    assert len(values(log)) == 2100
    log.check()


def test_a_lock_held_for_long_is_waited_for_and_one_held_for_ever_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "BUSY_S", 0.2)
    log = SqliteLog(path)
    log.create([TopicSpec("t")])
    writer = log.writer("w")
    with log._file.writing(), pytest.raises(Unreachable, match="lock"):
        writer.append(some(1))
    writer.append(some(1))
    assert len(values(log)) == 1


# --- offsets, keeping, copies


def test_offsets_have_no_gaps_whoever_writes(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 2)])
    one, two = log.writer("one"), log.writer("two")
    for _ in range(20):
        one.append(some(7))
        two.append(some(5))
    with pytest.raises(WrongUse):
        one.append([*some(5), Output("t", Record(b"", b"", 0), partition=2)])
    one.append(some(3))
    for partition, (first, end) in log.topics()[0].ends.items():
        assert [o for b in log.scan("t", max_records=9) if b.partition == partition for o in b.offsets] == list(range(first, end))


def test_compaction_keeps_the_newest_of_each_key_and_records_without_one(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 1, "latest")])
    log.writer("w").append(
        [Output("t", Record(key, value, 1)) for key, value in ((b"a", b"1"), (None, b"x"), (b"b", b"2"), (b"a", b"3"), (None, b"y"))]
    )
    assert log.maintain(10) == 1
    assert values(log) == [b"x", b"2", b"3", b"y"]
    assert log.topics()[0].ends == {0: (0, 5)}
    assert log.maintain(10) == 0


def test_compaction_of_many_records_goes_in_steps(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 1, "latest")])
    for _ in range(4):
        log.writer("w").append(some(4000))
    assert log.maintain(0) == 12_000
    assert [o for b in log.scan("t") for o in b.offsets] == list(range(12_000, 16_000))


def test_a_tombstone_is_kept_for_a_day_then_dropped(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 1, "latest")])
    log.writer("w").append([Output("t", Record(b"a", b"1", 0)), Output("t", Record(b"a", None, 0)), Output("t", Record(b"b", b"2", 0))])
    assert log.maintain(TOMBSTONE_MS) == 1
    assert log.maintain(TOMBSTONE_MS) == 0
    assert values(log) == [None, b"2"]
    log.maintain(TOMBSTONE_MS + 1)
    assert values(log) == [b"2"]


def test_a_tombstone_stays_as_long_as_there_is_something_for_it_to_replace(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 1, "latest")])
    log.writer("w").append([Output("t", Record(b"a", b"1", 0)), Output("t", Record(b"a", None, 0))])
    log.maintain(2 * TOMBSTONE_MS)
    assert values(log) == [None]
    log.maintain(2 * TOMBSTONE_MS)
    assert values(log) == []


def test_older_records_of_a_key_are_kept_for_their_time_where_the_topic_says_so(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 1, "latest+time", HOUR_MS)])
    log.writer("w").append([Output("t", Record(b"a", b"%d" % number, number * HOUR_MS)) for number in range(5)])
    log.maintain(int(2.5 * HOUR_MS))
    assert values(log) == [b"2", b"3", b"4"]
    log.maintain(1000 * HOUR_MS)
    assert values(log) == [b"4"]


def test_what_was_withdrawn_is_not_kept_for_its_time_once_every_group_knows(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 1, "latest+time", 400 * TOMBSTONE_MS)])
    writer = log.writer("w")
    writer.append([Output("t", Record(key, value, 0)) for key, value in ((b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"b", b"2"))])
    with log.reader("step", ["t"]) as reader:
        reader.poll(10, 1)
        reader.commit([])
        writer.append([Output("t", Record(b"a", None, 0))])
        log.maintain(0)
        assert values(log) == [b"1", b"1", b"2", b"2", None]
        reader.poll(10, 1)
        reader.commit([])
    log.maintain(0)
    assert values(log) == [b"1", b"2", None]


def test_compaction_removes_nothing_for_a_record_that_a_named_group_has_yet_to_read(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 1, "latest")])
    writer = log.writer("w")
    writer.append([Output("t", Record(b"a", value, 0)) for value in (b"1", b"2")])
    with log.reader("step", ["t"]) as reader:
        reader.poll(10, 1)
        reader.commit([])
    writer.append([Output("t", Record(b"a", value, 0)) for value in (b"3", None)])

    assert log.maintain(0, ["step", "another"]) == 1
    assert values(log) == [b"2", b"3", None]
    assert log.maintain(0, ["another"]) == 2
    assert values(log) == [None]


def test_what_retention_removes_cannot_be_found_in_the_file(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 1, "time", HOUR_MS)])
    log.writer("w").append([Output("t", Record(b"k", b"canary-%d" % number, 0)) for number in range(1000)])
    assert log.maintain(2 * HOUR_MS) == 1000
    log.close()
    assert sum(each.read_bytes().count(b"canary") for each in path.parent.iterdir() if each.name == "log.db") == 0


def test_a_backup_is_a_whole_log_of_its_own(path: Path, tmp_path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t")])
    reader = log.reader("g", ["t"])
    log.writer("w").append(some(100))
    reader.poll(100, 0)
    reader.commit([])
    target = tmp_path / "backup.db"
    log.backup(target)
    log.writer("w").append(some(5))
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["backup.db"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    copy = SqliteLog(target)
    copy.check()
    assert len(values(copy)) == 100
    assert sum(copy.positions("g").values()) == 100
    assert copy.identity() != log.identity()
    copy.move("g", {("t", 0): 0})
    with pytest.raises(WrongUse):
        log.backup(target)


def test_a_scan_of_many_records_needs_no_more_memory_than_of_few(path: Path) -> None:
    log = SqliteLog(path)
    log.create([TopicSpec("t", 1)])
    writer = log.writer("w")
    for _ in range(20):
        writer.append(some(10_000, 100))
    tracemalloc.start()
    seen = sum(len(batch.offsets) for batch in log.scan("t"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen == 200_000
    assert peak < 5_000_000
