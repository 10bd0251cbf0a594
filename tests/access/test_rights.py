"""Which rights follow from departments and agreements, and how they differ from what there is."""

from __future__ import annotations

from bus.access.principals import Principal
from bus.access.rights import STEPS, Changes, changes, desired
from bus.cli.steps import STEPS as PUT_TOGETHER
from bus.eventlog.rules import Rule
from bus.sharing.required import MayRead

CIVIL = {"pub-civil": Principal(department="civil", does=("publish",))}
READER = MayRead("svc-civil", "share.names", "share.names.svc-civil.")


def test_a_department_writes_what_is_its_own_and_a_prefix_ends_in_a_dot() -> None:
    written = {(rule.name, rule.prefixed) for rule in desired(CIVIL, (), [], "") if (rule.thing, rule.deed) == ("topic", "write")}
    assert written == {("raw.civil.", True), ("deadletter.civil", False), ("internal.account.civil", False), ("audit", False)}


def test_a_subscriber_reads_what_is_granted_in_groups_of_its_own_and_writes_nothing() -> None:
    assert desired({}, (), [READER], "city.") == {
        Rule("svc-civil", "topic", "city.share.names", False, "read"),
        Rule("svc-civil", "topic", "city.internal.schema", False, "read"),
        Rule("svc-civil", "group", "city.share.names.svc-civil.", True, "read"),
    }


def test_all_names_of_a_namespace_are_a_prefix_and_without_one_the_name_of_all() -> None:
    steps = {"civicbus": Principal(does=("steps",))}
    rules = [rule for prefix in ("", "city.") for rule in desired(steps, (), [], prefix) if rule.deed == "describe"]
    assert {(rule.name, rule.prefixed) for rule in rules if rule.thing == "topic"} == {("*", False), ("city.", True)}


def test_the_normalizer_sees_how_far_those_behind_the_valve_are() -> None:
    seen = {
        rule.name
        for rule in desired({"n": Principal(does=("normalizer",))}, (), [], "")
        if rule.thing == "group" and rule.deed == "describe"
    }
    assert seen == {"identify", "alias", "match", "join", "link", "merge"}


def test_every_step_that_there_is_has_its_needs() -> None:
    assert set(STEPS) == {*PUT_TOGETHER, "share"}


def test_an_inbox_publishes_for_all_departments_and_opens_no_refused_row() -> None:
    inbox = {"inbox": Principal(does=("inbox",))}
    own = [desired({"inbox": Principal(department=each, does=("publish",))}, (), [], "") for each in ("civil", "housing")]
    opens = {rule for rule in own[0] | own[1] if rule.name in ("audit", "letters")}
    assert len(opens) == 2
    assert {rule._replace(principal="") for rule in desired(inbox, ("civil", "housing"), [], "")} == {
        rule._replace(principal="") for rule in (own[0] | own[1]) - opens
    }


def test_who_erases_withdraws_what_any_department_said_and_reads_no_row_of_it() -> None:
    rules = desired({"liu": Principal(does=("erase",))}, ("civil",), [], "")
    assert {rule.name for rule in rules if (rule.thing, rule.deed) == ("topic", "write")} == {
        "raw.",
        "canonical.",
        "audit",
        "internal.erasure",
    }
    assert not any(rule.name.startswith("raw.") for rule in rules if rule.deed == "read")
    assert {(rule.thing, rule.name) for rule in rules if rule.thing != "topic"} == {("transaction", "erasure")}


def test_what_is_there_as_wanted_is_left_alone_and_each_difference_is_named() -> None:
    wanted = desired(CIVIL, (), [], "city.")
    gone = Rule("svc-old", "topic", "city.share.names", False, "read")
    lost = min(wanted)
    assert changes(wanted, wanted, CIVIL, "city.") == Changes([], [], [])
    assert changes(wanted, (wanted - {lost}) | {gone}, CIVIL, "city.") == Changes([lost], [gone], [])


def test_a_rule_that_reaches_our_topics_from_outside_is_too_many() -> None:
    for name, prefixed in (("*", False), ("ci", True), ("city.raw.civil.marriage", False)):
        rule = Rule("somebody", "topic", name, prefixed, "read")
        assert changes(set(), [rule], {}, "city.").extra == [rule]


def test_rules_about_other_things_of_other_people_are_not_ours() -> None:
    others = [Rule("shop", "topic", "shop.orders", False, "read"), Rule("admin", "cluster", "kafka-cluster", False, "alter")]
    assert changes(set(), others, CIVIL, "city.") == Changes([], [], [])
    assert changes(set(), others, CIVIL, "").extra == sorted(others)  # without a namespace the cluster is ours


def test_another_right_of_a_principal_of_ours_is_too_many_wherever_it_is() -> None:
    rule = Rule("svc-old", "topic", "shop.orders", False, "read")
    assert changes(set(), [rule], {"svc-old"}, "city.").extra == [rule]


def test_what_somebody_forbade_by_hand_is_named_and_never_taken_away() -> None:
    rule = Rule("svc-civil", "topic", "city.share.names", False, "read", denied=True)
    assert changes(set(), [rule], {}, "city.") == Changes([], [], [rule])
