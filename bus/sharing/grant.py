"""What an agreement grants, as plain values: all that the way of an event through sharing has to know of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bus.sharing.agreement import Agreement, Band, Level

CLEAR, EXISTS = "clear", "exists"
KINDS = (CLEAR, "masked", "year", "month", "band", "level", "pseudonym", EXISTS)
"""How a field may go out."""
LEVELS: Mapping[str, int] = {"county": 6, "street": 9, "community": 12}
"""Level of a division → how many digits of its code tell it (GB/T 2260, GB/T 10114)."""


@dataclass(frozen=True, slots=True)
class How:
    """How one field goes out. `bounds`: of a band, in rising order; `level`: of a division or address."""

    kind: str
    bounds: tuple[float, ...] = ()
    level: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows. Every kind that names something must hold. `counties` of 6 digits, `streets` of 9, `communities` of 12; `own`: only
    subjects of whom the consumer itself has a row."""

    counties: frozenset[str] = frozenset()
    streets: frozenset[str] = frozenset()
    communities: frozenset[str] = frozenset()
    grids: frozenset[str] = frozenset()
    own: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """One agreement. `providers`: the departments whose word may go out; `fields`: field → how, and no other field ever; `links`: kind of
    link → pseudonym, count or exists; `own_keys`: the consumer's own keys of its own rows go along; `epoch`: of the key of its pseudonyms;
    `watched`: if given, only these pseudonyms of subjects."""

    agreement: str
    providers: frozenset[str]
    consumer: str
    entity: str
    fields: Mapping[str, How]
    links: Mapping[str, str] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)
    own_keys: bool = False
    epoch: int = 1
    purpose: str = ""
    basis: str = ""
    watched: frozenset[str] | None = None


def granted(agreement: Agreement, epoch: int = 1, watched: frozenset[str] | None = None) -> Grant:
    """What an agreement grants."""
    rows = agreement.rows
    scope = Scope(
        frozenset(code[:6] for code in rows.counties),
        frozenset(code[:9] for code in rows.streets),
        frozenset(rows.communities),
        frozenset(rows.grids),
        rows.caseload == "own",
    )
    return Grant(
        agreement.id,
        frozenset(agreement.provider),
        agreement.consumer,
        agreement.entity,
        {name: _how(how) for name, how in agreement.fields.items()},
        {str(kind): str(how) for kind, how in agreement.links.items()},
        scope,
        agreement.subject == "own_key",
        epoch,
        agreement.purpose,
        agreement.basis,
        watched,
    )


def _how(how: object) -> How:
    if isinstance(how, Band):
        return How("band", tuple(map(float, how.band)))
    return How("level", level=how.level) if isinstance(how, Level) else How(str(how))
