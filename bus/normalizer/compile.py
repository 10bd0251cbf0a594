"""A mapping, compiled once into plain functions: `Plan.statements(row)` is the reference that says what is right.

No pydantic, no YAML and no dataset's name is met while rows go through. A compiler from bytes to bytes may later stand in front of
`Plan` for the usual rows, and leave the unusual ones to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bus.normalizer.cells import Columns
from bus.normalizer.converters.hiding import hide_refused, seal_fields
from bus.normalizer.converters.organization import build_organization
from bus.normalizer.converters.people import build_people
from bus.normalizer.converters.person import build_person
from bus.normalizer.fields import Apply, Entities, Fields, Place, compile_check, compile_field, own_key
from bus.normalizer.kit import Kit
from bus.normalizer.mapping_file import MappingFile, OperationRule
from bus.normalizer.mapping_file import Statement as StatementSpec
from bus.normalizer.statement import Party, Row, Statement, once
from bus.quality import Finding, finding

Parties = Callable[[Row], list[Party]]
Operation = Callable[[Row, list[Finding]], str]
_ENTITIES_OF_A_PARTY = ("resident", "organization")


@dataclass(frozen=True, slots=True)
class Maker:
    """One statement of the mapping."""

    entity: str
    role: str
    parties: Parties | None
    about: str | None
    when: Callable[[Row], bool] | None
    operation: Operation
    fields: tuple[Apply, ...]
    organization_fields: tuple[Apply, ...]
    """Those of `fields` that an organization has too, for a party that turns out to be one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled mapping."""

    dataset: str
    label: str
    entities: frozenset[str]
    makers: tuple[Maker, ...]
    kit: Kit

    def statements(self, row: Row) -> list[Statement]:
        """All statements of a row, refused ones among them. Total: any strings in the cells give an answer."""
        for maker in self.makers:
            if maker.parties is not None:
                named = maker.parties(row)
                if maker.when is not None:
                    named = self._told(maker.when, row, named)
                row.parties[maker.role] = named
            elif maker.about is None and (maker.when is None or maker.when(row)):
                row.present.add(maker.role)
        row.refused = _refused(row)
        made: list[Statement] = []
        for maker in self.makers:
            self._make(maker, row, made)
        if row.loose and made:
            first = made[0]
            made[0] = first._replace(findings=once([*first.findings, *row.loose]))
        return made

    @staticmethod
    def _told(when: Callable[[Row], bool], row: Row, named: list[Party]) -> list[Party]:
        """Those of whom anything is known; what was found in the cells of the others goes out with the row's first statement."""
        told = [p for p in named if p.refused or any(value not in (None, []) for value in p.fields.values())] if when(row) else []
        row.loose.extend(f for party in named if party not in told for f in party.findings)
        return told

    def _make(self, maker: Maker, row: Row, made: list[Statement]) -> None:
        if maker.parties is None and maker.about is None:
            if maker.role in row.present:
                row.ordinal, row.count = 0, 1
                made.append(self._statement(maker, maker.entity, row, None))
            return
        if maker.about is not None and maker.when is not None and not maker.when(row):
            return
        parties = row.parties.get(maker.about or maker.role, ())
        row.count = len(parties)
        for party in parties:
            row.ordinal = party.ordinal
            made.append(self._statement(maker, maker.entity if maker.about else party.entity, row, party))

    def _statement(self, maker: Maker, entity: str, row: Row, party: Party | None) -> Statement:
        out: Fields = {}
        found: list[Finding] = []
        ordinal = party.ordinal if party is not None else 0
        key = own_key(self.kit.keys, self.dataset, row, maker.role, ordinal)
        if party is not None:
            if maker.about is None:
                out.update(party.fields)
                if row.refused and entity == "resident" and not party.refused:
                    out["beside_tokens"] = hide_refused(self.kit.keys, party.fields.get("name"), row.refused)
                seal_fields(self.kit.sealer, entity, key, out)
                found.extend(party.findings)
            elif party.refused:
                found.extend(party.identity)
        for apply in maker.organization_fields if entity == "organization" and maker.entity != entity else maker.fields:
            apply(row, out, found, party)
        refused = party is not None and party.refused
        operation = maker.operation(row, found)
        return Statement(entity, maker.role, ordinal, operation, key, out, once(found), refused)


