"""Every principal × every topic, group and transactional id × every action, tried with stock clients on a real, secured Kafka: allowed
exactly where a department's own rule or an agreement says so. What is expected is written down here by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

from bus.cli.access.keeping import Keeper
from bus.eventlog.rules import Rule
from tests.access import knocking
from tests.access.guarded import City, secured_broker
from tests.cli.test_errors import civicbus

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]


class May(NamedTuple):
    """What a principal may: names, as patterns."""

    read: str = ""
    write: str = ""
    see: str = ""
    groups: str = ""
    transactions: str = ""
    keep: str = ""


def department(name: str) -> May:
    own = f"raw.{name}.* deadletter.{name} internal.account.{name}"
    return May(f"{own} dispute.{name}", f"{own} audit", transactions=f"publish.{name}.* replay.{name} letters")


def step(name: str, read: str, write: str) -> May:
    return May(read, f"{write} internal.refused", "*", name, f"{name}.*")


def subscriber(*agreements: str, name: str) -> May:
    return May(" ".join(["internal.schema", *(f"share.{each}" for each in agreements)]), groups=f"share.?.{name}.*")


OF_AGREEMENTS = "internal.agreement internal.watch"
DECIDES = May(OF_AGREEMENTS, f"{OF_AGREEMENTS} audit", "share.*", transactions="agreements watch-lists")
MASTERS, LINKS = "resident dwelling", "residency_link lease marriage household benefit"
ERRANDS = "internal.errands.resident internal.errands.dwelling"
INTERNAL = f"{ERRANDS} internal.alias internal.evidence internal.pending internal.decision internal.link internal.tally internal.refused"


def all_of(kind: str, names: str) -> str:
    return " ".join(f"{kind}.{each}" for each in names.split())


EXPECTED: Mapping[str, May] = {
    "pub-civil": department("civil"),
    "pub-housing": department("housing"),
    "pub-social": department("social"),
    "li-civil": DECIDES,
    "zhao-social": DECIDES,
    "qian-social": DECIDES,
    "wang-office": May(
        f"{OF_AGREEMENTS} canonical.* master.* dispute.* {all_of('internal', MASTERS)} {INTERNAL} internal.account internal.account.*",
        f"{OF_AGREEMENTS} audit {all_of('internal', MASTERS)} internal.pending internal.decision",
        "*",
        transactions="agreements watch-lists answers rulings",
    ),
    "auditor": May("audit audit.chain"),
    "looker": May("internal.account internal.account.* internal.tally internal.decision internal.agreement dispute.*", see="*"),
    "liu-office": May(
        "canonical.* deadletter.* master.resident internal.resident internal.decision internal.agreement audit internal.erasure",
        "raw.* canonical.* audit internal.erasure",
        transactions="erasure",
    ),
    "keeper": May(
        "internal.agreement master.* canonical.*",
        "audit internal.account internal.refused",
        "*",
        "share.*",
        "share.* access",
        "*",
    ),
    "normalizer": May("raw.*", "canonical.* deadletter.* internal.account", "*", "normalizer", "normalizer.*"),
    "identify": step(
        "identify",
        f"{all_of('canonical', MASTERS)} internal.resident internal.alias internal.evidence internal.pending",
        f"{all_of('internal', MASTERS)} internal.alias internal.evidence internal.pending internal.link",
    ),
    "alias": step("alias", "internal.alias", f"{all_of('internal', MASTERS)} internal.alias internal.link"),
    "match": step("match", "internal.evidence", "internal.evidence internal.alias internal.pending"),
    "join": step(
        "join",
        "internal.pending internal.resident internal.alias internal.decision",
        "internal.resident internal.alias internal.decision internal.link",
    ),
    "link": step("link", f"internal.link {all_of('canonical', LINKS)}", f"internal.link {all_of('internal', MASTERS)}"),
    "merge": step(
        "merge",
        f"{all_of('internal', MASTERS)} {ERRANDS} master.* dispute.*",
        f"master.* dispute.* {all_of('internal', MASTERS)} {ERRANDS} internal.decision internal.link internal.tally",
    ),
    "chain": step("audit-chain", "audit audit.chain", "audit.chain"),
    "share": May(
        "master.* canonical.* internal.agreement internal.schema internal.watch internal.told",
        "share.* internal.schema audit internal.account internal.refused internal.told",
        "*",
        "share.*",
        "share.* schemas",
    ),
    "svc-one": subscriber("a", "b", name="svc-one"),
    "svc-two": subscriber("b", name="svc-two"),
    "svc-of-suspended": May(),
    "svc-of-nobody": May(),
}
GROUPS = [
    "normalizer",
    "identify",
    "alias",
    "match",
    "join",
    "link",
    "merge",
    "audit-chain",
    "share.aaa",
    "share.bbb",
    "somebody",
    "share.aaa.svc-one.x",
    "share.bbb.svc-one.x",
    "share.bbb.svc-two.x",
    "share.aaa.svc-two.x",
]
TRANSACTIONS = [
    "publish.civil.marriage",
    "publish.housing.lease",
    "publish.social.grid",
    "publish.civilian.x",
    "replay.civil",
    "replay.housing",
    "normalizer.host.0",
    "identify.host.0",
    "merge.host.0",
    "share.aaa.host.0",
    "agreements",
    "watch-lists",
    "schemas",
    "rulings",
    "letters",
    "erasure",
    "answers",
    "access",
    "somebody",
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = City(tmp_path_factory.mktemp("guarded") / "home")
    made.agree("aaa", "svc-one")
    made.agree("bbb", "svc-one, svc-two")
    made.agree("ccc", "svc-of-suspended")
    made.decide("ccc", "suspend", "zhao-social", reason="a complaint")
    made.agree("ddd", "svc-of-ended", until="2099-12-31", on_end="keep-closed")
    made.decide("ddd", "revoke", "zhao-social", reason="the task is done")
    made.passwords_for("svc-of-nobody")
    made.keep()
    yield made


@pytest.fixture(scope="module")
def names(city: City) -> list[str]:
    """All topics of the namespace, without it; among them one whose name begins as a department's does."""
    app = city.app("admin")
    app.log.create([city.spec("raw.civilian.register")])
    found = [info.name for info in app.log.topics()]
    app.close()
    assert {"raw.civil.marriage", "share.aaa", "share.bbb", "share.ccc", "share.ddd", "internal.account.civil"} <= set(found)
    return found


