"""Second step, for dwellings: one dwelling under several names (unit number, house code, place). internal.alias → internal.dwelling

Under each alias its one owner keeps two kinds of items:

    question   alias == via: a statement that goes by this alias, its strongest, and names these weaker ones beside
    claim      alias != via: a statement that goes by the stronger alias `via` says: this alias means that subject

An alias means the subject that all claims on it agree on; where there is none, or they differ, a subject of its own. Its questions go to
that subject, and claim in its name the weaker aliases they know. Claims only lead from stronger to weaker aliases, so what they say comes
to rest, and then depends on the statements alone, not on their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bus.event import Batch, Output
from bus.resolver.routing import ID_BYTES, Routes, split
from bus.step import View

_MEANT = b"meant"  # the item that holds whom the alias meant when its questions were last sent


def question(weaker: Sequence[bytes], statement: bytes) -> bytes:
    """The value of a question: the weaker aliases the statement knows, and the statement itself."""
    return bytes((len(weaker),)) + b"".join(weaker) + statement


def asked(value: bytes) -> tuple[list[bytes], bytes]:
    """The inverse of `question`."""
    end = 1 + value[0] * ID_BYTES
    return [value[at : at + ID_BYTES] for at in range(1, end, ID_BYTES)], value[end:]


def meaning(alias: bytes, claims: Iterable[bytes]) -> bytes:
    """Whom an alias means, by the claims on it."""
    named = set(claims)
    return named.pop() if len(named) == 1 else alias


class Alias:
    """The decision of the step. `entity`: whose aliases these are."""

    def __init__(self, entity: str, routes: Routes) -> None:
        self._entity, self._routes = entity, routes

    def decide(self, batch: Batch, view: View) -> list[Output]:
        """Send statements on to the subject their alias means, and after it when it comes to mean another."""
        outputs: list[Output] = []
        for record in batch.records:
            if record.key is None:
                continue
            alias, item = split(record.key)
            if item[ID_BYTES:] == alias:
                self._question(view, alias, item, record.value, record.timestamp, outputs)
            else:
                self._claim(view, alias, item, record.value, outputs)
        return outputs

    def _question(self, view: View, alias: bytes, item: bytes, value: bytes | None, timestamp: int, outputs: list[Output]) -> None:
        statement = item[:ID_BYTES]
        before = view.get(alias, item)
        meant = view.get(alias, _MEANT) or alias
        weaker, said = asked(value) if value is not None else ([], None)
        known = asked(before[8:])[0] if before is not None else []
        outputs += [self._routes.on_alias(each, statement, alias, None, timestamp) for each in known if each not in weaker]
        if said is None:
            view.delete(alias, item)
            if before is not None:
                outputs.append(self._routes.about(self._entity, meant, statement, alias, None, timestamp))
            return
        view.put(alias, item, timestamp.to_bytes(8, "big") + (value or b""))
        self._tell(alias, meant, statement, weaker, said, timestamp, outputs)

    def _claim(self, view: View, alias: bytes, item: bytes, value: bytes | None, outputs: list[Output]) -> None:
        if value is None:
            view.delete(alias, item)
        else:
            view.put(alias, item, value)
        items = view.items(alias)
        before = items.pop(_MEANT, alias)
        now = meaning(alias, (said for key, said in items.items() if key[ID_BYTES:] != alias))
        if now == before:
            return
        view.put(alias, _MEANT, now)
        for key, said in items.items():
            if key[ID_BYTES:] == alias:
                statement, timestamp = key[:ID_BYTES], int.from_bytes(said[:8], "big")
                outputs.append(self._routes.about(self._entity, before, statement, alias, None, timestamp))
                self._tell(alias, now, statement, *asked(said[8:]), timestamp, outputs)

    def _tell(
        self, alias: bytes, meant: bytes, statement: bytes, weaker: Sequence[bytes], said: bytes, timestamp: int, outputs: list[Output]
    ) -> None:
        outputs.append(self._routes.about(self._entity, meant, statement, alias, said, timestamp))
        outputs += [self._routes.on_alias(each, statement, alias, meant, timestamp) for each in weaker]