def _refused(row: Row) -> tuple[str, ...]:
    return tuple(p.fields["name"] for named in row.parties.values() for p in named if p.refused and p.fields.get("name"))


def compile_mapping(mapping: MappingFile, columns: Columns, entities: Entities, kit: Kit) -> Plan:
    """Raises `ConfigRefused` for a column, field, entity, role or converter that is not there."""
    seen: set[tuple[str, str]] = set()
    party_roles = {s.role for s in mapping.statements if s.person or s.people or s.organization}
    makers = []
    for spec in mapping.statements:
        place = _place(mapping, spec, entities)
        if (spec.entity, spec.role) in seen:
            raise place.refused("this entity and role are there twice", "同一实体与角色重复出现")
        seen.add((spec.entity, spec.role))
        for role in (spec.about, *(f.party or f.parties for f in spec.fields.values())):
            if role is not None and role not in party_roles:
                raise place.refused(f"no person or organization has the role {role}", f"没有角色为 {role} 的人或组织")
        makers.append(_maker(mapping, spec, columns, kit, place, entities))
    return Plan(
        mapping.dataset,
        f"{mapping.dataset}@{mapping.version}",
        frozenset(m.entity for m in makers) | _also_organizations(mapping),
        tuple(makers),
        kit,
    )


def _also_organizations(mapping: MappingFile) -> frozenset[str]:
    return frozenset({"organization"} if any(s.people and s.people.organizations for s in mapping.statements) else ())


def _place(mapping: MappingFile, spec: StatementSpec, entities: Entities) -> Place:
    place = Place(mapping.dataset, spec.entity, spec.role, entities.get(spec.entity, frozenset()))
    if spec.entity not in entities:
        raise place.refused(f"there is no entity {spec.entity}", f"没有实体 {spec.entity}")
    party_entity = "organization" if spec.organization else "resident" if spec.person or spec.people else None
    if party_entity and spec.entity != party_entity:
        raise place.refused(f"this makes a statement of {party_entity}", f"此处应为实体 {party_entity}")
    return place


def _maker(mapping: MappingFile, spec: StatementSpec, columns: Columns, kit: Kit, place: Place, entities: Entities) -> Maker:
    parties: Parties | None = None
    if spec.person:
        parties = build_person(spec.person, columns, kit)
    elif spec.people:
        parties = build_people(spec.people, columns, kit)
    elif spec.organization:
        parties = build_organization(spec.organization, columns, kit)
    compiled = {t: compile_field(t, f, columns, kit, place, spec.about) for t, f in spec.fields.items()}
    checks = tuple(compile_check(c, columns, place) for c in spec.checks)
    shared = entities.get("organization", frozenset())
    rules = mapping.operation if spec.operation is None else spec.operation
    return Maker(
        entity=spec.entity,
        role=spec.role,
        parties=parties,
        about=spec.about,
        when=columns.any_filled(spec.when) if spec.when else None,
        operation=_operation(rules, columns),
        fields=(*compiled.values(), *checks),
        organization_fields=tuple(a for t, a in compiled.items() if t in shared),
    )


def _operation(rules: Sequence[OperationRule], columns: Columns) -> Operation:
    """The first rule that fits; else what publishing said: created or changed."""
    compiled = [(_rule(rule, columns), rule.becomes) for rule in rules]

    def operation(row: Row, found: list[Finding]) -> str:
        for fits, becomes in compiled:
            if fits(row, found):
                return becomes
        return row.operation

    return operation


def _rule(rule: OperationRule, columns: Columns) -> Callable[[Row, list[Finding]], bool]:
    """Whether the rule fits the row. A word that stands for neither side is CODE_UNKNOWN, where the rule knows both."""
    if rule.values == "any":
        filled = columns.any_filled([rule.column])
        return lambda row, found: filled(row)
    fetch = columns.fetch(rule.column)
    now, before = frozenset(rule.values), frozenset(rule.older)
    contrary, contrary_before = frozenset(rule.otherwise), frozenset(rule.otherwise_older)

    def fits(row: Row, found: list[Finding]) -> bool:
        text = fetch(row, found if contrary else [])
        bare = text.strip() if text else ""
        if bare and contrary and bare not in now and bare not in contrary:
            known = bare in before or bare in contrary_before
            found.append(finding("CODE_MAPPED" if known else "CODE_UNKNOWN", rule.column))
        return bare in now or bare in before

    return fits
