"""The file as it was on a day, and as it was known at a time."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from bus.cli.times import read_times
from bus.eventlog import topics
from bus.eventlog.sqlite import SqliteLog
from bus.resolver.identify import subject_of
from tests.cli.test_errors import civicbus
from tests.cli.test_identity_commands import TIME, Office, person

SEPTEMBER, OCTOBER = "2026-09-10T00:00:00", "2026-10-02T00:00:00"
SAID = [
    person("one", "张三", "n.1", education="10", updated_at=SEPTEMBER),
    person("one", "张三", "n.1", education="20", updated_at=OCTOBER),
    person("two", "张三", "n.1", sex="1"),
    person("deed", "王五", "n.2", sex="2"),
    person("deed", "赵六", "n.3", sex="1", operation="changed"),  # sold: the same row names somebody else
    person("survey", "赵六", "n.3"),
]
SOLD = ("--as-known-at", "2026-09-21T14:13:20.003Z")  # the deed still names the former owner


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
@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "30.9.2026", "20260930", "0001-01-01T00:00+23:00"])
def test_what_is_no_time_is_refused(office: Office, option: str, text: str) -> None:
    done = civicbus(office.home, "show", "resident", "--subject", office.number("n.1"), option, text)
    assert (done.returncode, text in done.stderr) == (2, True)


def test_before_anything_was_known_nothing_is(office: Office) -> None:
    done = civicbus(office.home, "show", "resident", "--subject", office.number("n.1"), "--as-known-at", "2020-01-01")
    assert done.returncode == 5


@pytest.mark.parametrize("moment", ["2026-10-01T23:59", "2026-10-01T15:59:00Z", "2026-10-01 23:59:59.5"])
def test_a_moment_is_a_time_too_in_the_city_unless_it_names_a_zone(office: Office, moment: str) -> None:
    assert show(office, "--as-of", moment)["education"] == "10"
    assert show(office, "--as-known-at", moment)["education"] == "20"


@pytest.mark.parametrize("option", ["--as-of", "--as-known-at"])
@pytest.mark.parametrize(
    ("text", "known"), [("0001-01-01", False), ("0001", False), ("9999", True), ("9999-12", True), ("9999-12-31", True)]
)
def test_days_at_the_ends_of_the_calendar_are_days(office: Office, option: str, text: str, known: bool) -> None:
    assert [each["fields"]["sex"]["value"] for each in told(office, "n.1", option, text)] == ["1"] * (known or option == "--as-of")


@pytest.mark.parametrize(
    ("text", "end"), [("2026", "2026-12-31"), ("2028-02", "2028-02-29"), ("2026-12", "2026-12-31"), ("2026-09-30", "2026-09-30")]
)
def test_a_year_a_month_and_a_day_mean_the_end_of_it_in_the_city(text: str, end: str) -> None:
    assert read_times(None, text) == read_times(None, f"{end}T23:59:59.999+08:00")


def test_of_a_month_that_was_not_over_all_is_known_that_was_told_in_it(office: Office) -> None:
    assert show(office, "--as-known-at", "2026-09") == show(office, "--as-known-at", "2026") == show(office)
    assert told(office, "n.1", "--as-known-at", "2026-08") == []


def test_a_file_of_another_time_says_so_and_claims_to_be_no_event(office: Office) -> None:
    done = office("show", "resident", "--subject", office.number("n.1"), "--as-of", "2026-09-30", "--as-known-at", "2026-10-01")
    found = json.loads(done)
    assert found["times"] == {"as_of": "2026-09-30", "known_at": "2026-10-01T15:59:59.999Z", "forgotten": 0}
    assert (found["links"], found["event_id"]) == ([], None)


@pytest.fixture(scope="module", params=["in order", "late", "mixed"])
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The same statements, published at the same times, coming in another order."""
    home = tmp_path_factory.mktemp("order") / "home"
    home.mkdir(mode=0o700)
    said = [{**each, "at": at} for at, each in enumerate(SAID)]
    orders = {"in order": said, "late": said[::-1], "mixed": [said[1], said[2], said[0], said[1]]}
    return Office(home, orders[request.param])


