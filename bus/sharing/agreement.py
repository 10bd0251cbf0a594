"""AN AGREEMENT: who gets what from whom, how, why and until when; as a person writes it in YAML (`schemas/agreements/`).

What must be said follows the five things a request names (令809号 Art. 20; domain facts §1.1): basis, scene, scope, way, term. Fields are
an allow-list: what is not named is not shared. Whether the catalog allows it is asked by `bus.sharing.check`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bus.sharing import reading
from bus.sharing.problem import AgreementRefused, Problem
from bus.sharing.reading import Path, Read
from bus.sharing.wording import worded

ID = r"[a-z][a-z0-9-]{2,40}"


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class _Model(BaseModel):
    """A word that means nothing here is a mistake and is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)  # most commands read no agreement


class Band(_Model):
    """A number, or the age at a birth date in full years, as the span it falls in: bounds 18, 35 give below 18 · 18 to 34 · 35 and more."""

    band: Annotated[tuple[int, ...], BeforeValidator(_as_tuple), Field(min_length=1, max_length=20)]


class Level(_Model):
    """An address or a division only down to this level."""

    level: Literal["county", "street", "community"]


Word = Literal["clear", "masked", "year", "month", "pseudonym", "exists"]
"""clear: as it is · masked: 张*, 138****8000 · year, month: of a date · pseudonym: a stand-in, another in every agreement · exists: only
whether there is a value."""
How = Word | Band | Level

Department = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Principal = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Division = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
Grid = Annotated[str, Field(pattern=r"^[0-9]{15}$")]
Said = Annotated[str, Field(min_length=2, max_length=500, pattern=r"\S")]
LinkKind = Literal["owner", "lessor", "lessee", "co_resident", "resident", "hukou", "member", "spouse"]
LinkHow = Literal["pseudonym", "count", "exists"]
"""pseudonym: the other end as its stand-in in this agreement, with since when · count: how many hold now · exists: whether one does."""


class Title(_Model):
    """What people call it."""

    zh: Said
    en: Said


class Rows(_Model):
    """Which subjects. All that are given must hold; nothing given: all. Divisions by their 12 digits, grids by their 15."""

    counties: Annotated[tuple[Division, ...], BeforeValidator(_as_tuple)] = ()
    streets: Annotated[tuple[Division, ...], BeforeValidator(_as_tuple)] = ()
    communities: Annotated[tuple[Division, ...], BeforeValidator(_as_tuple)] = ()
    grids: Annotated[tuple[Grid, ...], BeforeValidator(_as_tuple)] = ()
    caseload: Literal["own"] | None = None
    watch_list: bool = False
    """caseload own: only subjects of which the consumer has a row; watch_list: only residents whom it registered (`civicbus watch`)."""


class Agreement(_Model):
    """An agreement as written. The text it was read from is kept with its submission; this is only a view of it."""

    agreement: Annotated[
        str, Field(pattern=f"^{ID}$", description="协议编号；主题为 share.<agreement>。 Its id; the topic is share.<agreement>.")
    ]
    title: Annotated[Title, Field(description="名称。 What people call it.")]
    provider: Annotated[
        tuple[Department, ...],
        BeforeValidator(_as_tuple),
        Field(min_length=1, description="提供方：仅共享由其提供的取值。 From whom: a value goes out only where one of them said it."),
    ]
    consumer: Annotated[Department, Field(description="使用方部门。 Who gets it.")]
    subscribers: Annotated[
        tuple[Principal, ...],
        BeforeValidator(_as_tuple),
        Field(min_length=1, description="代使用方读取的技术主体。 Technical principals that read for the consumer."),
    ]
    entity: Annotated[
        FieldName, Field(description="resident、dwelling（主数据）或其他规范实体。 resident, dwelling (master), or a canonical entity.")
    ]
    fields: Annotated[
        dict[FieldName, How],
        Field(
            min_length=1, description="允许共享的信息项及方式；未列出的不共享。 Allow-list: field and how it goes out; nothing else does."
        ),
    ]
    links: Annotated[
        dict[LinkKind, LinkHow], Field(description="允许共享的关系（仅主数据）。 Relations to others that go out (of master records).")
    ] = {}
    subject: Annotated[
        Literal["pseudonym", "own_key"],
        Field(
            description="主体标识：假名，或使用方自己的主键。 A stand-in, or the consumer's own key of its own rows (rows.caseload: own)."
        ),
    ] = "pseudonym"
    rows: Annotated[Rows, Field(description="范围内的主体。 Which subjects.")] = Rows()
    purpose: Annotated[Said, Field(description="用途。 What it is used for.")]
    basis: Annotated[Said, Field(description="使用依据。 The legal basis.")]
    scene: Annotated[Said, Field(description="使用场景。 In which business.")]
    scope: Annotated[Said, Field(description="使用范围。 Who may use it.")]
    way: Annotated[Literal["topic", "file", "table", "webhook"], Field(description="共享方式。 In which way it is handed over.")]
    until: Annotated[date, Field(description="使用时限（含当日）。 The last day on which it holds.")]
    impact_assessment: Annotated[
        str | None,
        Field(
            pattern=r"^\S.{1,79}$",
            description="个人信息保护影响评估编号；涉敏感信息时必填。 Number of the assessment, for anything sensitive.",
        ),
    ] = None
    retention_days: Annotated[int, Field(ge=1, le=3650, description="主题保留天数。 Days that the topic keeps older records.")] = 180
    on_end: Annotated[
        Literal["delete", "keep-closed"], Field(description="终止后主题删除或封存。 What becomes of the topic when it ends.")
    ] = "delete"

    @property
    def id(self) -> str:
        """Its id."""
        return self.agreement


def read(text: str, place: str) -> tuple[Agreement, Read]:
    """The agreement, and on which line each of its values stands. Raises `AgreementRefused` with all that is wrong; `place`: its file."""
    found = reading.read(text, place)
    if not isinstance(found.values, dict):
        cure = ("See schemas/agreements/ for examples.", "示例见 schemas/agreements/。")
        raise AgreementRefused([Problem(1, "", "An agreement is keys and values.", "协议须为键值。", *cure)], place)
    try:
        return Agreement.model_validate(found.values), found
    except ValidationError as error:
        raise AgreementRefused(_problems(error, found), place) from None


def _problems(error: ValidationError, found: Read) -> list[Problem]:
    """One for each place: of a field that could be said in several ways, pydantic complains once for each way."""
    by_place: dict[Path, Problem] = {}
    for each in error.errors(include_url=False, include_input=False):
        path: Path = each["loc"]
        if path[:1] in (("fields",), ("links",)) and len(path) > 2:
            path = path[:2]
        by_place.setdefault(path, Problem(found.line(path), ".".join(map(str, path)), *worded(path, each)))
    return list(by_place.values())


def json_schema() -> dict[str, Any]:
    """For editors: what an agreement may say, as JSON Schema (draft 2020-12)."""
    made = Agreement.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
