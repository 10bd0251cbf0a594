"""From a department's file to a subscriber on a secured Kafka, and from there to the end of a person's file: each step and each person as
a principal that has the rights of that and no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bus.city import make_city
from bus.cli.steps import STEPS
from bus.eventlog import topics
from tests.access.guarded import City
from tests.cli.test_errors import civicbus

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1200)]
FILES = {
    "civil.marriage": "civil/HYDJ.csv",
    "housing.dwelling": "housing/FC_HXX.csv",
    "housing.lease": "housing/ZL_HTBA.csv",
    "social.resident_survey": "social/WG_RK.csv",
}


class Guarded:
    """A city whose delivery is published, and an agreement on it in force."""

    def __init__(self, home: Path, delivery: Path) -> None:
        self.city, self.delivery = City(home, delivery / "common"), delivery
        for dataset, file in FILES.items():
            self.done(f"pub-{dataset.partition('.')[0]}", "publish", dataset, str(delivery / file))
        self.city.agree("names", "svc-civil")

    def done(self, who: str, *words: str) -> str:
        finished = civicbus(self.city.home, *words, **self.city.env(who))
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def refused(self, who: str, *words: str) -> tuple[int, str]:
        finished = civicbus(self.city.home, *words, **self.city.env(who))
        return finished.returncode, finished.stderr

    def through(self) -> None:
        """All steps, and sharing as it runs in a city: all agreements on an entity in one process."""
        while sum(self.city.run(step, "chain" if step == "audit-chain" else step) for step in STEPS):
            pass
        self.done("share", "run", "sharing.resident", "--until-idle")

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.done("svc-civil", "subscribe", "names", "--until-idle").splitlines()]

    def surveyed(self) -> str:
        """A resident of whom the social work department alone speaks."""
        app = self.city.app("admin")
        try:
            decode = app.codec.decoder()
            files = [decode(each.value)[1] for batch in app.log.scan(topics.master("resident")) for each in batch.records if each.value]
        finally:
            app.close()
        return str(next(each["subject"] for each in files if {one["dataset"] for one in each["sources"]} == {"social.resident_survey"}))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    folder = tmp_path_factory.mktemp("guarded-steps")
    make_city(folder / "city", 100, delivery="2026-09", deliveries=1, damage=3.0)
    made = Guarded(folder / "home", folder / "city" / "2026-09")
    made.through()
    return made


def test_what_departments_publish_comes_to_the_subscriber_through_steps_that_may_no_more_than_they_need(guarded: Guarded) -> None:
    assert {line["operation"] for line in guarded.told()} == {"created"}


def test_who_may_not_is_told_so(guarded: Guarded) -> None:
    status, said = guarded.refused("pub-housing", "publish", "civil.marriage", str(guarded.delivery / FILES["civil.marriage"]))
    assert (status, "NOT_ALLOWED" in said) == (4, True)
    status, said = guarded.refused("auditor", "subscribe", "names", "--until-idle")
    assert (status, "NOT_IN_FORCE" in said) == (3, True)


def test_the_office_sees_the_barrier_matrix_with_what_flows_and_what_departments_handed_in(guarded: Guarded) -> None:
    cells = json.loads(guarded.done("wang-office", "matrix", "--format", "json"))["cells"]
    flowing = [each for each in cells if each["agreements"]]
    assert {(each["provider"], each["consumer"], each["state"]) for each in flowing} == {("social", "civil", "flowing")}
    assert all(each["delivered"] for each in flowing)
    assert {each["provider"] for each in cells if each["rows"] and each["handed_in"]} == {"civil", "housing", "social"}


def test_who_looks_and_may_read_no_file_sees_the_matrix_too_and_is_told_that_what_waits_is_not_known(guarded: Guarded) -> None:
    seen, office = (json.loads(guarded.done(who, "matrix", "--format", "json")) for who in ("looker", "wang-office"))
    assert seen["cells"] == office["cells"]
    assert (seen["not_known"], office["not_known"]) == (["master.resident"], [])


def test_a_file_is_erased_by_two_who_may_do_that_alone_and_the_subscriber_is_told(guarded: Guarded) -> None:
    before, subject = {each["event_id"] for each in guarded.told()}, guarded.surveyed()
    ask = ("erase", "request", subject, "--reason", "moved away", "--format", "json")
    status, said = guarded.refused("wang-office", *ask)
    assert (status, "NOT_ALLOWED" in said) == (4, True)

    asked = json.loads(guarded.done("liu-office", *ask))
    assert guarded.refused("liu-office", "erase", "carry-out", asked["id"])[0] == 2
    guarded.done("sun-office", "erase", "carry-out", asked["id"], "--format", "json")
    guarded.through()

    new = [each for each in guarded.told() if each["event_id"] not in before]
    gone = [each["subject"] for each in new if each["operation"] == "ended"]
    assert len(gone) == 1 and [each["operation"] for each in new if each["subject"] in gone] == ["ended"]
    assert [each["agreement"] for each in asked["receivers"]] == ["names"]
