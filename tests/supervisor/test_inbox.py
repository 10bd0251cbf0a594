"""Files laid into the drop folder are published when they are whole, and moved aside with what was said about them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bus.supervisor import inbox as inboxes
from bus.supervisor.inbox import Dropped, Inbox

PUBLISHER = (
    "import sys, pathlib; pathlib.Path(sys.argv[3]).write_text('{}'); print(sys.argv[2], file=sys.stderr); sys.exit(int(sys.argv[1]))"
)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "SETTLE_S", 0.0)


def box(folder: Path, status: int = 0) -> Inbox:
    """An inbox whose publisher ends with `status` and notes the delivery."""

    def publish(dropped: Dropped, report: Path) -> Sequence[str]:
        return [sys.executable, "-c", PUBLISHER, str(status), dropped.delivery, str(report)]

    return Inbox(folder, ["civil.marriage"], publish, {})


def drop(folder: Path, name: str = "HYDJ.csv", text: str = "x") -> Path:
    path = folder / "civil.marriage" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_is_published_once_it_has_stopped_changing(tmp_path: Path) -> None:
    watched = box(tmp_path)
    path = drop(tmp_path)

    assert watched.look() == 0
    path.write_text("and more")
    assert watched.look() == 0
    assert watched.look() == 1
    assert not path.exists()


def test_a_published_file_lies_in_done_with_its_report(tmp_path: Path) -> None:
    watched = box(tmp_path)
    drop(tmp_path, "2026-09/HYDJ.csv")
    watched.look()
    watched.look()

    done = tmp_path / "civil.marriage/done/2026-09"
    assert (done / "HYDJ.csv").read_text() == "x"
    assert json.loads((done / "HYDJ.csv.report.json").read_text()) == {}
    assert (done / "HYDJ.csv.why").read_text() == "2026-09\n"


def test_a_refused_file_lies_in_refused_with_the_reason(tmp_path: Path) -> None:
    watched = box(tmp_path, status=3)
    drop(tmp_path, "2026-09/HYDJ.csv")
    watched.look()
    watched.look()

    assert (tmp_path / "civil.marriage/refused/2026-09/HYDJ.csv.why").exists()


def test_a_file_stays_while_the_log_cannot_be_reached(tmp_path: Path) -> None:
    watched = box(tmp_path, status=4)
    path = drop(tmp_path)
    watched.look()

    assert watched.look() == 0
    assert path.exists()
    assert [each.name for each in path.parent.iterdir()] == ["HYDJ.csv"]


@pytest.mark.parametrize("name", [".HYDJ.csv", "~$HYDJ.xlsx", "HYDJ.csv.part", "HYDJ.csv.TMP"])
def test_a_copy_under_way_is_left_alone(tmp_path: Path, name: str) -> None:
    watched = box(tmp_path)
    drop(tmp_path, name)

    assert (watched.look(), watched.look()) == (0, 0)


def test_a_link_out_of_the_inbox_is_left_alone(tmp_path: Path) -> None:
    watched = box(tmp_path)
    (tmp_path / "secret").write_text("")
    (tmp_path / "civil.marriage/HYDJ.csv").symlink_to(tmp_path / "secret")

    assert (watched.look(), watched.look()) == (0, 0)


def test_a_file_handed_in_again_replaces_nothing(tmp_path: Path) -> None:
    watched = box(tmp_path)
    for text in ("first", "second"):
        drop(tmp_path, "2026-09/HYDJ.csv", text)
        watched.look()
        watched.look()

    done = tmp_path / "civil.marriage/done/2026-09"
    assert [(done / name).read_text() for name in ("HYDJ.csv", "2.HYDJ.csv")] == ["first", "second"]
