"""What a mapping file may say. Checked when it is loaded (pydantic), never looked at again while rows go through.

A mapping (`schemas/mappings/<dataset>.yaml`) turns one row of one dataset into statements: `from` (a column of the source) → a field of
`schemas/canonical/<entity>.v1.avsc`, through a named converter. It is data: a new department needs files and no code.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Operation = Literal["corrected", "ended", "annulled"]
Scalar = str | int | float | bool | None


def _many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _cell(value: object) -> object:
    """`name: NAME_MAN` is short for `name: {from: NAME_MAN}`."""
    return {"from": value} if isinstance(value, str | list) else value


Columns = Annotated[list[str], BeforeValidator(_many)]


class Strict(BaseModel):
    """A word that means nothing here is a mistake of the mapping and is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Reference(Strict):
    """A statement of another row (perhaps of another dataset), named by its source key."""

    dataset: str
    key: Columns
    role: str


class Only(Strict):
    """Where the column holds one of the values."""

    column: str
    values: list[str]


class FieldRule(Strict):
    """Where the value of one field comes from: exactly one of `from`, `value`, `party`, `parties`, `key_of`, `refer`."""

    from_: Annotated[list[str] | None, BeforeValidator(_many), Field(alias="from")] = None
    value: Scalar = None
    party: str | None = None
    parties: str | None = None
    key_of: str | None = None
    refer: Reference | None = None

    read: str = "text"
    """The converter (`bus/normalizer/converters`)."""
    table: dict[str, Scalar] | None = None
    """The values of the current code list, source → canonical."""
    older: dict[str, Scalar] | None = None
    """Older or written values, source → canonical: repaired, with CODE_MAPPED."""
    list_: Annotated[str | None, Field(alias="list")] = None
    """A national code list of `schemas/codes`."""
    nulls: bool = True
    """Whether 无, / and the like mean "empty" here."""
    means_empty: list[str] = []
    """Words that mean "empty" in this column and are no damage (无 where there is no supervising body)."""
    zero_is_null: bool = False
    """Whether 0 means "not known" here (an area)."""
    within: list[str] | None = None
    """Columns that say in which division the address or name of this cell lies."""
    or_within: bool = False
    """Whether that division is the value where the cell names none in it: a street pays, even if its community is not to be read."""
    unit: str | None = None
    """What a number is counted in."""
    otherwise: Scalar = None
    """The value where the cell is empty or was withheld."""
    quiet: list[str] = []
    """Codes that are no finding here: an address that only describes a person may fit several places."""
    quiet_if: Columns = []
    """`quiet` holds only where one of these columns is filled: a house that its code names is not ambiguous."""
    known_in: str | None = None
    """The dataset whose keys are the codes in force (that of the grids, for a grid)."""
    only_when: list[Only] = []
    """Said only where each of these columns holds one of its values."""
    collect: bool = False
    """All columns of `from` into one list, instead of the first that is not empty."""

    @model_validator(mode="after")
    def _one_source(self) -> FieldRule:
        given = [n for n in ("from_", "party", "parties", "key_of", "refer") if getattr(self, n) is not None]
        if len(given) > 1 or (given and self.value is not None):
            raise ValueError("give one of: from, value, party, parties, key_of, refer")
        if (self.older or self.list_) and self.read not in ("text", "code", "words"):
            raise ValueError("a code table is read with `read: code`")
        return self


Cell = Annotated[FieldRule, BeforeValidator(_cell)]


class Person(Strict):
    """One person of the row. The cross-field rules (number against sex, birth date, age) hold between these cells."""

    name: Cell | None = None
    number: Cell | None = None
    document: Cell | None = None
    """The kind of document; without it, a citizen number is expected."""
    sex: Cell | None = None
    birth_date: Cell | None = None
    age: Cell | None = None
    phones: Columns = []
    phones_unless: Columns = []
    """Columns that, filled, make the phones somebody else's."""
    public_phones: Columns = []
    words: str | None = None
    """The column of what the person wrote: a phone that he left there counts where `phones` has none, a number tells whom to compare him
    with (`said_id_token`)."""
    confidential: Cell | None = None
    """Where this reads as true, or cannot be read, the name is withheld from canonical events."""


class People(Strict):
    """Several persons or organizations in one cell, in one order: `张三、李四` beside `3799…;3799…`, or as free text `张三 3799…;李四`."""

    names: str | None = None
    numbers: str | None = None
    text: str | None = None
    document: Cell | None = None
    phones: Columns = []
    organizations: bool = True
    """Whether one of them may be an organization (by document type, credit code or name)."""

    @model_validator(mode="after")
    def _one_form(self) -> People:
        if (self.text is None) == (self.names is None):
            raise ValueError("give either `names` (and `numbers`) or `text`")
        return self


class Organization(Strict):
    """One organization of the row."""

    name: Cell
    uscc: str | None = None
    org_code: str | None = None
    public_phones: Columns = []
    not_names: list[str] = []
    """What stands in the name's column where there is no organization."""
    suffix: str = ""
    """Put behind the name: an owners' committee is named after its compound."""
    only_when: Only | None = None


class OperationRule(Strict):
    """When the column holds one of the values (or any value), the statement is ended, annulled or corrected."""

    column: str
    values: list[str] | Literal["any"]
    becomes: Operation
    older: list[str] = []
    """Older words for `values` (CODE_MAPPED)."""
    otherwise: list[str] = []
    """The values of the contrary. Where given, any other word is CODE_UNKNOWN and changes nothing."""
    otherwise_older: list[str] = []
    """Older words for `otherwise` (CODE_MAPPED)."""


class Check(Strict):
    """A rule between fields of one statement: `order` (second not before first) or `sum` (first = sum of the others)."""

    check: Literal["order", "sum"]
    fields: list[str]
    column: str
    """The column that is flagged."""


class Statement(Strict):
    """What goes to one canonical entity."""

    entity: str
    role: str
    person: Person | None = None
    people: People | None = None
    organization: Organization | None = None
    about: str | None = None
    """The role of the person this is only about: one statement for each, refused with that person."""
    when: Columns = []
    """Said only where one of these columns holds something."""
    operation: list[OperationRule] | None = None
    """Instead of the mapping's own rules."""
    fields: dict[str, Cell] = {}
    checks: list[Check] = []

    @model_validator(mode="after")
    def _one_party(self) -> Statement:
        if sum(x is not None for x in (self.person, self.people, self.organization, self.about)) > 1:
            raise ValueError("give at most one of: person, people, organization, about")
        return self


class MappingFile(Strict):
    """One mapping file."""

    dataset: str
    version: int
    notes: str = ""
    operation: list[OperationRule] = []
    statements: list[Statement]
