"""On the embedded log the principal is the user whose process it is, and it too is held to its department."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from bus.cli.context import App
from bus.config import read_settings
from bus.sharing import history
from bus.sharing.lifecycle import Event
from tests.access.guarded import Embedded
from tests.cli.test_errors import civicbus

AGREEMENT = Path(__file__).parents[2] / "schemas" / "agreements" / "civil-housing-of-families.yaml"  # housing provides, civil consumes


class Home:
    """A home where the user of this machine is configured to be one principal."""

    def __init__(self, home: Path, who: str) -> None:
        Embedded(home)
        self.home, self._file = home, home / "principals.yaml"
        self.become(who)

    def become(self, who: str) -> None:
        self._file.write_text(f"{getpass.getuser()}: {who}\n")

    def __call__(self, *words: str) -> tuple[int, str]:
        done = civicbus(self.home, *words, CIVICBUS_PRINCIPALS=str(self._file))
        return done.returncode, done.stderr


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", "{department: civil, does: [decide]}")


def test_a_consumer_asks_and_neither_reviews_nor_approves(home: Home) -> None:
    assert home("agreement", "submit", str(AGREEMENT))[0] == 0
    for step in ("review", "approve", "apply"):
        status, said = home("agreement", step, AGREEMENT.stem)
        assert (status, "NOT_ALLOWED" in said, "'civil' may not do this" in said) == (4, True, True)


def test_an_approval_is_that_of_the_department_of_whoever_gives_it_and_the_other_provider_is_waited_for(home: Home) -> None:
    text = AGREEMENT.read_text("utf-8").replace("provider: [housing]", "provider: [housing, social]")
    app = App(read_settings({"home": str(home.home)}, {}))
    submitted = Event(AGREEMENT.stem, 1, "submit", "li", 1, text=text, share_class="conditional", approvals=1)
    for event in (submitted, Event(AGREEMENT.stem, 1, "review", "wang", 2)):
        history.write(app.log, event, named=False)
    home.become("{department: social, does: [decide]}")
    status, said = home("agreement", "approve", AGREEMENT.stem)

    pending = history.standings(app.log, named=True)[AGREEMENT.stem].pending
    app.close()
    assert status == 0, said
    assert pending is not None and (pending.state, pending.waits_for) == ("reviewed", ("housing",))


def test_an_approval_written_past_the_command_without_a_department_puts_nothing_in_force(home: Home) -> None:
    text = AGREEMENT.read_text("utf-8").replace("provider: [housing]", "provider: [housing, social]")
    app = App(read_settings({"home": str(home.home)}, {}))
    submitted = Event(AGREEMENT.stem, 1, "submit", "li", 1, text=text, share_class="conditional", approvals=1)
    by_hand = (submitted, Event(AGREEMENT.stem, 1, "review", "wang", 2), Event(AGREEMENT.stem, 1, "approve", "zhao", 3))
    for event in (*by_hand, Event(AGREEMENT.stem, 1, "apply", "wang", 4)):
        history.write(app.log, event, named=False)
    app.close()

    status, said = home("run", f"share.{AGREEMENT.stem}", "--until-idle")
    assert (status, "There is no step of this name" in said) == (2, True), said


def test_who_is_of_another_department_does_not_ask(home: Home) -> None:
    home.become("{department: social, does: [decide]}")
    assert home("agreement", "submit", str(AGREEMENT))[0] == 4


def test_a_principal_of_the_bus_is_no_subscriber(home: Home) -> None:
    home.become("{department: civil, does: [decide]}\nsvc-civil-check: {does: [steps]}")
    status, said = home("agreement", "submit", str(AGREEMENT))
    assert (status, "svc-civil-check" in said) == (2, True)


def test_a_department_publishes_its_own_and_nobody_else_s(home: Home, tmp_path: Path) -> None:
    home.become("{department: civil, does: [publish]}")
    file = tmp_path / "HYDJ.csv"
    file.write_bytes(b"")
    assert home("publish", "housing.lease", str(file))[0] == 4
    assert home("publish", "civil.marriage", str(file))[0] == 3  # it may, and the file is none


def test_who_is_not_named_by_the_agreement_does_not_follow_it(home: Home) -> None:
    Embedded.agree(_Existing(home.home), "names", "svc-civil")
    status, said = home("subscribe", "names", "--until-idle")
    assert (status, "NOT_IN_FORCE" in said) == (3, True)


class _Existing(Embedded):
    """A home that is there already."""

    def __init__(self, home: Path) -> None:
        self.home = home


def test_a_file_is_erased_only_by_who_is_there_for_that(home: Home) -> None:
    ask = ("erase", "request", "0" * 32, "--reason", "moved away")
    status, said = home(*ask)
    assert (status, "NOT_ALLOWED" in said, "does not do 'erase'" in said) == (4, True, True)
    home.become("{does: [erase]}")
    assert "There is no file of this subject" in home(*ask)[1]
