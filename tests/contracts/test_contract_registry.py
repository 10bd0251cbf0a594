"""The lock: what is released is never edited, ids are for good, and nothing is written with a draft."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bus.contracts import registry
from bus.errors import CheckFailed, ConfigRefused, SchemaRefused

FIRST = {"type": "record", "name": "Tree", "fields": [{"name": "height", "type": "int"}]}
SECOND = {"type": "record", "name": "Tree", "fields": [*FIRST["fields"], {"name": "kind", "type": ["null", "string"], "default": None}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "canonical/tree.v1.avsc", FIRST)
    write(tmp_path, "canonical/well.v1.avsc", FIRST | {"name": "Well"})
    registry.release(tmp_path)
    return tmp_path


def write(folder: Path, name: str, schema: dict[str, Any]) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema), encoding="utf-8")


def test_releasing_gives_ids_in_the_order_of_subjects(folder: Path) -> None:
    loaded = registry.load(folder)
    assert [(s, loaded.latest(s).id) for s in loaded.subjects] == [("canonical.tree-value", 1), ("canonical.well-value", 2)]


def test_a_new_version_gets_the_next_id_and_old_ids_stay(folder: Path) -> None:
    write(folder, "canonical/tree.v2.avsc", SECOND)
    assert [(v.subject, v.version, v.id) for v in registry.release(folder)] == [("canonical.tree-value", 2, 3)]
    loaded = registry.load(folder)
    assert [v.id for v in loaded.versions("canonical.tree-value")] == [1, 3]
    assert loaded.latest("canonical.well-value").id == 2


def test_releasing_again_changes_nothing(folder: Path) -> None:
    before = (folder / registry.LOCK).read_bytes()
    assert registry.release(folder) == ()
    assert (folder / registry.LOCK).read_bytes() == before


def test_a_released_file_that_was_edited_is_refused_by_its_name(folder: Path) -> None:
    write(folder, "canonical/tree.v1.avsc", FIRST | {"doc": "trees"})
    with pytest.raises(ConfigRefused, match="was edited") as refused:
        registry.load(folder)
    assert refused.value.place == "canonical/tree.v1.avsc"
    assert ".v2" in refused.value.hint


def test_another_layout_of_a_released_file_is_no_edit(folder: Path) -> None:
    (folder / "canonical/tree.v1.avsc").write_text(json.dumps(FIRST, indent=4, sort_keys=True))
    assert registry.load(folder).latest("canonical.tree-value").id == 1


def test_a_released_file_that_is_gone_is_refused(folder: Path) -> None:
    (folder / "canonical/tree.v1.avsc").unlink()
    with pytest.raises(ConfigRefused, match="is gone"):
        registry.load(folder)


def test_a_draft_is_there_but_not_for_writing(folder: Path) -> None:
    write(folder, "canonical/tree.v2.avsc", SECOND)
    write(folder, "canonical/lake.v1.avsc", FIRST | {"name": "Lake"})
    loaded = registry.load(folder)
    assert [v.place for v in loaded.drafts()] == ["canonical/lake.v1.avsc", "canonical/tree.v2.avsc"]
    assert loaded.latest("canonical.tree-value").version == 1
    with pytest.raises(ConfigRefused, match="not released"):
        loaded.latest("canonical.lake-value")


def test_an_incompatible_draft_is_not_released_and_the_lock_stays(folder: Path) -> None:
    write(folder, "canonical/tree.v2.avsc", FIRST | {"fields": [{"name": "height", "type": "string"}]})
    before = (folder / registry.LOCK).read_bytes()
    with pytest.raises(CheckFailed, match=r"\$\.height"):
        registry.release(folder)
    assert (folder / registry.LOCK).read_bytes() == before


@pytest.mark.parametrize("line", ["1 canonical.tree-value 1", "0 a 1 " + "0" * 64, "1 other-value 1 " + "0" * 64, "x"])
def test_a_lock_that_is_not_right_is_refused_by_its_line(folder: Path, line: str) -> None:
    with (folder / registry.LOCK).open("a") as lock:
        lock.write(line + "\n")
    with pytest.raises(ConfigRefused) as refused:
        registry.load(folder)
    assert refused.value.place == "published.lock:5"


@pytest.mark.parametrize("name", ["tree.avsc", "Tree.v2.avsc", "tree.v0.avsc", "tree.v2.copy.avsc"])
def test_a_schema_file_of_another_name_is_refused(folder: Path, name: str) -> None:
    write(folder, f"canonical/{name}", FIRST)
    with pytest.raises(ConfigRefused, match="called"):
        registry.load(folder)


def test_a_version_left_out_is_refused(folder: Path) -> None:
    write(folder, "canonical/tree.v3.avsc", SECOND)
    with pytest.raises(ConfigRefused, match="none left out"):
        registry.load(folder)


def test_a_hostile_schema_is_refused_by_its_file(folder: Path) -> None:
    write(folder, "canonical/lake.v1.avsc", {"type": "record", "name": "Lake", "fields": [{"name": "in", "type": ["null", "Lake"]}]})
    with pytest.raises(SchemaRefused) as refused:
        registry.load(folder)
    assert refused.value.place == "canonical/lake.v1.avsc"
