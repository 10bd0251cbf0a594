"""When the grant of an agreement changes, its subscriber is told what is other by that: who enters with the state, who leaves by an end,
each once, whatever is killed; and nothing of who is not concerned."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_errors import civicbus
from tests.conformance.adapters import until
from tests.flow.city_bus import BOTH_LOGS
from tests.sharing.changing import ID, Changing, by_subject, number, state, text
from tests.sharing.office import GRID, OTHER

LIMITED = text("{watch_list: true}")


def watch(to: Changing, act: str, *people: int) -> subprocess.CompletedProcess[str]:
    file = to.bus.home / "numbers.txt"
    file.write_text("".join(f"{number(n)}\n" for n in people))
    done = to.bus.tried("watch", act, ID, str(file))
    file.unlink()
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(params=BOTH_LOGS)
def limited(request: pytest.FixtureRequest, tmp_path: Path) -> Changing:
    """Three residents, an agreement limited to a watch list, and nobody on it."""
    made = Changing(request.param, tmp_path, LIMITED)
    made.say((1, "张一"), (2, "李二"), (3, "王三"))
    made.share()
    return made


@pytest.fixture
def shared(tmp_path: Path) -> Changing:
    """Eight residents of a grid, and two of another, under an agreement about the first."""
    made = Changing("sqlite", tmp_path, text(f'{{grids: ["{GRID}"]}}'))
    made.say(*((n, f"张{n}") for n in range(8)))
    made.say((8, "李八"), (9, "李九"), grid=OTHER)
    made.share()
    return made


def test_only_who_is_registered_is_delivered_entering_with_the_state_leaving_by_an_end(limited: Changing) -> None:
    assert limited.events() == []
    watch(limited, "add", 1, 2)
    limited.share()
    assert limited.names() == ["张一", "李二"]

    limited.say((1, "章一"), (3, "王山"))
    watch(limited, "remove", 2)
    limited.share()
    assert limited.names() == ["章一"]
    assert sorted(by_subject(limited.events()).values()) == [["created", "changed"], ["created", "ended"]]


def test_who_is_registered_again_is_told_again_under_another_event(tmp_path: Path) -> None:
    made = Changing("sqlite", tmp_path, LIMITED)
    made.say((1, "张一"))
    for act in ("add", "remove", "add"):
        watch(made, act, 1)
        made.share()
    events = made.events()

    assert [event["operation"] for event in events] == ["created", "ended", "created"]
    assert len({event["event_id"] for event in events}) == 3


def test_each_line_is_answered_with_the_stand_in_under_which_it_comes(tmp_path: Path) -> None:
    made = Changing("sqlite", tmp_path, LIMITED)
    made.say((1, "张一"), (2, "李二"))
    said = [json.loads(line) for line in watch(made, "add", 2, 1).stdout.splitlines()]
    made.share()
    held = state(made.events())

    assert [held[each["subject"]]["name"] for each in said] == ["李二", "张一"]
    listed = [json.loads(line) for line in made.bus("watch", "list", ID).splitlines()]
    assert {each["subject"] for each in listed} == set(held)


def test_no_number_stands_in_the_log_nor_in_anything_that_is_said(tmp_path: Path) -> None:
    made = Changing("sqlite", tmp_path, LIMITED)
    said = watch(made, "add", 1, 2)
    listed = made.bus.tried("watch", "list", ID, CIVICBUS_DIARY="1")
    kept = b"".join(file.read_bytes() for file in made.bus.home.rglob("*") if file.is_file())

    for n in (1, 2):
        assert number(n) not in said.stdout + said.stderr + listed.stdout + listed.stderr
        assert number(n).encode() not in kept


def test_a_line_that_holds_no_number_is_named_without_it_and_nothing_is_registered(tmp_path: Path) -> None:
    made = Changing("sqlite", tmp_path, LIMITED)
    wrong = number(1)[:-1] + ("0" if number(1)[-1] != "0" else "1")
    (tmp_path / "numbers").write_text(f"{number(2)}\n\n{wrong}\n")
    done = made.bus.tried("watch", "add", ID, str(tmp_path / "numbers"))

    assert (done.returncode, "3 ID_CHECKSUM" in done.stderr, wrong in done.stderr) == (3, True, False)
    assert made.bus("watch", "list", ID) == ""


def test_an_agreement_without_a_watch_list_takes_none(shared: Changing, tmp_path: Path) -> None:
    (tmp_path / "numbers").write_text(number(1))
    done = shared.bus.tried("watch", "add", ID, str(tmp_path / "numbers"))
    assert (done.returncode, "WRONG_USE" in done.stderr) == (2, True)


def test_who_was_registered_is_in_the_audit_of_that_person(limited: Changing) -> None:
    watch(limited, "add", 1)
    limited.share()
    assert acts(limited, 1) == ["watched", "delivered"]


def test_a_step_that_is_at_work_takes_a_change_up_by_itself(limited: Changing) -> None:
    running = limited.bus.started("run", f"share.{ID}")
    try:
        watch(limited, "add", 1)
        assert until(lambda: limited.names() == ["张一"], 60)
        watch(limited, "remove", 1)
        assert until(lambda: limited.names() == [], 60)
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert running.returncode == 0


def test_after_a_rotation_every_subject_has_another_stand_in_and_both_are_told(shared: Changing) -> None:
    before = state(shared.events())
    shared.bus("agreement", "rotate", ID, "--reason", "yearly")
    shared.share()
    events = shared.events()
    after = state(events)
    becomes = {event["subject"]: event["becomes"] for event in events if "becomes" in event}
    formerly = {event["formerly"]: event["subject"] for event in events if "formerly" in event}

    assert becomes == formerly and set(becomes) == set(before)
    assert {becomes[who]: fields for who, fields in before.items()} == after
    assert not set(before) & set(after)


def test_while_both_are_told_a_later_change_names_the_old_one_too_and_not_any_longer(shared: Changing) -> None:
    shared.bus("agreement", "rotate", ID, "--overlap-days", "1")
    shared.say((1, "章一"), at=rotated_at(shared) + 3_600_000)
    shared.share()
    shared.say((1, "彰一"), at=rotated_at(shared) + 2 * 86_400_000)
    shared.share()
    ours = [event for event in shared.events() if event["fields"].get("name") in ("章一", "彰一")]

    assert ["formerly" in event for event in ours] == [True, False]


def test_a_correction_after_a_rotation_names_the_event_that_told_of_it(shared: Changing) -> None:
    shared.bus("agreement", "rotate", ID)
    shared.share()
    shared.say((1, "章一"), operation="corrected")
    shared.share()
    events = shared.events()
    (corrected,) = [event for event in events if event["operation"] == "corrected"]

    assert corrected["corrects"] == [e["event_id"] for e in events if e["subject"] == corrected["subject"] and e["operation"] == "created"]


def test_stand_ins_of_two_epochs_are_told_apart_and_may_be_rotated_again(shared: Changing) -> None:
    for _ in range(2):
        shared.bus("agreement", "rotate", ID)
    shared.share()

    assert {who.partition(".")[0] for who in state(shared.events())} == {"3"}
    assert shared.names() == [f"张{n}" for n in range(8)]


def test_another_version_tells_who_enters_who_leaves_and_what_looks_otherwise(shared: Changing) -> None:
    shared.change(text(f'{{grids: ["{OTHER}"]}}'))
    shared.share()
    assert shared.names() == ["李九", "李八"]

    shared.change(text(f'{{grids: ["{OTHER}"]}}', "{name: masked, grid_code: clear}"), 3)
    shared.share()
    assert [fields["grid_code"] for fields in state(shared.events()).values()] == [OTHER] * 2
    assert shared.names() == ["李**"] * 2


def test_a_subject_that_the_change_does_not_concern_is_told_nothing(shared: Changing) -> None:
    before = shared.events()
    shared.change(text(f'{{grids: ["{GRID}", "{OTHER}"]}}'))
    shared.share()
    new = [event for event in shared.events() if event not in before]

    assert sorted(event["fields"]["name"] for event in new) == ["李九", "李八"]
    shared.say((1, "张1"))  # nothing new of it
    shared.share()
    assert len(shared.events()) == len(before) + 2


@pytest.mark.timeout(900)
def test_a_change_that_is_killed_at_any_moment_is_told_once(tmp_path: Path) -> None:
    """Three changes, the second before the first was told to its end; killed in each of the commits in turn."""
    ended = []
    for killed in range(1, 7):
        made = Changing("sqlite", tmp_path / str(killed), text(f'{{grids: ["{GRID}"]}}'))
        made.say(*((n, f"张{n}") for n in range(12)))
        made.share()
        made.bus("agreement", "rotate", ID)
        ended.append(made.share(CIVICBUS_TEST="1", CIVICBUS_CRASH_AT=f"before_end:{killed}"))
        made.say((13, "李八"))
        made.change(text(f'{{grids: ["{GRID}"]}}', "{name: masked}"))
        ended.append(made.share(CIVICBUS_TEST="1", CIVICBUS_CRASH_AT=f"before_end:{killed}"))
        assert made.share()
        events = made.events()

        assert len({event["event_id"] for event in events}) == len(events)
        assert made.names() == [*["张**"] * 12, "李**"]
        assert sum(event["operation"] == "ended" for event in events) == 12
        assert json.loads(made.bus("account", "--format", "json"))["agreements"][0]["renewed"] >= 24
    assert ended.count(False) >= 8


def test_the_account_and_the_audit_know_what_was_told_by_a_change(shared: Changing) -> None:
    shared.bus("agreement", "rotate", ID)
    shared.share()
    (account,) = json.loads(shared.bus("account", "--format", "json"))["agreements"]

    assert (account["published"], account["delivered"], account["renewed"]) == (10, 8, 16)
    assert acts(shared, 1) == ["delivered"] * 3


def test_under_an_agreement_that_is_suspended_nothing_is_told_of_a_change(shared: Changing) -> None:
    before = shared.events()
    shared.bus("agreement", "suspend", ID, "--reason", "a complaint")
    shared.bus("agreement", "rotate", ID)
    assert civicbus(shared.bus.home, "run", f"share.{ID}", "--until-idle", **shared.bus.env).returncode == 2
    shared.bus("agreement", "resume", ID)
    assert shared.events() == before
    shared.share()
    assert {who[0] for who in state(shared.events())} == {"2"}


def acts(of: Changing, n: int) -> list[str]:
    """What was done about the resident n, by the audit."""
    return [each["action"] for each in json.loads(of.bus("disclosures", of.subject(n)))["disclosures"]]


def rotated_at(shared: Changing) -> int:
    app = shared.app()
    at = next(record.timestamp for b in app.log.scan("internal.agreement") for record in b.records if b'"rotate"' in (record.value or b""))
    app.close()
    return at
