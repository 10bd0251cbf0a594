"""THE EXPOSURE DIFF: what an agreement newly reveals, to whom, against what the consumer gets already. Pure.

A field is new where no agreement in force gives the same consumer that field of that provider, as fine or finer, for at least those rows.
Where all is known already but from several agreements, what is new is that it comes together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from bus.sharing.agreement import Agreement, Band, How, Level, Rows
from bus.sharing.check import is_sensitive, sensitive
from bus.sharing.items import Offer
from bus.sharing.rows import covers

Why = Literal["new", "finer", "rows"]
"""new: never had · finer: had it only in a coarser way · rows: had it only of other subjects."""
WATCHED = "watched"
_FINER = {"month": "year", "pseudonym": "count"}
_LEVELS = ("county", "street", "community")


class Reveal(NamedTuple):
    """A field (or `links.<kind>`, or `subject`) of a provider, newly seen. `had`: in which ways the consumer has it already; `elsewhere`:
    of which subjects it has it as finely (why: rows)."""

    provider: str
    field: str
    how: How | str
    why: Why
    had: Sequence[How | str]
    elsewhere: Sequence[Rows]
    sensitive: bool


class Exposure(NamedTuple):
    """What is new. `joined`: the other agreements that give what is not new, where no single one of them gives all of it."""

    reveals: Sequence[Reveal]
    joined: Sequence[str]

    @property
    def widens_sensitive(self) -> bool:
        """Whether anything sensitive is newly seen."""
        return any(each.sensitive for each in self.reveals)

    def approvals(self, share_class: str) -> int:
        """How many persons must approve: two where something sensitive is newly seen, none for what is open to all, else one."""
        if self.widens_sensitive:
            return 2
        return 0 if share_class == "unconditional" else 1


def exposure(wanted: Agreement, offer: Offer, in_force: Iterable[Agreement]) -> Exposure:
    """What `wanted` would newly reveal beside `in_force`, of which only those to the same consumer about the same entity count."""
    others = [each for each in in_force if (each.consumer, each.entity) == (wanted.consumer, wanted.entity)]
    reveals, known = [], set()
    for pair in [(provider, name) for provider in wanted.provider for name in granted(wanted)]:
        if any(_gives(each, wanted, *pair) for each in others):
            known.add(pair)
        else:
            reveals.append(_reveal(wanted, offer, *pair, others))
    given = {each.id: {pair for pair in known if _gives(each, wanted, *pair)} for each in others}
    together = any(pairs >= known for pairs in given.values())
    return Exposure(reveals, [] if together else sorted(id for id, pairs in given.items() if pairs and id != wanted.id))


def granted(agreement: Agreement) -> dict[str, How | str]:
    """All that it grants, fields and relations, in the order of the file; and that the consumer is told which of its own rows it is."""
    named: dict[str, How | str] = {} if agreement.subject == "pseudonym" else {"subject": agreement.subject}
    if agreement.rows.watch_list:
        named["subject"] = WATCHED  # whoever registers a number is told which stand-in it has
    return {**named, **agreement.fields, **{f"links.{kind}": how for kind, how in agreement.links.items()}}


def as_fine(had: How | str, wanted: How | str) -> bool:
    """Whether who has a value in the way `had` learns nothing by getting it as `wanted`."""
    if had in (wanted, "clear") or wanted == "exists":
        return True
    if isinstance(had, Band) and isinstance(wanted, Band):
        return set(wanted.band) <= set(had.band)
    if isinstance(had, Level) and isinstance(wanted, Level):
        return _LEVELS.index(wanted.level) <= _LEVELS.index(had.level)
    return isinstance(had, str) and _FINER.get(had) == wanted


def _reveal(wanted: Agreement, offer: Offer, provider: str, name: str, others: Sequence[Agreement]) -> Reveal:
    how = granted(wanted)[name]
    having = [each for each in others if provider in each.provider and name in granted(each)]
    as_good = [each for each in having if as_fine(granted(each)[name], how)]
    why: Why = "rows" if as_good else "finer" if having else "new"
    had = [granted(each)[name] for each in having]
    return Reveal(provider, name, how, why, had, [each.rows for each in as_good], _delicate(wanted, offer, name))


def _delicate(wanted: Agreement, offer: Offer, name: str) -> bool:
    if name == "subject":  # it says of whom all the rest is
        return bool(sensitive(wanted, offer))
    item = offer.items.get(name)
    return is_sensitive(item, offer) if item else "sensitive" in (offer.sensitivity, offer.links)


def _gives(has: Agreement, wanted: Agreement, provider: str, name: str) -> bool:
    """Whether by `has` alone the consumer has this field of `wanted`."""
    had = granted(has)
    return provider in has.provider and name in had and as_fine(had[name], granted(wanted)[name]) and covers(has.rows, wanted.rows)
