"""`civicbus matrix` on a log: what departments handed in, asked for and shared is what it says, in JSON, as a table and as a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus import account
from bus.event import Output
from bus.eventlog import topics
from tests.cli.test_errors import HAN, civicbus
from tests.sharing.test_agreement_command import ID, Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    with made.app.log.writer("test") as writer:
        handed_in = account.delta("publish", "housing.dwelling", {"read": 4, "published": 4}, {})
        writer.append([Output(topics.account("housing"), handed_in._replace(timestamp=2_000_000_000_000))])
    yield made
    made.app.close()


def said(office: Office) -> dict[str, Any]:
    done = civicbus(office.home, "matrix")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def cell(office: Office) -> dict[str, Any]:
    (one,) = [
        each for each in said(office)["cells"] if (each["provider"], each["consumer"], each["item"]) == ("housing", "civil", "building")
    ]
    return one


def test_a_cell_goes_from_never_asked_over_waiting_to_flowing_and_to_broken(office: Office) -> None:
    states = [cell(office)["state"]]
    office.done("li", "submit", str(office.file))
    states.append(cell(office)["state"])
    for who, step in (("wang", "review"), ("zhao", "approve"), ("li", "apply")):
        office.done(who, step, ID)
    states.append(cell(office)["state"])
    assert civicbus(office.home, "run", f"share.{ID}", "--until-idle").returncode == 0
    states.append(cell(office)["state"])
    office.done("zhao", "suspend", ID, "--reason", "a complaint")

    assert states == ["never_asked", "waiting", "waiting", "flowing"]
    assert (cell(office)["state"], cell(office)["reason"]["en"]) == ("broken", "Suspended: a complaint")


def test_a_flowing_cell_says_basis_fields_volume_and_what_was_withheld(office: Office) -> None:
    office.applied()
    civicbus(office.home, "run", f"share.{ID}", "--until-idle")
    found = cell(office)

    assert found["basis"] == "社会救助暂行办法第五十八条"
    assert (found["delivered"], found["rows"]) == (2, 4)
    (agreement,) = found["agreements"]
    assert (agreement["fields"], agreement["withheld"]) == (["usage", "area_total"], {"out_of_scope": 1, "nothing_granted": 1})


def test_the_counts_are_those_of_the_cells(office: Office) -> None:
    found = said(office)
    assert sum(found["counts"].values()) == len(found["cells"])
    assert found["counts"]["never_asked"] == len(found["cells"])


def test_the_table_and_the_page_are_for_people_in_both_languages(office: Office, tmp_path: Path) -> None:
    office.done("li", "submit", str(office.file))
    shown = civicbus(office.home, "matrix", "--format", "table").stderr
    written = civicbus(office.home, "matrix", "--html", str(tmp_path / "matrix.html"))

    assert "waiting 0 working days" in shown and "待答复 0 个工作日" in shown
    assert HAN.search(written.stderr) and written.stdout == ""
    assert '<td class="waiting">' in (tmp_path / "matrix.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_said_to_be(office: Office, tmp_path: Path) -> None:
    done = civicbus(office.home, "matrix", "--html", str(tmp_path / "nowhere" / "matrix.html"))
    assert (done.returncode, "matrix.html" in done.stderr) == (4, True)
