"""Nobody in the city exists, and nobody is there twice."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from bus.city import names, numbers
from bus.city.places import plan
from tests.city.conftest import GB18030, truth

NUMBER = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9X](?![0-9A-Za-z])")


@given(st.dates(date(1900, 1, 1), date(2026, 12, 31)), st.integers(1, 999))
def test_check_characters_are_those_of_python_stdnum(born: date, sequence: int) -> None:
    number = numbers.citizen_number("379901", born, sequence)
    assert number[17] == ric.calc_check_digit(number)
    assert numbers.is_citizen_number(number)


@given(st.integers(0, 9_999_999), st.sampled_from("0M"))
def test_credit_codes_are_those_of_python_stdnum(serial: int, letter: str) -> None:
    code = numbers.credit_code("91", "379901", numbers.organisation_code(f"{letter}{serial:07d}"))
    assert code[17] == uscc.calc_check_digit(code[:17])


def test_every_citizen_has_a_sound_number_of_no_place_and_nobody_shares_one(damaged_city: Path) -> None:
    people = truth(damaged_city, "residents")
    citizens = [p for p in people if p["id_type"] == "citizen_id"]
    for p in citizens:
        n = p["id_number"]
        assert n.startswith("3799")
        assert n[17] == ric.calc_check_digit(n)
        assert n[6:14] == p["birth_date"].replace("-", "")
        assert (int(n[16]) % 2 == 1) == (p["sex"] == "1")
    assert max(Counter(p["id_number"] for p in citizens).values()) == 1
    assert max(Counter(p["phones"][0] for p in people).values()) == 1


def test_no_file_holds_a_sound_number_of_a_region_that_exists(damaged_city: Path) -> None:
    ours = ("3799", "8100", "8200", "8300", "911")
    for path in damaged_city.glob("20*/*/*.csv"):
        text = path.read_bytes().decode("gb18030" if path.name in GB18030 else "utf-8", "replace")
        for number in NUMBER.findall(text):
            born = number[6:14]
            plausible = "1900" < born[:4] < "2027" and "00" < born[4:6] < "13" and "00" < born[6:] < "32"
            if numbers.is_citizen_number(number) and plausible and path.name not in ("SQ_GD.csv", "SQ_GD_LZ.csv"):
                assert number.startswith(ours), path.name


def test_all_mobile_phones_are_of_the_range_1990(damaged_city: Path) -> None:
    assert all(re.fullmatch(r"1990[0-9]{7}", phone) for p in truth(damaged_city, "residents") for phone in p["phones"])


def test_numbers_stay_unique_over_many_streets_without_remembering(tmp_path: Path) -> None:
    from bus.city import make_city

    make_city(tmp_path, 20_000, deliveries=1, seed="crowd")
    seen = Counter(p["id_number"] for p in truth(tmp_path, "residents") if p["id_number"])
    assert seen.most_common(1)[0][1] == 1


def test_a_city_of_a_million_has_distinct_codes_and_names_for_all_its_places() -> None:
    city = plan(1_000_000)
    communities = [c for s in city.streets for c in s.communities]
    assert len({c.code for c in communities}) == len({c.name for c in communities}) == len(communities) > 1400
    assert len({s.name for s in city.streets}) == len(city.streets)
    assert all(d.code.startswith("3799") or d.level == "province" for d in city.divisions)


def test_history_names_a_split_street_a_renamed_community_and_a_divided_county() -> None:
    city = plan(3000)
    assert any(d.level == "community" and d.valid_to == "2025-07-01" and d.successor != d.code for d in city.divisions)
    assert any(d.valid_to == "2026-01-01" and d.successor == d.code for d in city.divisions)
    assert any("|" in d.successor for d in city.divisions)


def test_there_are_people_with_dots_rare_characters_and_other_documents(damaged_city: Path) -> None:
    people = truth(damaged_city, "residents")
    assert any("·" in p["name"] for p in people)
    assert any(not names.fits_gbk(p["name"]) for p in people)
    assert {"citizen_id", "hmt_permit", "passport", "foreign_permit", None} == {p["id_type"] for p in people}
    assert any(not p["living"] for p in people)
    assert any(note.startswith("moved_from") for p in people for note in p["notes"])
    assert any(note.startswith("same_name_and_birth") for p in people for note in p["notes"])
