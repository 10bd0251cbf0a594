"""What a step remembers: kept over restarts, deletable at any time, never of another log."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.step.view import View


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "views"


def test_what_was_saved_is_there_when_the_view_is_opened_again(folder: Path) -> None:
    view = View(folder, "t.0", "log")
    view.put(b"g", b"i", b"one")
    view.save({"t": 5})
    view.close()

    again = View(folder, "t.0", "log")

    assert (again.items(b"g"), again.position("t")) == ({b"i": b"one"}, 5)
    again.close()


def test_a_group_read_ahead_shows_what_is_on_disk_and_what_was_changed_since(folder: Path) -> None:
    view = View(folder, "t.0", "log")
    view.put(b"g", b"a", b"one")
    view.put(b"g", b"b", b"two")
    view.save({"t": 5})
    view.read_ahead([b"g", b"none"])
    view.put(b"g", b"c", b"three")
    view.delete(b"g", b"a")
    view.put(b"none", b"a", b"new")

    assert (view.items(b"g"), view.items(b"none")) == ({b"b": b"two", b"c": b"three"}, {b"a": b"new"})
    assert (view.get(b"g", b"a"), view.get(b"g", b"b")) == (None, b"two")
    view.save({"t": 6})
    assert (view.items(b"g"), view.get(b"none", b"a")) == ({b"b": b"two", b"c": b"three"}, b"new")
    view.close()


def test_a_group_read_ahead_is_found_also_where_the_view_says_of_no_topic_how_far_it_is(folder: Path) -> None:
    for _ in range(2):
        view = View(folder, "t.0", "log")
        view.put(b"g", b"a", b"one")
        view.save()
        view.read_ahead([b"g"])
        assert view.items(b"g") == {b"a": b"one"}
        view.close()
    view = View(folder, "t.0", "log")
    view.read_ahead([b"g"])
    assert view.items(b"g") == {b"a": b"one"}
    view.close()


def test_what_was_kept_is_there_at_once_and_on_disk_when_the_view_is_closed(folder: Path) -> None:
    view = View(folder, "t.0", "log")
    view.put(b"g", b"i", b"one")
    view.keep({"t": 5})
    view.put(b"g", b"i", b"never kept")
    view.restore({})

    assert (view.get(b"g", b"i"), view.position("t")) == (b"one", 5)
    assert view.unwritten
    view.close()
    again = View(folder, "t.0", "log")
    assert (again.items(b"g"), again.position("t")) == ({b"i": b"one"}, 5)
    again.close()


def test_a_view_whose_process_was_killed_is_behind_and_whole(folder: Path) -> None:
    view = View(folder, "t.0", "log")
    view.put(b"g", b"i", b"one")
    view.save({"t": 5})
    view.put(b"g", b"i", b"two")
    view.keep({"t": 6})

    shutil.copytree(folder, folder.with_name("as the process left it"))

    again = View(folder.with_name("as the process left it"), "t.0", "log")
    assert (again.items(b"g"), again.position("t")) == ({b"i": b"one"}, 5)
    again.close()
    view.close()


def test_what_was_not_kept_is_gone(folder: Path) -> None:
    view = View(folder, "t.0", "log")
    view.put(b"g", b"i", b"one")
    view.close()

    again = View(folder, "t.0", "log")

    assert (again.get(b"g", b"i"), again.position("t")) == (None, 0)
    again.close()


def test_a_view_of_another_log_starts_afresh(folder: Path) -> None:
    view = View(folder, "t.0", "log")
    view.put(b"g", b"i", b"one")
    view.save({"t": 5})
    view.close()

    other = View(folder, "t.0", "restored log")

    assert (other.items(b"g"), other.position("t")) == ({}, 0)
    other.close()


def test_a_damaged_view_starts_afresh(folder: Path) -> None:
    view = View(folder, "t.0", "log")
    view.save({"t": 5})
    view.close()
    (folder / "t.0.0.db").write_bytes(b"this is no database" * 1000)

    again = View(folder, "t.0", "log")

    assert again.position("t") == 0
    again.close()


def test_two_who_open_the_same_view_do_not_meet(folder: Path) -> None:
    one, two = View(folder, "t.0", "log"), View(folder, "t.0", "log")
    one.put(b"g", b"", b"one")
    one.save({"t": 5})

    assert (two.get(b"g"), two.position("t")) == (None, 0)
    one.close()
    two.close()


def test_a_view_that_was_deleted_knows_it(folder: Path) -> None:
    view = View(folder, "t.0", "log")
    assert view.there
    shutil.rmtree(folder)

    assert not view.there
    view.close()


def test_views_are_for_their_owner_alone(folder: Path) -> None:
    view = View(folder, "t.0", "log")
    view.put(b"g", b"", b"one")
    view.save({"t": 1})

    assert folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077] == []
    view.close()


KEYS = st.sampled_from([b"", b"a", b"b"])
ACTS = st.sampled_from(["put", "delete", "keep", "save", "ahead", "mark", "restore"])
DEEDS = st.lists(st.tuples(ACTS, KEYS, KEYS, st.binary(max_size=3)), max_size=25)


@given(DEEDS)
def test_a_view_answers_like_a_dictionary(tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, bytes, bytes, bytes]]) -> None:
    view = View(tmp_path_factory.mktemp("view"), "t.0", "log")
    expected: dict[tuple[bytes, bytes], bytes] = {}
    saved, mark, marked = {}, view.mark(), {}
    for deed, group, item, value in deeds:
        if deed == "put":
            view.put(group, item, value)
            expected[group, item] = value
        elif deed == "delete":
            view.delete(group, item)
            expected.pop((group, item), None)
        elif deed in ("keep", "save"):
            (view.keep if deed == "keep" else view.save)({"t": 1})
            saved = dict(expected)
            mark, marked = view.mark(), dict(saved)
        elif deed == "ahead":
            view.read_ahead([group, item])
        elif deed == "mark":
            mark, marked = view.mark(), dict(expected)
        else:
            view.restore(mark)
            expected = dict(marked)
        for each in (b"", b"a", b"b"):
            wanted = {i: v for (g, i), v in sorted(expected.items()) if g == each}
            assert view.items(each) == wanted
            assert list(view.items(each)) == sorted(wanted)
            assert {i: v for i in (b"", b"a", b"b") if (v := view.get(each, i)) is not None} == wanted
    view.close()
