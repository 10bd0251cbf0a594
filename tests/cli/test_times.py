"""The file as it was on a day, and as it was known at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.test_errors import civicbus
from tests.cli.test_identity_commands import TIME, Office, person

SEPTEMBER, OCTOBER = "2026-09-10T00:00:00", "2026-10-02T00:00:00"
SAID = [
    person("one", "张三", "n.1", education="10", updated_at=SEPTEMBER),
    person("one", "张三", "n.1", education="20", updated_at=OCTOBER),
    person("two", "张三", "n.1", sex="1"),
    person("deed", "王五", "n.2", sex="2"),
    person("deed", "赵六", "n.3", sex="1"),  # sold: the same row names somebody else
    person("survey", "赵六", "n.3"),
]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    home = tmp_path_factory.mktemp("times") / "home"
    home.mkdir(mode=0o700)
    return Office(home, SAID)


def show(office: Office, *times: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(office("show", "resident", "--subject", office.number("n.1"), "--format", "json", *times))
    return {name: held["value"] for name, held in found["fields"].items() if name in ("education", "sex")}


def test_today_the_latest_holds(office: Office) -> None:
    assert show(office) == {"education": "20", "sex": "1"}


@pytest.mark.parametrize(("day", "education"), [("2026-09-30", "10"), ("2026-09", "10"), ("2026-10-02", "20"), ("2026-09-09", None)])
def test_on_a_day_what_was_so_holds(office: Office, day: str, education: str | None) -> None:
    assert show(office, "--as-of", day).get("education") == education


def test_what_was_not_known_yet_is_not_in_the_file(office: Office) -> None:
    first = "2026-09-21T14:13:20+00:00"  # TIME, when the first version was published
    assert TIME == 1_790_000_000_000
    assert show(office, "--as-known-at", first) == {"education": "10"}


def test_an_explanation_considers_what_was_known_then(office: Office) -> None:
    said = office("explain", "resident", office.number("n.1"), "--as-known-at", "2026-09-21T14:13:20+00:00", "--format", "json")
    assert [each["source"]["key"]["id"] for each in json.loads(said)["statements"]] == ["one"]


@pytest.mark.parametrize("option", ["--as-of", "--as-known-at"])
@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "30.9.2026"])
def test_what_is_no_time_is_refused(office: Office, option: str, text: str) -> None:
    done = civicbus(office.home, "show", "resident", "--subject", office.number("n.1"), option, text)
    assert (done.returncode, text in done.stderr) == (2, True)


def test_before_anything_was_known_nothing_is(office: Office) -> None:
    done = civicbus(office.home, "show", "resident", "--subject", office.number("n.1"), "--as-known-at", "2020-01-01")
    assert done.returncode == 5


def test_what_a_row_said_of_its_former_owner_is_never_in_the_file_of_the_new_one(office: Office) -> None:
    sold = "2026-09-21T14:13:20.003+00:00"  # the deed still names the former owner
    for times in (("--as-known-at", sold), ("--as-of", "2026-09-30", "--as-known-at", sold)):
        done = civicbus(office.home, "show", "resident", "--subject", office.number("n.3"), "--format", "json", *times)
        assert done.returncode == 5 and "王五" not in done.stdout + done.stderr
    later = office("show", "resident", "--subject", office.number("n.3"), "--as-known-at", "2026-09-22", "--format", "json")
    assert "赵六" in later and "王五" not in later


def test_of_a_past_file_it_is_not_said_that_there_were_no_links(office: Office) -> None:
    ask = ("show", "resident", "--subject", office.number("n.1"))
    assert json.loads(office(*ask, "--format", "json", "--as-of", "2026-10-02"))["links"] is None
    assert json.loads(office(*ask, "--format", "json"))["links"] == []
    assert civicbus(office.home, *ask, "--format", "text", "--as-of", "2026-10-02").returncode == 0
