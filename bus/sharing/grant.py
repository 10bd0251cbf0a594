"""What an agreement grants, as plain values: all that the way of an event through sharing has to know of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bus.sharing.agreement import Agreement, Band, Level, Rows


@dataclass(frozen=True, slots=True)
class How:
    """How one field goes out. `bounds`: of a band, in rising order; `level`: of a division or address."""

    kind: str
    bounds: tuple[float, ...] = ()
    level: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """One agreement. `providers`: the departments whose word may go out; `fields`: field → how, and no other field ever; `links`: kind of
    link → pseudonym, count or exists; `rows`: which subjects; `own_keys`: the consumer's own keys of its own rows go along; `epoch`: of
    the key of its pseudonyms; `watched`: if given, only these pseudonyms of subjects."""

    agreement: str
    providers: frozenset[str]
    consumer: str
    entity: str
    fields: Mapping[str, How]
    links: Mapping[str, str] = field(default_factory=dict)
    rows: Rows = field(default_factory=Rows)
    own_keys: bool = False
    epoch: int = 1
    purpose: str = ""
    basis: str = ""
    watched: frozenset[str] | None = None


def granted(agreement: Agreement, epoch: int = 1, watched: frozenset[str] | None = None) -> Grant:
    """What an agreement grants."""
    return Grant(
        agreement.id,
        frozenset(agreement.provider),
        agreement.consumer,
        agreement.entity,
        {name: _how(how) for name, how in agreement.fields.items()},
        {str(kind): str(how) for kind, how in agreement.links.items()},
        agreement.rows,
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