def matching(patterns: str, names: list[str]) -> set[str]:
    shared = {"share.a": "share.aaa", "share.b": "share.bbb"}
    wanted = [shared.get(each, each) for each in patterns.replace("share.?.", "share.*.").split()]
    return {name for name in names if any(fnmatchcase(name, pattern) for pattern in wanted)}


@pytest.mark.parametrize("principal", EXPECTED)
def test_a_principal_may_exactly_what_is_said_and_nothing_else(city: City, names: list[str], principal: str) -> None:
    may, client = EXPECTED[principal], city.client(principal)
    stock = {**client, "bootstrap.servers": secured_broker().bootstrap}
    whole, short = (lambda name: f"{city.namespace}.{name}"), (lambda found: {name.split(".", 1)[1] for name in found})
    topics = [whole(name) for name in names]
    reads, writes = matching(may.read, names), matching(may.write, names)

    seen = knocking.described(stock, topics)
    assert short(seen) == reads | writes | matching(may.see, names)
    assert short(knocking.read(stock, seen)) == reads
    assert short(knocking.written(stock, topics)) == writes
    groups = matching(may.groups, GROUPS)
    if principal.startswith("svc-"):
        groups = {group for group in groups if f"share.{group.split('.')[1]}" in reads}
    assert short(knocking.grouped(client, secured_broker().bootstrap, map(whole, GROUPS))) == groups
    assert short(knocking.kept(stock, topics)) == matching(may.keep, names)
    assert short(knocking.transacted(stock, map(whole, TRANSACTIONS))) == matching(may.transactions, TRANSACTIONS)


def test_whoever_has_no_password_any_more_does_not_come_in(city: City) -> None:
    app = city.app("admin")
    users = Keeper(app).plan()
    app.close()
    assert users == []
    with pytest.raises(Exception, match="user name or the password"):
        city.app("svc-of-ended").log  # noqa: B018


def test_the_doctor_names_each_rule_that_is_missing_or_too_many(city: City) -> None:
    app = city.app("admin")
    gate = app.log.gate()  # type: ignore[attr-defined]
    lost = Rule("svc-two", "topic", f"{city.namespace}.share.bbb", False, "read")
    extra = Rule("liu-office", "topic", f"{city.namespace}.raw.", True, "read")
    own = Rule("keeper", "topic", f"{city.namespace}.", True, "alter_configs")  # as after an upgrade: it gives it to itself
    gate.withdraw([lost, own])
    gate.allow([extra])
    deadline = time.monotonic() + 30
    while extra not in gate.rules() or {lost, own} & gate.rules():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    done = civicbus(city.home, "doctor", "--format", "json", **city.env("keeper"))
    assert done.returncode == 5
    assert all(f"allow · 新增规则: {each}" in done.stdout for each in (lost, own)) and f"withdraw · 撤销规则: {extra}" in done.stdout

    applied = civicbus(city.home, "access", "apply", "--format", "json", **city.env("keeper"))
    assert applied.returncode == 0, applied.stderr
    while (there := gate.rules()) and (extra in there or not {lost, own} <= there):
        assert time.monotonic() < deadline + 30
        time.sleep(0.1)
    assert civicbus(city.home, "access", "plan", "--format", "json", **city.env("keeper")).stdout.strip() == "[]"
    app.close()


def test_a_password_is_made_by_command_and_stands_in_one_private_file(city: City, tmp_path: Path) -> None:
    file = tmp_path / "svc-two.properties"
    done = civicbus(city.home, "access", "password", "svc-two", "--into", str(file), **city.env("keeper"))
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    password = dict(line.split("=", 1) for line in file.read_text().splitlines())["sasl.password"]
    assert password not in done.stdout + done.stderr
    city.learn("svc-two", password)
    assert [info.name for info in city.app("svc-two").log.topics()] == ["internal.schema", "share.bbb"]
