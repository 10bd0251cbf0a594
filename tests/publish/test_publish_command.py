"""`civicbus publish`: exit status, and what a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from publishing import member, members

from bus.cli import main
from bus.cli.publish import default_delivery


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Runs a command in a home of its own: (exit status, standard output, standard error)."""
    monkeypatch.setenv("CIVICBUS_HOME", str(tmp_path / "home"))

    def command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(a) for a in arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


def handed_in(tmp_path: Path, content: bytes, name: str = "DB_MEMBER.csv") -> Path:
    path = tmp_path / "2026-09" / "civil" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_refused_rows_are_reported_in_both_languages_and_are_no_failure(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    status, out, err = run("publish", "civil.assistance_member", handed_in(tmp_path, members([member(1), "broken"])))
    assert (status, out) == (0, "")
    assert "读取 3 行" in err
    assert "3 rows read: 1 published" in err
    assert "ROW_MALFORMED × 1" in err
    assert "row 3" in err
    assert "张" not in err
    assert "2026-09" in err


def test_a_refused_file_is_exit_3_and_the_others_still_go_out(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    empty, good = handed_in(tmp_path, b"", "empty.csv"), handed_in(tmp_path, members([member(1)]))
    status, _, err = run("publish", "civil.assistance_member", empty, good)
    assert status == 3
    assert "empty.csv" in err
    assert "1 published" in err


@pytest.mark.parametrize(
    ("dataset", "name", "said"),
    [("civil.asistance_member", "DB_MEMBER.csv", "civil.assistance_member"), ("civil.marriage", "no.csv", "no such file")],
)
def test_a_wrong_dataset_or_path_is_exit_2_and_names_what_may_be_meant(tmp_path: Path, run, dataset: str, name: str, said: str) -> None:  # type: ignore[no-untyped-def]
    handed_in(tmp_path, members([member(1)]))
    status, _, err = run("publish", dataset, tmp_path / "2026-09" / "civil" / name)
    assert status == 2
    assert said in err
    assert "Traceback" not in err


def test_a_dry_run_touches_no_log(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    status, _, err = run("publish", "civil.assistance_member", handed_in(tmp_path, members([member(1)])), "--dry-run")
    assert status == 0
    assert "dry run" in err
    assert not (tmp_path / "home" / "civicbus.db").exists()


def test_the_report_is_written_where_it_was_asked_for(tmp_path: Path, run) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "r.json"
    run("publish", "civil.assistance_member", handed_in(tmp_path, members(["broken"])), "--report", path)
    assert json.loads(path.read_text(encoding="utf-8"))["rows"][0]["code"] == "ROW_MALFORMED"


def test_the_delivery_is_named_after_its_folder_and_not_after_the_departments(tmp_path: Path) -> None:
    assert default_delivery(tmp_path / "2026-09" / "civil" / "HYDJ.csv", "civil") == "2026-09"
    assert default_delivery(tmp_path / "2026-10" / "HYDJ.csv", "civil") == "2026-10"
