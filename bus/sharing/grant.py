"""What an agreement grants, as plain values: all that the way of an event through sharing has to know of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

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
    the key of its pseudonyms; `both_until`: up to which time (ms) of an event the stand-in of the epoch before is told beside; `watched`:
    if given, only subjects with one of these tokens, or of these subjects (hex), each with the number of its registration."""

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
    both_until: int = 0
    watched: Mapping[str, int] | None = None

    @property
    def shape(self) -> str:
        """What its events look like, in short: two grants of one shape show the same of the same record, as far as both show it."""
        said = (sorted(self.providers), sorted(self.fields.items()), sorted(self.links.items()), self.own_keys)
        return blake2b(repr(said).encode(), digest_size=6).hexdigest()


def granted(agreement: Agreement, epoch: int = 1, both_until: int = 0, watched: Mapping[str, int] | None = None) -> Grant:
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
        both_until,
        (watched or {}) if agreement.rows.watch_list else None,
    )


def _how(how: object) -> How:
    if isinstance(how, Band):
        return How("band", tuple(map(float, how.band)))
    return How("level", level=how.level) if isinstance(how, Level) else How(str(how))
