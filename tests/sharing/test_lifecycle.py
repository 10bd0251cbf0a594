"""How an agreement stands by what happened to it: who may do what when, and that no order of reading changes it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.sharing.clocks import Limits, clock
from bus.sharing.lifecycle import Event, Standing, Step, fold, in_force
from bus.sharing.required import MayRead, PseudonymKey, ShareTopic, required, subscribers
from bus.standards.working_days import WorkingDays
from tests.sharing.paper import text

ID = "civil-housing-of-families"
TOPIC = f"share.{ID}"
DAY = 86_400_000


def ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


START = ms(2026, 11, 25, 2)
END = ms(2028, 1, 1)


class Story:
    """Events of one agreement, a minute after each other."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, step: Step, by: str = "wang", version: int = 1, reason: str = "", at: int | None = None, **submitted: Any) -> Story:
        number = len(self.events)
        when = START + number * 60_000 if at is None else at
        self.events.append(Event(ID, version, step, by, when, reason, offset=number, **submitted))
        return self

    def submit(self, by: str = "li", version: int = 1, approvals: int = 1, share_class: str = "conditional", **changed: Any) -> Story:
        return self("submit", by, version, text=text(**changed), share_class=share_class, approvals=approvals)

    def applied(self, version: int = 1) -> Story:
        return self("review", version=version)("approve", version=version)("apply", version=version)

    @property
    def standing(self) -> Standing:
        return fold(self.events, named=False)[ID]

    @property
    def state(self) -> str:
        return self.standing.state_at(self.events[-1].at)

    @property
    def objections(self) -> list[str]:
        return [why[0] for _, why in self.standing.ignored]


def active() -> Story:
    return Story().submit().applied()


def test_an_agreement_goes_from_submission_to_force_step_by_step() -> None:
    story = Story().submit()
    states = [story.state]
    for step in ("review", "approve", "apply", "suspend", "resume", "revoke"):
        states.append(story(step, reason="because").state)  # type: ignore[arg-type]

    assert states == ["submitted", "reviewed", "approved", "active", "suspended", "active", "revoked"]
    assert story.objections == []


def test_an_agreement_that_nobody_submitted_is_a_draft() -> None:
    assert Standing("x").state_at(START) == "draft"


def test_of_several_providers_each_has_to_approve() -> None:
    story = Story().submit(provider=["housing", "social"])("review")("approve", "zhao", department="social")
    assert (story.state, story.standing.pending and story.standing.pending.waits_for) == ("reviewed", ("housing",))

    assert story("approve", "sun", department="social")("apply").state == "reviewed"
    assert story("approve", "qian", department="housing")("apply").state == "active"


def test_where_nobody_says_who_acts_for_whom_one_approval_is_that_of_all_providers() -> None:
    assert Story().submit(provider=["housing", "social"])("review")("approve", "zhao").state == "approved"


def test_where_it_is_known_who_acts_for_whom_an_approval_of_no_department_is_that_of_no_provider_but_a_single_one() -> None:
    of_two = Story().submit(provider=["housing", "social"])("review")("approve", "zhao")
    (pending,) = (each.pending for each in fold(of_two.events, named=True).values())
    assert pending is not None and (pending.state, pending.waits_for) == ("reviewed", ("housing", "social"))

    of_one = Story().submit(provider=["housing"])("review")("approve", "zhao")("apply")
    assert fold(of_one.events, named=True)[ID].state_at(START) == "active"


def test_what_is_open_to_all_waits_for_no_provider() -> None:
    assert Story().submit(provider=["housing", "social"], approvals=0)("review").state == "approved"


@pytest.mark.parametrize("before", [(), ("review",), ("review", "approve")])
def test_until_it_is_applied_it_can_be_refused(before: tuple[Step, ...]) -> None:
    story = Story().submit()
    for step in before:
        story(step)

    assert story("refuse", reason="no basis").state == "refused"


@pytest.mark.parametrize("step", ["refuse", "suspend", "revoke"])
def test_a_refusal_and_whatever_takes_away_needs_a_reason(step: Step) -> None:
    story = Story().submit() if step == "refuse" else active()
    before = story.state

    assert story(step, reason="  ").state == before
    assert "reason" in story.objections[0]


