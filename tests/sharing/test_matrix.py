"""The barrier matrix: which cells there are, and in which one state each is, with the reason that a person needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.sharing.cells import STATES, Flow, Source
from bus.sharing.lifecycle import Standing, Step, day_of
from bus.sharing.matrix import LATE_AFTER, matrix
from tests.cli.test_errors import HAN
from tests.sharing.barrier import DAY, NOW, SHARED, cell, city, items
from tests.sharing.test_lifecycle import ID, START, Story

SUBMITTED = Story().submit().standing
REVIEWED = Story().submit()("review").standing
APPROVED = Story().submit()("review")("approve").standing
ACTIVE = Story().submit().applied().standing


def held(step: Step, reason: str = "a complaint") -> Standing:
    return Story().submit().applied()(step, reason=reason).standing


def other(standing: Standing) -> Standing:
    """Another agreement about the same."""
    return replace(standing, id="another")


def test_there_is_a_cell_for_each_item_that_a_department_says_towards_each_other_department() -> None:
    cells = matrix(city())
    assert {(each.provider, each.item) for each in cells} == {(name, item.name) for item in items() for name in item.said_by}
    assert all(each.provider != each.consumer for each in cells)
    assert len(cells) == len({each[:3] for each in cells}) == 2 * sum(len(item.said_by) for item in items())


def test_what_nobody_asked_for_says_how_much_lies_there() -> None:
    found = cell(city())
    assert (found.state, found.requests, found.rows) == ("never_asked", (), 10)


def test_what_is_shared_by_its_class_with_nobody_is_refused_without_having_been_asked_for() -> None:
    closed = {name: offer._replace(share_class="not_shared") for name, offer in city().offers.items()}
    assert cell(city(offers=closed)).state == "refused"


def test_what_was_delivered_and_handed_in_lately_is_flowing_with_basis_volume_and_age() -> None:
    found = cell(city(ACTIVE))
    assert (found.state, found.delivered, found.newest) == ("flowing", 7, NOW - DAY)
    assert found.requests[0].agreement.basis and found.requests[0].fields == ("usage", "area_total")


def test_an_agreement_counts_for_the_items_its_fields_belong_to_and_for_no_other_department() -> None:
    asked = [(each.provider, each.consumer, each.item) for each in matrix(city(ACTIVE)) if each.requests]
    assert asked == [("housing", "civil", "place"), ("housing", "civil", "building")]


def test_a_relation_in_a_file_is_the_item_of_its_own_kind() -> None:
    shown = Story().submit(links={"owner": "count"}).applied().standing
    assert cell(city(shown), item="residence").requests[0].fields == ("links.owner",)


@pytest.mark.parametrize(("standing", "waits_for"), [(SUBMITTED, "answer"), (REVIEWED, "answer"), (APPROVED, "supply")])
def test_what_is_on_its_way_waits_in_working_days(standing: Standing, waits_for: str) -> None:
    found = cell(city(standing, at=START + 5 * DAY)).wait  # five days with a weekend in them
    assert found is not None
    assert (found.waits_for, found.days, found.overdue) == (waits_for, 3, False)


def test_who_waits_longer_than_the_rules_allow_is_overdue() -> None:
    before, after = (cell(city(SUBMITTED, at=START + days * DAY)).wait for days in (14, 15))
    assert before is not None and after is not None
    assert (before.days, before.overdue, after.days, after.overdue) == (10, False, 11, True)


def test_a_refusal_keeps_its_reason() -> None:
    found = cell(city(Story().submit()("refuse", reason="the purpose is too wide").standing))
    assert (found.state, found.reason[0]) == ("refused", "Refused: the purpose is too wide")


@pytest.mark.parametrize(
    ("standing", "state", "why"),
    [
        (held("revoke"), "refused", "Revoked: a complaint"),
        (held("suspend"), "broken", "Suspended: a complaint"),
        (Story().submit(until=date(2026, 11, 25)).applied().standing, "broken", "Its term was over on 2026-11-25."),
    ],
)
def test_what_ended_says_how(standing: Standing, state: str, why: str) -> None:
    found = cell(city(standing, at=NOW + 2 * DAY))
    assert (found.state, found.reason[0]) == (state, why)


@pytest.mark.parametrize("cadence", LATE_AFTER)
def test_data_that_is_older_than_its_cadence_is_stale(cadence: str) -> None:
    def state(days: int) -> str:
        on_time = city(ACTIVE, at=NOW)
        late = {name: Source(cadence, NOW - days * DAY, 1) for name in on_time.sources}
        return cell(on_time._replace(sources=late)).state

    calendar = city().calendar
    days = next(n for n in range(1, 800) if calendar.between(day_of(NOW - n * DAY), day_of(NOW)) > LATE_AFTER[cadence])
    assert (state(days - 1), state(days)) == ("flowing", "stale")


def test_records_that_wait_to_be_shared_for_days_make_it_stale() -> None:
    assert cell(city(ACTIVE, flow=SHARED._replace(waiting=NOW - DAY))).state == "flowing"
    found = cell(city(ACTIVE, flow=SHARED._replace(waiting=NOW - 2 * DAY)))
    assert (found.state, "2026-11-23" in found.reason[0]) == ("stale", True)


@pytest.mark.parametrize(
    ("flow", "heard", "why"),
    [
        (SHARED._replace(error="LOG_REFUSED"), NOW, "Its step fails: LOG_REFUSED."),
        (Flow(withheld={"out_of_scope": 4}), NOW, "Everything that was read is withheld, nothing goes out."),
        (SHARED, None, "The provider has handed in nothing of it."),
    ],
)
def test_what_is_agreed_and_does_not_flow_is_broken(flow: Flow, heard: int | None, why: str) -> None:
    found = cell(city(ACTIVE, flow=flow, heard=heard))
    assert (found.state, found.reason[0]) == ("broken", why)


def test_an_agreement_that_has_just_begun_waits_for_its_supply_and_is_broken_when_that_is_late() -> None:
    found = [cell(city(ACTIVE, at=START + days * DAY, flow=Flow())) for days in (1, 40)]
    assert [each.state for each in found] == ["waiting", "broken"]
    assert found[0].wait is not None and found[0].wait.waits_for == "supply"


def test_one_in_force_decides_before_one_on_its_way_and_both_are_told() -> None:
    found = cell(city(other(SUBMITTED), ACTIVE))
    assert (found.state, [each.state for each in found.requests]) == ("flowing", ["flowing", "waiting"])


def test_of_several_in_force_the_worst_decides() -> None:
    known = city(ACTIVE, other(ACTIVE))
    assert cell(known._replace(flows={ID: SHARED, "another": SHARED._replace(error="X")})).state == "broken"


def test_a_new_version_on_its_way_leaves_what_flows_flowing() -> None:
    changed = Story().submit().applied().submit(version=2, fields={"usage": "clear"}).standing
    found = cell(city(changed))
    assert [(each.version, each.state) for each in found.requests] == [(1, "flowing"), (2, "waiting")]


STORIES = st.lists(st.sampled_from(["submit", "review", "approve", "refuse", "apply", "suspend", "resume", "revoke"]), max_size=12)
FLOWS = st.builds(Flow, st.integers(0, 3), st.just({}), st.integers(0, 1), st.none() | st.just(NOW), st.none() | st.just(NOW - 9 * DAY))


@given(steps=STORIES, flow=FLOWS, days=st.integers(0, 900), heard=st.none() | st.just(NOW))
def test_whatever_happened_every_cell_is_in_one_state_with_a_reason_in_both_languages(
    steps: list[Any], flow: Flow, days: int, heard: int | None
) -> None:
    story, version = Story(), 0
    for step in steps:
        version += step == "submit"
        (story.submit(version=version) if step == "submit" else story(step, version=version, reason="because"))
    standings = [story.standing] if story.events else []
    for each in matrix(city(*standings, at=NOW + days * DAY, flow=flow, heard=heard)):
        assert each.state in STATES
        assert (each.wait is not None) == (each.state == "waiting")
        assert each.reason[0] and HAN.search(each.reason[1])
        assert each.requests or each.state == "never_asked"
