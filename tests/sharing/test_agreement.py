"""What an agreement may say, and what its writer is told when it does not."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from bus.sharing import agreement
from bus.sharing.agreement import Band, Level
from bus.sharing.problem import AgreementRefused, Problem
from bus.sharing.reading import MAX_BYTES
from tests.sharing.paper import HOUSING, made, text


def problems(written: str) -> list[Problem]:
    with pytest.raises(AgreementRefused) as refused:
        agreement.read(written, "paper.yaml")
    return list(refused.value.problems)


def test_an_agreement_is_read_whole() -> None:
    read = made()

    assert read.id == "civil-housing-of-families"
    assert (read.provider, read.consumer, read.subscribers) == (("housing",), "civil", ("svc-civil-check",))
    assert read.fields == {"address": Level(level="community"), "usage": "clear", "area_total": Band(band=(30, 60, 90))}
    assert read.rows.caseload == "own"
    assert read.until == date(2027, 12, 31)


def test_what_is_not_said_is_the_careful_choice() -> None:
    read = made(rows=None)

    assert (read.subject, read.retention_days, read.on_end, read.impact_assessment) == ("pseudonym", 180, "delete", None)
    assert read.links == {}
    assert read.rows == agreement.Rows()


def test_an_agreement_that_was_read_does_not_change() -> None:
    with pytest.raises(ValidationError):
        made().consumer = "social"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"agreement": "Civil"}, "agreement"),
        ({"agreement": "../etc/passwd"}, "agreement"),
        ({"title": {"zh": "名称"}}, "title.en"),
        ({"provider": []}, "provider"),
        ({"provider": "housing"}, "provider"),
        ({"subscribers": ["two words"]}, "subscribers.0"),
        ({"entity": None}, "entity"),
        ({"fields": {}}, "fields"),
        ({"fields": {"usage": "plain"}}, "fields.usage"),
        ({"fields": {"usage": {"band": []}}}, "fields.usage"),
        ({"fields": {"address": {"level": "house"}}}, "fields.address"),
        ({"links": {"owner": "clear"}}, "links.owner"),
        ({"links": {"friend": "count"}}, "links.friend"),
        ({"subject": "clear"}, "subject"),
        ({"rows": {"counties": [379901000000]}}, "rows.counties.0"),
        ({"rows": {"grids": ["379901001001"]}}, "rows.grids.0"),
        ({"rows": {"caseload": "all"}}, "rows.caseload"),
        ({"purpose": ""}, "purpose"),
        ({"basis": None}, "basis"),
        ({"scene": None}, "scene"),
        ({"scope": None}, "scope"),
        ({"way": "email"}, "way"),
        ({"until": "soon"}, "until"),
        ({"until": None}, "until"),
        ({"retention_days": 0}, "retention_days"),
        ({"retention_days": "180"}, "retention_days"),
        ({"on_end": "keep"}, "on_end"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_each_mistake_is_named_by_its_place_with_a_cure_in_both_languages(changed: dict[str, Any], path: str) -> None:
    [found] = problems(text(**changed))

    assert found.path == path
    assert found.en
    assert found.cure_en
    assert re.search(r"[\u4e00-\u9fff]", found.zh + found.cure_zh)


def test_all_mistakes_are_named_at_once_each_with_its_line() -> None:
    written = HOUSING.replace("usage: clear", "usage: plain").replace("caseload: own", "caseload: all").replace("2027-12-31", "2027-02-31")

    assert [(each.line, each.path) for each in problems(written)] == [(9, "fields.usage"), (11, "rows.caseload"), (17, "until")]


def test_the_error_says_file_line_and_how_many_more() -> None:
    with pytest.raises(AgreementRefused) as refused:
        agreement.read(text(way="email", on_end="keep"), "schemas/agreements/paper.yaml")

    assert re.fullmatch(r"schemas/agreements/paper\.yaml:\d+", refused.value.place)
    assert "1 more" in refused.value.message
    assert "另有 1 处" in refused.value.message_zh


def test_no_value_stands_in_a_message() -> None:
    [found] = problems(text(way="CANARY-7731"))

    assert "CANARY" not in " ".join(map(str, found))


def test_a_missing_key_is_said_of_the_line_that_should_hold_it() -> None:
    [found] = problems(HOUSING.replace("title: {zh: 低保家庭住房核对, en: Housing of allowance families}", "title: {zh: 低保家庭住房核对}"))

    assert (found.line, found.path) == (2, "title.en")


@pytest.mark.parametrize(
    ("written", "line", "says"),
    [
        ("a: &x [1]\nb: *x\n", 2, "Aliases"),
        ("a: 1\nb: 2\na: 3\n", 3, "twice"),
        ("rows: {grids: [], grids: []}\n", 1, "twice"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "Tags"),
        ("a: " + "[" * 33 + "]" * 33, 1, "deeper"),
        ("a: " + "[" * 100_000, 1, "deeper"),
        ("# " + "x" * MAX_BYTES, 1, "1 MB"),
        ("1: x\n", 1, "word"),
        ("? [a, b]\n: x\n", 1, "word"),
        ("a: [1\nb: 2\n", 2, "not YAML"),
        ("a: \x00", 1, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("", 1, "keys and values"),
        ("- a\n", 1, "keys and values"),
    ],
)
def test_yaml_that_could_harm_or_mislead_is_refused(written: str, line: int, says: str) -> None:
    found = problems(written)[0]

    assert found.line == line
    assert says in found.en
