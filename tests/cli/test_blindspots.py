"""`civicbus blindspots`: what is found in files that the steps made, where, and what is not told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bus.cli.context import App
from bus.config import read_settings
from tests.cli.test_errors import civicbus
from tests.resolver.link_world import Said, assisted, key, lives, owned, party, record, say

EAST, WEST = "379901001001", "379902001001"
STEPS = ("identify", "alias", "match", "join", "link", "merge")


def city(home: Path, *said: Sequence[Said]) -> Path:
    """A bus on which this was said and resolved."""
    app = App(read_settings({"home": str(home)}, {}))
    app.create_topics()
    with app.log.writer("normalizer") as writer:
        writer.append([record(each) for some in said for each in some])
    app.close()
    assert civicbus(home, "run", *STEPS, "--until-idle").returncode == 0
    return home


def found(home: Path, by: str = "county") -> dict[str, Any]:
    """What the command says."""
    done = civicbus(home, "blindspots", "--by", by, "--format", "json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def home_of(n: int, division: str = EAST, **more: Any) -> list[Said]:
    """A home and its owner, who need not live there."""
    return owned(f"o{n}", f"U{n}", f"业{n}", usage="residence", status="existing", division_code=division, **more)


def paid(n: int, who: str, division: str, state: str = "paid", unit: str | None = None, **person: Any) -> list[Said]:
    """A row of the roster of allowances."""
    of, row = "civil.old_age_allowance", f"p{n}"
    home = [say("dwelling", of, "home", row, kind="unit", real_estate_unit_no=unit)] if unit else []
    link = {"kind": "resident", "party": party(of, "self", row), "dwelling_key": key(of, "home", row).hex() if unit else None}
    return [
        say("resident", of, "self", row, name=who, id_token=who, residence_division=division, **person),
        say("benefit", of, "self", row, party=party(of, "self", row), division_code=division, state=state, kind="old_age_allowance"),
        say("residency_link", of, "self", row, **link),
        *home,
    ]


def test_homes_without_a_resident_are_counted_by_county(tmp_path: Path) -> None:
    east = [each for n in range(10) for each in home_of(n)]
    west = [each for n in range(10, 18) for each in home_of(n, WEST)]
    lived_in = [each for n in (0, 1, 2, 3, 10, 11) for each in lives(f"r{n}", f"U{n}", f"住{n}")]
    answer = found(city(tmp_path, east, west, lived_in))

    assert answer["city"]["dwellings_without_resident"] == {"count": 12, "n": 18}
    assert [(each["area"], each["dwellings_without_resident"]) for each in answer["areas"] if each["area"]] == [
        ("379901", {"count": 6, "n": 10}),
        ("379902", {"count": 6, "n": 8}),
    ]


def test_shops_and_houses_that_no_longer_stand_are_no_homes(tmp_path: Path) -> None:
    shops = [each for n in range(6) for each in owned(f"o{n}", f"U{n}", "业", usage="commerce")]
    gone = [each for n in range(6, 12) for each in owned(f"o{n}", f"U{n}", "业", usage="residence", status="demolished")]
    homes = [each for n in range(12, 18) for each in home_of(n)]

    assert found(city(tmp_path, shops, gone, homes))["city"]["dwellings_without_resident"] == {"count": 6, "n": 6}


def test_who_is_paid_without_a_home_after_death_or_in_two_counties_is_found(tmp_path: Path) -> None:
    homeless = [each for n in range(6) for each in paid(n, f"无{n}", EAST)]
    housed = [each for n in range(10, 17) for each in paid(n, f"有{n}", EAST, unit=f"U{n}")]
    dead = [each for n in range(20, 25) for each in paid(n, f"故{n}", EAST, unit=f"U{n}")]
    register = [each for n in range(20, 25) for each in lives(f"d{n}", None, f"故{n}", name_note="身故")]
    twice = [each for n in range(30, 35) for each in paid(n, f"双{n}", EAST, unit=f"U{n}") + paid(n + 10, f"双{n}", WEST, unit=f"U{n}")]
    stopped = [each for n in range(50, 55) for each in paid(n, f"停{n}", WEST, "stopped")]
    answer = found(city(tmp_path, homeless, housed, dead, register, twice, stopped))["city"]

    assert answer["allowances_without_dwelling"] == {"count": 6, "n": 18}  # the dead are asked no such question
    assert answer["paid_after_death"] == {"count": 5, "n": 23}
    assert answer["paid_in_two_counties"] == {"count": 5, "n": 23}


def test_a_household_under_assistance_counts_at_its_head(tmp_path: Path) -> None:
    assert found(city(tmp_path, [each for n in range(5) for each in assisted(f"f{n}", f"户{n}")]))["city"][
        "allowances_without_dwelling"
    ] == {
        "count": 5,
        "n": 5,
    }


def test_a_resident_whose_home_lies_in_a_grid_is_in_it(tmp_path: Path) -> None:
    surveyed = [each for n in range(5) for each in lives(f"a{n}", f"U{n}", f"甲{n}", residence_division=EAST)]
    homes = [
        say("dwelling", "social.resident_survey", "home", f"g{n}", kind="unit", real_estate_unit_no=f"U{n}", grid_code=f"{EAST}101")
        for n in range(5)
    ]
    outside = [each for n in range(5, 11) for each in lives(f"a{n}", f"U{n}", f"甲{n}", residence_division=EAST)]

    assert found(city(tmp_path, surveyed, homes, outside))["city"]["residents_without_grid"] == {"count": 6, "n": 11}


def test_fewer_than_five_are_told_neither_in_figures_nor_in_words(tmp_path: Path) -> None:
    home = city(tmp_path, [each for n in range(4) for each in paid(n, f"无{n}", EAST)])
    words = civicbus(home, "blindspots", "--format", "table").stderr

    assert found(home)["city"]["allowances_without_dwelling"] == {"count": None, "n": None}
    assert "<5" in words
    assert " 4 " not in words


def test_without_any_file_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert found(city(tmp_path))["areas"] == []