@pytest.mark.parametrize("step", ["review", "approve"])
def test_whoever_submitted_it_does_not_review_or_approve_it(step: Step) -> None:
    story = Story().submit(by="li")
    if step == "approve":
        story("review")

    assert "submitted it cannot" in story(step, by="li").objections[0]


def test_where_two_must_approve_one_person_is_not_two() -> None:
    story = Story().submit(approvals=2)("review")("approve", by="wang")("approve", by="wang")

    assert story.state == "reviewed"
    assert story("approve", by="zhao").state == "approved"


def test_what_is_open_to_all_needs_no_approval_after_it_was_reviewed() -> None:
    assert Story().submit(approvals=0, share_class="unconditional")("review").state == "approved"


@pytest.mark.parametrize("step", ["approve", "apply", "suspend", "resume", "revoke"])
def test_no_step_can_be_left_out(step: Step) -> None:
    story = Story().submit()(step, reason="because")

    assert story.state == "submitted"
    assert len(story.objections) == 1


def test_a_change_leaves_the_version_before_in_force_until_it_is_applied() -> None:
    story = active().submit(version=2, fields={"usage": "clear"})

    assert story.state == "active"
    assert "address" in story.standing.in_force(START).fields  # type: ignore[union-attr]
    story.applied(version=2)
    assert list(story.standing.in_force(START).fields) == ["usage"]  # type: ignore[union-attr]


def test_a_change_that_is_refused_leaves_everything_as_it_is() -> None:
    story = active().submit(version=2)("refuse", version=2, reason="too much")

    assert story.state == "active"
    assert story.standing.pending is None


def test_two_who_submit_at_once_submit_once() -> None:
    story = Story().submit(by="li").submit(by="zhao")

    assert story.standing.versions == 1
    assert "meanwhile" in story.objections[0]


def test_an_approval_is_of_the_version_that_was_read() -> None:
    story = Story().submit().submit(version=2)("review", version=1)

    assert story.state == "submitted"
    assert "No such version" in story.objections[0]


def test_a_text_that_is_no_agreement_or_of_another_is_no_submission() -> None:
    story = Story()("submit", text="agreement: x").submit(agreement="other-agreement")

    assert story.standing.versions == 0
    assert story.objections == ["Its text is no agreement.", "Its text is of another agreement."]


@pytest.mark.parametrize(
    ("at", "state"),
    [(ms(2027, 12, 31, 15, 59, 59), "active"), (ms(2027, 12, 31, 16), "expired")],
)
def test_it_ends_by_itself_with_its_last_day_in_the_city(at: int, state: str) -> None:
    assert active().standing.state_at(at) == state


def test_what_has_ended_is_not_in_force_and_nobody_resumes_it() -> None:
    story = active()("suspend", reason="a doubt")("resume", at=END)

    assert "expired" in story.objections[0]
    assert in_force(fold(story.events, named=False).values(), END) == []


def test_it_cannot_be_applied_when_its_term_is_over() -> None:
    story = Story().submit()("review")("approve")("apply", at=END)

    assert story.objections == ["Its term is over."]


def test_an_agreement_that_was_revoked_can_be_asked_for_again() -> None:
    assert active()("revoke", reason="ended").submit(version=2).state == "submitted"


STEPS: list[Step] = ["review", "approve", "refuse", "apply", "suspend", "resume", "revoke"]
STORIES = st.lists(
    st.tuples(
        st.sampled_from([*STEPS, "submit"]), st.sampled_from(["li", "wang", "zhao"]), st.integers(1, 3), st.sampled_from(["", "why"])
    ),
    max_size=25,
)


def told(steps: list[tuple[Any, str, int, str]]) -> list[Event]:
    story = active()
    for step, by, version, reason in steps:
        if step == "submit":
            story.submit(by=by, version=version, approvals=version % 3)
        else:
            story(step, by=by, version=version, reason=reason)
    return story.events


@given(STORIES, st.randoms(use_true_random=False))
def test_no_order_of_reading_changes_how_it_stands(steps: list[tuple[Any, str, int, str]], chance: random.Random) -> None:
    events = told(steps)
    mixed = events.copy()
    chance.shuffle(mixed)

    assert fold(mixed, named=False) == fold(events, named=False)


