"""`civicbus schema …` as a person or a script calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def call(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from bus.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ | environment, check=False)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    for name, kind in (("int", "int"), ("long", "long")):
        (tmp_path / f"{name}.avsc").write_text(json.dumps({"type": "record", "name": "R", "fields": [{"name": "a", "type": kind}]}))
    return tmp_path / "int.avsc", tmp_path / "long.avsc"


def test_compat_says_yes_with_exit_0(pair: tuple[Path, Path]) -> None:
    done = call("schema", "compat", pair[1], pair[0], "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"compatible": True, "findings": []})


def test_compat_says_no_with_exit_5_and_where(pair: tuple[Path, Path]) -> None:
    done = call("schema", "compat", *pair, "--format", "json")
    said: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 5
    assert not said["compatible"]
    assert [(f["path"], f["kind"]) for f in said["findings"]] == [("$.a", "TYPE_MISMATCH")]
    assert said["findings"][0]["message"]


def test_compat_of_a_file_that_is_no_schema_exits_3_without_a_traceback(pair: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "bad.avsc").write_bytes(b"\xff\xfe\0")
    done = call("schema", "compat", pair[0], tmp_path / "bad.avsc")
    assert done.returncode == 3
    assert "SCHEMA_REFUSED" in done.stderr
    assert "Traceback" not in done.stderr


def test_compat_of_a_file_that_is_not_there_exits_2(pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert call("schema", "compat", pair[0], tmp_path / "none.avsc").returncode == 2


def test_check_finds_the_shipped_schemas_in_order() -> None:
    assert call("schema", "check").returncode == 0


def test_check_explains_an_incompatible_draft_and_exits_5(tmp_path: Path) -> None:
    for number, kind in ((1, "int"), (2, "string")):
        schema = {"type": "record", "name": "Tree", "fields": [{"name": "height", "type": kind}]}
        (tmp_path / "canonical").mkdir(exist_ok=True)
        (tmp_path / f"canonical/tree.v{number}.avsc").write_text(json.dumps(schema))
    (tmp_path / "departments").mkdir()
    (tmp_path / "departments/departments.yaml").write_text("{}")
    done = call("schema", "check", CIVICBUS_SCHEMAS=str(tmp_path))
    assert done.returncode == 5
    for word in ("canonical.tree-value $.height", "version 2 cannot read", "replay", "subscribers", "add a new field", "另加新字段"):
        assert word in done.stderr


def test_export_writes_each_schema_by_its_id(tmp_path: Path) -> None:
    assert call("schema", "export", tmp_path / "out").returncode == 0
    subjects = json.loads((tmp_path / "out/subjects.json").read_text())
    for number in (v["id"] for versions in subjects.values() for v in versions):
        assert json.loads((tmp_path / f"out/{number}.avsc").read_text())["type"] == "record"
    assert "raw.civil.marriage-value" in subjects


def test_show_prints_the_newest_of_a_subject() -> None:
    assert json.loads(call("schema", "show", "raw.civil.marriage-value").stdout)["dataset"] == "civil.marriage"


def test_show_of_nothing_exits_2() -> None:
    assert call("schema", "show", "12345").returncode == 2
