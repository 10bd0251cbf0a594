"""Who is who, decided by a person: by the commands alone, on statements as the normalizer writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bus.cli.context import App
from bus.config import read_settings
from bus.contracts.codec import Codec
from bus.event import Output, Record
from bus.eventlog import topics
from bus.keys import KeyRing
from bus.resolver.identify import own_subject, subject_of
from tests.cli.test_errors import civicbus
from tests.resolver.world import blank

TIME = 1_790_000_000_000
RESOLVER = ("identify", "alias", "match", "join", "merge")


class Office:
    """A log with a few statements, and the commands. `at`: when one was published, where that is not the order in which they come."""

    def __init__(self, home: Path, statements: Sequence[dict[str, Any]]) -> None:
        self.home = home
        app = App(read_settings({"home": str(home)}, {}))
        app.create_topics()
        self.keys: KeyRing = app.keys
        app.close()
        self.say(statements)

    def say(self, statements: Sequence[dict[str, Any]]) -> None:
        app = App(read_settings({"home": str(self.home)}, {}))
        with app.log.writer("normalizer") as writer:
            writer.append([_record(app.codec, said, said.get("at", at)) for at, said in enumerate(statements)])
        app.close()
        self.resolve()

    def __call__(self, *arguments: str) -> str:
        done = civicbus(self.home, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def resolve(self) -> None:
        self("run", *RESOLVER, "--until-idle")

    def ruled(self, *arguments: str) -> None:
        self("identity", *arguments, "--reason", "checked against the register")
        self.resolve()

    def queue(self, entity: str = "resident") -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self("identity", "queue", "--format", "jsonl").splitlines()]
        return [line for line in lines if line["entity"] == entity]

    def rows(self, subject: str, entity: str = "resident") -> set[str]:
        return {source["key"]["id"] for source in self.file(subject, entity)["sources"]}

    def file(self, subject: str, entity: str = "resident") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("show", entity, "--subject", subject, "--format", "json"))
        return found

    def number(self, token: str) -> str:
        return subject_of(self.keys, "resident", f"token:{token}").hex()

    def place(self, compound: str) -> str:
        return subject_of(self.keys, "dwelling", f"place:{compound}|3|2|401").hex()

    def own(self, row: str) -> str:
        return own_subject(self.keys, _key(row)).hex()


def _key(row: str) -> bytes:
    return row.encode().ljust(16, b".")


def _record(codec: Codec, said: dict[str, Any], at: int) -> Output:
    row, entity = said["row"], said.get("entity", "resident")
    source = {**blank(entity)["source"], "dataset": "civil.assistance_member", "row": at + 2, "key": {"id": row}}
    says = {name: each for name, each in said.items() if name not in ("row", "at", "entity")}
    value = {**blank(entity), **says, "source": source, "event_id": row}
    topic = topics.canonical(entity)
    return Output(topic, Record(_key(row), codec.encode(f"{topic}-value", value), TIME + at))


def person(row: str, name: str, token: str | None = None, *codes: str, **said: Any) -> dict[str, Any]:
    quality = [{"code": code, "column": None, "severity": "warn"} for code in codes]
    return {"row": row, "name": name, "id_token": token, "quality": quality, **said}


PHONE = [{"token": "p.1", "masked": "199****0001", "sealed": b"", "kind": "mobile"}]
HOME = {"building": "3", "entrance": "2", "room": "401"}
FAMILY = [
    person("father", "王建国", "n.f", phones=PHONE, birth_date="1950-01-01"),
    person("son", "王建国", "n.s", phones=PHONE, birth_date="1980-01-01"),
    person("caller", "王建国", phones=PHONE),  # the father or the son?
    person("child", "王小明", "n.f", "ID_DOB_CONFLICT"),  # entered under the father's number
    {"row": "one", "entity": "dwelling", "address": {**HOME, "compound_code": "XQ1"}},
    {"row": "other", "entity": "dwelling", "address": {**HOME, "compound_code": "XQ2"}},
    {"row": "lease", "entity": "dwelling", "address": HOME, "compound_codes": ["XQ1", "XQ2"]},  # in the one or in the other?
]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    (tmp_path / "home").mkdir(mode=0o700)
    return Office(tmp_path / "home", FAMILY)


def test_what_may_be_about_several_and_what_is_not_whose_number_it_bears_waits_in_the_queue(office: Office) -> None:
    found = {line["subject"]: {each["subject"]: each["evidence"] for each in line["candidates"]} for line in office.queue()}

    assert found == {
        office.own("caller"): {office.number("n.f"): ["phone"], office.number("n.s"): ["phone"]},
        office.own("child"): {office.number("n.f"): ["number"]},
    }
    assert office.rows(office.number("n.f")) == {"father"}
    (lease,) = office.queue("dwelling")
    fits = {each["subject"]: each["evidence"] for each in lease["candidates"]}
    assert (lease["subject"], fits) == (office.own("lease"), {office.place(each): ["address"] for each in ("XQ1", "XQ2")})
    (compound, _) = (json.loads(line) for line in office("dwellings", "--format", "jsonl").splitlines())
    assert (compound["kind"], compound["name"], compound["dwellings"]) == ("compound", "XQ1", 1)
    building = json.loads(office("dwellings", compound["id"], "--format", "jsonl"))
    assert (building["kind"], building["name"]) == ("building", "3")


def test_a_statement_that_waited_joins_whom_a_person_names_and_is_found_there(office: Office) -> None:
    wrong = {office.file(each)["event_id"] for each in (office.own("caller"), office.number("n.s"))}
    office.ruled("join", office.own("caller"), office.number("n.s"))

    file = office.file(office.own("caller"))
    assert file["subject"] == office.number("n.s")
    assert office.rows(file["subject"]) == {"son", "caller"}
    assert (file["operation"], set(file["corrects"])) == ("corrected", wrong)
    assert [line["subject"] for line in office.queue()] == [office.own("child")]

    office.ruled("join", office.own("lease"), office.place("XQ2"), "--entity", "dwelling")
    assert office.rows(office.own("lease"), "dwelling") == office.rows(office.place("XQ2"), "dwelling") == {"other", "lease"}
    assert office.queue("dwelling") == []


def test_who_bears_anothers_number_and_is_himself_all_the_same_comes_back_to_it(office: Office) -> None:
    office.ruled("join", office.own("child"), office.number("n.f"))

    assert office.rows(office.number("n.f")) == {"father", "child"}
    assert office.own("child") not in {line["subject"] for line in office.queue()}


CALLERS = [
    person("his words", "王建国", phones=PHONE, said_id_token="n.s", at=20),
    person("another's", "李兰", said_id_token="n.s", at=21),
]


def test_a_number_left_in_words_leads_to_its_owner_whose_name_it_is_and_else_into_the_queue(office: Office) -> None:
    office.say(CALLERS)

    assert office.rows(office.number("n.s")) == {"son", "his words"}
    (waits,) = [line for line in office.queue() if line["subject"] == office.own("another's")]
    assert [(each["subject"], each["evidence"]) for each in waits["candidates"]] == [(office.number("n.s"), ["number"])]

    office.ruled("join", office.own("another's"), office.number("n.s"))
    office.ruled("split", office.number("n.s"), "--source", "civil.assistance_member:his words")
    assert office.rows(office.number("n.s")) == {"son", "another's"}


def test_a_number_left_in_words_is_shown_nowhere(office: Office) -> None:
    office.say([*CALLERS, person("nobody else's", "赵云", said_id_token="n.secret", at=22)])
    for subject in (office.number("n.secret"), office.number("n.s")):
        for command in (("show", "resident", "--subject", subject), ("explain", "resident", subject)):
            for form in ("text", "json"):
                done = civicbus(office.home, *command, "--format", form)
                told = done.stdout + done.stderr
                assert done.returncode == 0
                assert "n.secret" not in told and "said_id" not in told

    why = json.loads(office("explain", "resident", office.number("n.s"), "--format", "json"))
    assert [each["joined_by"] for each in why["statements"] if each["event_id"] == "his words"] == ["words"]


def test_what_is_about_nobody_known_leaves_the_queue_and_keeps_its_own_file(office: Office) -> None:
    for row in ("caller", "child"):
        office.ruled("apart", office.own(row))
    office.ruled("apart", office.own("lease"), "--entity", "dwelling")

    assert office.queue() == office.queue("dwelling") == []
    assert office.rows(office.own("lease"), "dwelling") == {"lease"}
    assert office.rows(office.own("caller")) == {"caller"}
    assert office.rows(office.own("child")) == {"child"}


def test_two_numbers_are_joined_split_again_and_every_ruling_is_on_record(office: Office) -> None:
    office.ruled("join", office.number("n.s"), office.number("n.f"))
    assert office.rows(office.number("n.s")) == {"father", "son"}
    assert office.file(office.number("n.f"))["fields"]["id_tokens"]["value"] == ["n.f", "n.s"]

    office.ruled("split", office.number("n.f"), "--source", "civil.assistance_member:son")
    assert office.rows(office.own("son")) == {"son"}
    assert not any("id_tokens" in office.file(each)["fields"] for each in (office.number("n.f"), office.own("son")))

    rulings = [json.loads(line) for line in office("identity", "rulings", "--format", "jsonl").splitlines()]
    assert [(each["kind"], each["reason"]) for each in rulings] == [
        ("join", "checked against the register"),
        ("split", "checked against the register"),
    ]
    assert all(each["by"] for each in rulings)


def test_a_ruling_taken_back_leaves_the_files_as_they_were(office: Office) -> None:
    before = [office.rows(office.number(each)) for each in ("n.f", "n.s")]
    office.ruled("join", office.number("n.s"), office.number("n.f"))
    ruling = json.loads(office("identity", "rulings", "--format", "jsonl").splitlines()[0])["id"]
    office.ruled("undo", ruling)

    assert [office.rows(office.number(each)) for each in ("n.f", "n.s")] == before


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (("join", "0" * 32, "1" * 32, "--reason", "x"), "0" * 32),
        (("apart", "0" * 32, "--reason", "x"), "0" * 32),
        (("undo", "f" * 32, "--reason", "x"), "f" * 32),
        (("join", "nobody", "nobody", "--reason", "x"), "SUBJECT"),
    ],
)
def test_what_cannot_be_ruled_is_refused_with_the_place(office: Office, arguments: tuple[str, ...], place: str) -> None:
    done = civicbus(office.home, "identity", *arguments)

    assert done.returncode == 2
    assert place in done.stderr and "Traceback" not in done.stderr


def test_a_ruling_needs_its_reason_and_a_split_leaves_something(office: Office) -> None:
    father = office.number("n.f")
    assert "--reason" in civicbus(office.home, "identity", "join", office.number("n.s"), father, "--reason", " ").stderr
    whole = civicbus(office.home, "identity", "split", father, "--source", "civil.assistance_member:father", "--reason", "x")
    assert (whole.returncode, "identity join" in whole.stderr) == (2, True)