def test_however_late_statements_come_the_file_is_the_same_at_every_time(published: Office, office: Office) -> None:
    for times in ((), ("--as-of", "2026-09-30"), ("--as-known-at", "2026-09-21T22:13:20.001"), ("--as-known-at", "2026-10-01")):
        one, other = (
            json.loads(each("show", "resident", "--subject", each.number("n.1"), "--format", "json", *times))
            for each in (published, office)
        )
        assert [one[part] for part in ("fields", "sources")] == [other[part] for part in ("fields", "sources")]


def test_what_a_row_said_of_its_former_owner_is_in_her_file_of_then_and_never_in_that_of_the_new_one(office: Office) -> None:
    for times in (SOLD, (*SOLD, "--as-of", "2026-09-30")):
        (hers,) = told(office, "n.2", *times)
        assert (hers["fields"]["name"]["value"], hers["fields"]["sex"]["value"]) == ("王五", "2")
        assert told(office, "n.3", *times) == []
    later = ("--as-known-at", "2026-09-22")
    assert told(office, "n.2", *later) == told(office, "n.2") == []
    (his,) = told(office, "n.3", *later)
    assert "王五" not in json.dumps(his, ensure_ascii=False)
    assert {source["key"]["id"] for source in his["sources"]} == {"deed", "survey"}


def test_of_two_whom_a_ruling_made_one_the_file_of_then_has_what_only_earlier_versions_said_of_either(tmp_path: Path) -> None:
    office = made(tmp_path, [person("deed", "王五", "n.2"), person("permit", "王五", "n.2"), person("card", "王五", "n.1")])
    office.ruled("join", office.number("n.2"), office.number("n.1"))
    later = 100
    office.say([person(row, "赵六", "n.3", operation="changed", at=later) for row in ("deed", "permit")])

    (file,) = told(office, "n.1", "--as-known-at", "2026-09-21T14:13:20.002Z")
    assert {source["key"]["id"] for source in file["sources"]} == {"deed", "permit", "card"}
    assert [source["key"]["id"] for source in told(office, "n.1")[0]["sources"]] == ["card"]


def test_a_dwelling_is_found_then_by_a_name_that_it_is_known_by_today_and_what_became_another_is_in_the_file_of_the_former(
    tmp_path: Path,
) -> None:
    place = {"compound_code": "XQ1", "building": "1", "entrance": "1", "room": "101"}
    said = [
        home("card", **place),
        home("card", **place, real_estate_unit_no="U1", operation="changed"),  # since then its number is known too
        home("deed", real_estate_unit_no="U2", usage="residence"),
        home("deed", real_estate_unit_no="U1", usage="office", operation="changed"),
    ]
    office = made(tmp_path, said)
    one, two = (subject_of(office.keys, "dwelling", f"unit:{unit}").hex() for unit in ("U1", "U2"))

    def sources(subject: str, *times: str) -> set[str]:
        done = civicbus(office.home, "show", "dwelling", "--subject", subject, "--format", "json", *times)
        return {source["key"]["id"] for source in json.loads(done.stdout)["sources"]} if done.returncode == 0 else set()

    assert sources(one, "--as-known-at", "2026-09-21T14:13:20Z") == {"card"}
    assert sources(one, "--as-known-at", "2026-09-21T14:13:20.002Z") == {"card"}
    assert sources(two, "--as-known-at", "2026-09-21T14:13:20.002Z") == {"deed"}
    assert (sources(one), sources(two)) == ({"card", "deed"}, set())


def test_an_explanation_of_then_tells_by_what_the_versions_of_then_were_one(tmp_path: Path) -> None:
    office = made(tmp_path, [person("one", "张三", "n.2"), person("two", "张三", "n.2"), person("two", "张三", "n.1", operation="changed")])

    then = explained(office, "n.2", "--as-known-at", "2026-09-21T14:13:20.001Z")
    assert [(each["joined_by"], each["shared_with"], each["as_decided_today"]) for each in then] == [("token", 1, False)] * 2
    assert [each["shared_with"] for each in explained(office, "n.2")] == [0]


