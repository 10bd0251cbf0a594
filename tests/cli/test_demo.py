"""The demonstration: the main job from start to end, with three agreements in use; a second time nothing is done twice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cli.test_errors import HAN, civicbus
from tests.docs.test_readme import environment

pytestmark = pytest.mark.timeout(900)  # two whole demonstrations, on a machine that may be busy
AGREEMENTS = ("civil-housing-of-families", "housing-life-events", "social-elderly-alone")


class Shown(NamedTuple):
    """Two demonstrations on one folder: what each said, and what was shared by then."""

    folder: Path
    first: str
    second: str
    shared: list[list[dict[str, Any]]]

    def home(self, *arguments: str) -> str:
        return civicbus(self.folder / "bus", *arguments).stdout


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("demonstration") / "demo"
    said, shared = [], []
    for _ in range(2):
        command = [sys.executable, "-m", "bus", "demo", "--into", str(folder), "--residents", "120"]
        done = subprocess.run(command, cwd=folder.parent, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        said.append(done.stderr)
        shared.append(json.loads(civicbus(folder / "bus", "account", "--format", "json").stdout)["agreements"])
    return Shown(folder, said[0], said[1], shared)


def test_it_runs_from_the_files_of_the_departments_to_the_picture_of_the_barrier(shown: Shown) -> None:
    for what in ("Everything adds up.", "Who knows whom", "Blind spots", "The demonstration acts for several persons", "matrix.html"):
        assert what in shown.first


def test_of_each_agreement_whoever_submits_is_another_than_who_reviews_and_who_approves(shown: Shown) -> None:
    for agreement in AGREEMENTS:
        found = json.loads(shown.home("agreement", "show", agreement))
        by = {each["step"]: each["by"] for each in found["events"]}
        assert found["state"] == "active"
        assert by["submit"] not in (by["review"], by["approve"])


def test_what_each_subscriber_got_and_what_was_withheld_is_told_with_the_reason_in_both_languages(shown: Shown) -> None:
    for agreement in AGREEMENTS:
        _, _, told = shown.first.partition(f"{agreement} → svc-")
        lines = told.splitlines()
        (withheld,) = [line for line in lines if "withheld" in line][:1]
        assert "not among the rows" in withheld and HAN.search(withheld)
        assert next(line for line in lines if "now know" in line)
    assert "A month later there is news" in shown.first


def test_who_is_old_and_lives_alone_is_told_as_the_truth_has_it_of_those_whom_the_departments_know(shown: Shown) -> None:
    """In a larger city a few more are told, rightly (21 for 19 of 1,000 residents): the truth knows a death that no department told, and
    ages are as of the record: one had turned 60 since the first delivery."""
    here = [each for each in _people(shown) if each["living"] and each["in_city"]]
    homes = Counter(each["dwelling"] for each in here)
    old = [each for each in here if each["birth_date"] < "1966-10"]  # 60 in the month of the first delivery
    alone = [each for each in old if not each["spouse"] and homes[each["dwelling"]] == 1]
    surveyed = [each for each in alone if ("social", "WG_RK.csv") in _rows(each)]
    born = [each for each in surveyed if any(department != "social" for department, _ in _rows(each))]  # by others, as agreed

    (told,) = re.findall(r"of these alone: ([\d,]+)", shown.first.partition("A month later")[0])
    assert int(told) == len(born) > 0


def test_the_sharing_adds_up_and_a_second_demonstration_delivers_nothing_twice(shown: Shown) -> None:
    once, twice = shown.shared
    assert [each["agreement"] for each in once] == list(AGREEMENTS)
    assert all(each["published"] == each["delivered"] + each["withheld"] and each["delivered"] for each in once)
    assert once == twice
    assert shown.second.count("in force already") == len(AGREEMENTS)


def test_the_picture_shows_what_flows_and_nothing_of_a_person(shown: Shown) -> None:
    page = (shown.folder / "matrix.html").read_text(encoding="utf-8")
    assert page.count('<td class="flowing">') == 10
    people = _people(shown)
    told = [value for each in people for value in (each["name"], each["id_number"], *each["phones"]) if value]
    assert len(told) > 200
    assert [value for value in told if value in page] == []


def _people(shown: Shown) -> list[dict[str, Any]]:
    lines = (shown.folder / "city-120/truth/residents.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _rows(person: dict[str, Any]) -> set[tuple[str, str]]:
    """Department and file of each row about somebody in the first delivery."""
    return {(department, file) for delivery, department, file, *_ in person["places"] if delivery == "2026-09"}
