"""Which value holds, who said it, who differs; and that neither order nor repetition matters."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bus.contracts.catalog import packaged
from bus.contracts.codec import Codec
from bus.contracts.registry import load as load_registry
from bus.resolver import explain
from bus.resolver import rules as rule_files
from bus.resolver.master import as_value
from bus.resolver.rules import Rule
from bus.resolver.survivorship import Statement, compiled, merge

SCHEMAS = packaged()
RESIDENT = rule_files.load(SCHEMAS, "resident")
ENCODE = Codec(load_registry(SCHEMAS)).encoder("master.resident-value")
TIME = 1_790_000_000_000


def said(dataset: str, at: int = 0, key: str = "", operation: str = "created", **fields: Any) -> Statement:
    source = {"department": dataset.partition(".")[0], "dataset": dataset, "delivery": "d", "file": None, "sheet": None, "row": 1}
    value = {"event_id": f"{dataset}{key}{at}", "operation": operation, "quality": [], "mapping": "m@1"}
    return Statement(
        (key or dataset).encode().ljust(16), TIME + at, {**value, "source": {**source, "key": {}, "role": "self", "ordinal": 0}, **fields}
    )


def rule(**changed: Any) -> dict[str, Rule]:
    base = Rule("sex", "civil.marriage", ("civil.marriage", "housing"), "text", False, (), "性别", "Sex")
    return {"sex": base._replace(**changed)}


def test_the_authority_holds_against_all_others_and_the_difference_is_a_dispute() -> None:
    held = merge([said("civil.marriage", sex="1"), said("housing.lease", 9, sex="2"), said("social.x", 9, sex="2")], rule()).fields["sex"]
    assert (held.value, held.rule, held.agree, held.disputed) == ("1", "authority", 1, True)
    assert [each.statement.department for each in held.differing] == ["housing", "social"]


def test_without_the_authority_the_next_in_order_holds() -> None:
    held = merge([said("social.x", 9, sex="2"), said("housing.lease", sex="1")], rule()).fields["sex"]
    assert (held.value, held.rule) == ("1", "fallback")


def test_what_nobody_else_says_is_said_so() -> None:
    assert merge([said("social.x", sex="2")], rule()).fields["sex"].rule == "only"


def test_what_was_said_in_confidence_is_no_value_of_the_file() -> None:
    caller = said("social.appeal", 9, phones=[{"token": "p"}], name_token="t")
    phones = {"phones": Rule("phones", "", (), "phones", True, (), "电话", "Phones")}
    assert merge([caller], phones).fields == {}
    assert compiled(phones)([caller]).fields == {}
    assert merge([caller], phones).statements == (caller,)


def test_of_equally_trusted_the_latest_holds_and_a_department_does_not_contradict_itself() -> None:
    older = said("civil.marriage", key="a", sex="1", updated_at="2020-01-01")
    newer = said("civil.marriage", key="b", sex="2", updated_at="2021-01-01")
    held = merge([newer, older], rule()).fields["sex"]
    assert held.value == "2"
    assert not held.disputed


def test_departments_that_agree_are_counted_once_each() -> None:
    all_say = [said("civil.marriage", sex="1"), said("civil.x", key="x", sex="1"), said("housing.lease", sex="1")]
    assert merge(all_say, rule()).fields["sex"].agree == 2


def test_what_has_ended_holds_only_where_nothing_else_is_left() -> None:
    ended, live = said("civil.marriage", operation="ended", sex="1"), said("social.x", sex="2")
    assert merge([ended, live], rule()).fields["sex"].value == "2"
    assert merge([ended], rule()).fields["sex"].value == "1"


def test_what_was_annulled_never_was_but_stays_a_source() -> None:
    master = merge([said("civil.marriage", operation="annulled", sex="1")], rule())
    assert master.fields == {}
    assert len(as_value(b"s", master)["sources"]) == 1


def test_a_date_that_is_the_same_but_more_precise_is_shown_and_no_dispute() -> None:
    statements = [said("civil.marriage", birth_date="1951", birth_date_precision="year"), said("housing.x", birth_date="1951-03-02")]
    held = merge(statements, RESIDENT).fields["birth_date"]
    assert (held.value, held.agree, held.disputed) == ("1951-03-02", 2, False)


def test_of_two_dates_of_one_precision_the_more_trusted_holds() -> None:
    statements = [said("social.resident_survey", birth_date="1951-03-02"), said("civil.marriage", birth_date="1951-03-03")]
    held = merge(statements, RESIDENT).fields["birth_date"]
    assert (held.value, held.disputed) == ("1951-03-03", True)


def test_an_older_phone_is_no_dispute() -> None:
    old, new = ([{"token": t, "masked": "*", "sealed": b"", "kind": None}] for t in "ab")
    held = merge([said("civil.marriage", phones=old), said("social.appeal", 9, phones=new)], RESIDENT).fields["phones"]
    assert (held.value, held.rule, held.disputed) == (new, "recency", False)


def test_of_two_versions_of_one_statement_the_later_published_counts() -> None:
    assert merge([said("housing.x", 5, sex="2"), said("housing.x", sex="1")], rule()).fields["sex"].value == "2"


_DATASETS = st.sampled_from(["civil.marriage", "civil.assistance_member", "housing.dwelling", "social.resident_survey", "water.meter"])
_STATEMENT = st.builds(
    lambda dataset, key, at, operation, sex, birth, updated, name: said(
        dataset, at, key, operation, sex=sex, birth_date=birth, updated_at=updated, name=name
    ),
    _DATASETS,
    st.sampled_from("abcdef"),
    st.integers(0, 3),
    st.sampled_from(["created", "changed", "ended", "annulled"]),
    st.sampled_from([None, "1", "2"]),
    st.sampled_from([None, "1951", "1951-03", "1951-03-02", "1952-03"]),
    st.sampled_from([None, "2020-01-01", "2021"]),
    st.sampled_from([None, "张三", "张　三", "张某"]),
)


@given(st.data(), st.lists(_STATEMENT, max_size=8, unique_by=lambda s: (s.key, s.known_from)))
def test_order_and_repetition_change_no_byte(data: st.DataObject, statements: list[Statement]) -> None:
    again = data.draw(st.permutations(statements + statements[:3]))
    one, other = (ENCODE(as_value(b"subject", merge(each, RESIDENT))) for each in (statements, again))
    assert one == other


_RULES = st.sampled_from(
    [RESIDENT, rule(), rule(recency=True), rule(authority="", order=()), rule(authority="", order=("social", "civil"))]
)


@given(st.lists(_STATEMENT, max_size=8), _RULES)
def test_rules_compiled_for_a_loop_make_the_same(statements: list[Statement], rules: dict[str, Rule]) -> None:
    assert compiled(rules)(statements) == merge(statements, rules)


@given(st.lists(_STATEMENT, max_size=8, unique_by=lambda s: s.key))
def test_the_explanation_says_what_the_master_holds(statements: list[Statement]) -> None:
    master = merge(statements, RESIDENT)
    for reason in explain.reasons(statements, RESIDENT):
        held = master.fields[reason.field]
        first, *rest = reason.considered
        assert (first.verdict, first.value, reason.rule) == ("holds", held.value, held.rule)
        assert all(each.verdict != "holds" for each in rest)
        assert {c.statement.key for c in held.differing} <= {c.statement.key for c in rest if c.differs}


def test_rules_name_only_fields_that_the_entity_has() -> None:
    registry = load_registry(SCHEMAS)
    for entity in ("resident", "dwelling"):
        fields = {field.name for field in registry.latest(f"canonical.{entity}-value").schema.root.fields}
        for each in rule_files.load(SCHEMAS, entity).values():
            assert {each.field, *each.beside} <= fields