def test_a_row_that_named_no_number_then_stands_where_it_is_today_if_it_bore_the_same_name_and_the_explanation_says_so(
    tmp_path: Path,
) -> None:
    since = "--as-known-at", "2026-09-21T14:13:20.001Z"
    said = [person("one", "张三"), person("two", "张三", "n.1"), person("one", "张三", "n.1"), person("own", "李四"), person("own", "王五")]
    office = made(tmp_path, said)

    then = {each["source"]["key"]["id"]: each for each in explained(office, "n.1", *since)}
    assert [(then[row]["joined_by"], then[row]["as_decided_today"]) for row in ("one", "two")] == [("token", True), ("token", False)]
    text = civicbus(office.home, "explain", "resident", office.number("n.1"), *since, "--format", "text").stderr
    assert "as decided today" in text
    own = ("show", "resident", "--subject", office.own("own"), "--as-known-at", "2026-09-21T14:13:20.003Z")
    assert civicbus(office.home, *own).returncode == 5


def test_who_was_entered_under_anothers_number_is_not_in_the_others_file_of_then_either(tmp_path: Path) -> None:
    entered = person("child", "王小明", "n.f", "ID_DOB_CONFLICT")
    office = made(tmp_path, [person("father", "王建国", "n.f"), entered, person("child", "王小明", "n.c")])
    then = ("--as-known-at", "2026-09-21T14:13:20.001Z")

    (file,) = told(office, "n.f", *then)
    assert {source["key"]["id"] for source in file["sources"]} == {"father"}
    assert told(office, "n.c", *then) == []


def test_what_the_log_has_let_go_of_is_nowhere_and_the_answer_says_that_it_may_be_missing(tmp_path: Path) -> None:
    office = made(tmp_path, [SAID[0], {**SAID[1], "operation": "changed"}, *SAID[2:]], raw_days=1)
    first = ("--as-known-at", "2026-09-21T14:13:20Z")
    assert [len(told(office, "n.1", *first)), len(told(office, "n.2", *SOLD))] == [1, 1]
    compacted(office)

    for _ in ("as it is", "read anew"):
        answers = {day: told(office, "n.1", "--as-of", day)[0]["times"]["forgotten"] for day in ("2026-09-30", "2026-10-02")}
        assert answers == {"2026-09-30": 1, "2026-10-02": 0}
        done = civicbus(office.home, "show", "resident", "--subject", office.number("n.1"), *first)
        assert (done.returncode, "CIVICBUS_RAW_DAYS" in done.stderr) == (5, True)
        assert told(office, "n.2", *SOLD) == []
        for view in (office.home / "state").rglob("versions"):
            shutil.rmtree(view)


def test_no_view_of_versions_holds_what_was_said(office: Office) -> None:
    assert told(office, "n.2", *SOLD)
    views = [file.read_bytes() for file in (office.home / "state").rglob("versions/*") if file.is_file()]
    assert views
    assert not any("王五".encode() in each or b"n.2" in each for each in views)


def home(row: str, **said: Any) -> dict[str, Any]:
    return {"row": row, "entity": "dwelling", **said}


def made(folder: Path, said: list[dict[str, Any]], raw_days: int = 400) -> Office:
    home = folder / "home"
    assert civicbus(home, "keys", "make").returncode == 0
    with SqliteLog(home / "civicbus.db") as log:
        log.create([topics.spec(topics.canonical("resident"), 4, raw_days)])
    return Office(home, said)


def compacted(office: Office) -> None:
    """The log as its upkeep leaves it two days after all was said."""
    with SqliteLog(office.home / "civicbus.db") as log:
        assert log.maintain(max(TIME + 2 * 86_400_000, int(time.time() * 1000))) > 0


def told(office: Office, number: str, *times: str) -> list[dict[str, Any]]:
    """The file, if there is one."""
    done = civicbus(office.home, "show", "resident", "--subject", office.number(number), "--format", "json", *times)
    assert done.returncode in (0, 5), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def explained(office: Office, number: str, *times: str) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = json.loads(office("explain", "resident", office.number(number), "--format", "json", *times))["statements"]
    return said
