"""From a department's file to a subscriber on a secured Kafka, each step as a principal that has the rights of that step and no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bus.city import make_city
from bus.cli.steps import STEPS
from tests.access.guarded import City
from tests.cli.test_errors import civicbus

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1200)]
FILES = {
    "civil.marriage": "civil/HYDJ.csv",
    "housing.dwelling": "housing/FC_HXX.csv",
    "housing.lease": "housing/ZL_HTBA.csv",
    "social.resident_survey": "social/WG_RK.csv",
}


def test_what_departments_publish_comes_to_the_subscriber_through_steps_that_may_no_more_than_they_need(tmp_path: Path) -> None:
    make_city(tmp_path / "city", 100, delivery="2026-09", deliveries=1, damage=3.0)
    delivery = tmp_path / "city" / "2026-09"
    city = City(tmp_path / "home", delivery / "common")
    for dataset, file in FILES.items():
        done = civicbus(city.home, "publish", dataset, str(delivery / file), **city.env(f"pub-{dataset.partition('.')[0]}"))
        assert done.returncode == 0, done.stderr
    city.agree("names", "svc-civil")
    while sum(city.run(step, "chain" if step == "audit-chain" else step) for step in STEPS):
        pass
    city.run("share.names", "share")

    got = civicbus(city.home, "subscribe", "names", "--until-idle", **city.env("svc-civil"))
    assert got.returncode == 0, got.stderr
    assert {line["operation"] for line in map(json.loads, got.stdout.splitlines())} == {"created"}
    refused = civicbus(city.home, "publish", "civil.marriage", str(delivery / FILES["civil.marriage"]), **city.env("pub-housing"))
    assert (refused.returncode, "NOT_ALLOWED" in refused.stderr) == (4, True)
    unknown = civicbus(city.home, "subscribe", "names", "--until-idle", **city.env("auditor"))
    assert (unknown.returncode, "NOT_IN_FORCE" in unknown.stderr) == (3, True)