@given(STORIES, st.data())
def test_an_event_that_comes_twice_changes_nothing(steps: list[tuple[Any, str, int, str]], data: st.DataObject) -> None:
    events = told(steps)
    again = data.draw(st.lists(st.sampled_from(events)))
    written_again = [replace(each, offset=len(events) + at) for at, each in enumerate(again)]

    assert fold([*events, *again, *written_again], named=False) == fold(events, named=False)


@given(STORIES)
def test_nothing_is_in_force_that_was_not_submitted_reviewed_approved_and_applied(steps: list[tuple[Any, str, int, str]]) -> None:
    standing = fold(told(steps), named=False)[ID]
    held = standing.holding
    assert held is not None

    assert held.reviewed is not None
    assert len({each.by for each in held.approved}) >= held.submitted.approvals
    assert held.submitted.by not in {held.reviewed.by, *(each.by for each in held.approved)}


def test_an_event_is_read_as_it_was_written() -> None:
    for event in Story().submit()("refuse", reason="no basis").events:
        assert Event.read(event.agreement.encode(), event.at, event.value(), event.offset) == event


# --- clocks ---

CALENDAR = WorkingDays({})


def test_a_request_is_answered_within_ten_working_days_one_for_what_is_open_to_all() -> None:
    conditional = clock(Story().submit().standing, Limits(), CALENDAR)
    unconditional = clock(Story().submit(share_class="unconditional", approvals=0).standing, Limits(), CALENDAR)

    assert conditional is not None
    assert unconditional is not None
    assert (conditional.waits_for, conditional.due) == ("answer", date(2026, 12, 9))
    assert unconditional.due == date(2026, 11, 26)


def test_the_data_is_supplied_within_twenty_working_days_of_the_last_approval() -> None:
    story = Story().submit()("review")("approve", at=ms(2026, 12, 1, 3))
    runs = clock(story.standing, Limits(supply=2), CALENDAR)

    assert runs is not None
    assert (runs.waits_for, runs.due) == ("supply", date(2026, 12, 3))


def test_it_is_overdue_when_the_last_day_is_over_in_the_city() -> None:
    runs = clock(Story().submit().standing, Limits(), CALENDAR)

    assert runs is not None
    assert not runs.overdue(ms(2026, 12, 9, 15, 59))
    assert runs.overdue(ms(2026, 12, 9, 16))


def test_nothing_runs_where_nothing_is_waited_for() -> None:
    assert clock(active().standing, Limits(), CALENDAR) is None
    assert clock(Story().submit()("refuse", reason="no").standing, Limits(), CALENDAR) is None


# --- what must exist ---


def needed(story: Story, at: int = START) -> list[object]:
    return list(required([story.standing], at))


def test_an_active_agreement_needs_its_topic_its_readers_and_its_key() -> None:
    assert needed(active()) == [
        ShareTopic(TOPIC, 180),
        MayRead("svc-civil-check", TOPIC, f"{TOPIC}.svc-civil-check."),
        PseudonymKey(ID),
    ]


def test_one_that_is_on_its_way_needs_nothing() -> None:
    assert needed(Story().submit()("review")("approve")) == []


def test_nobody_reads_one_that_is_suspended() -> None:
    assert needed(active()("suspend", reason="a doubt")) == [ShareTopic(TOPIC, 180), PseudonymKey(ID)]


@pytest.mark.parametrize(("on_end", "left"), [("delete", []), ("keep-closed", [ShareTopic(TOPIC, 180)])])
def test_of_one_that_ended_is_left_what_it_says(on_end: str, left: list[object]) -> None:
    story = Story().submit(on_end=on_end).applied()

    assert needed(story, END) == needed(story, END + 179 * DAY) == left
    assert needed(story, END + 180 * DAY) == []
    assert needed(story("revoke", reason="over")) == left


def test_a_principal_is_needed_while_an_agreement_that_names_it_holds_or_is_suspended() -> None:
    story = active()("suspend", reason="a doubt")
    standings = [story.standing]
    assert subscribers(standings, START) == ({"svc-civil-check"}, {"svc-civil-check"})
    assert subscribers(standings, END) == (set(), {"svc-civil-check"})
