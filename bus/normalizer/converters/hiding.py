"""How numbers and phones of persons leave: token, masked form, ciphertext; never in clear.

Token and masked form are the same in all statements, and remembered. The ciphertext is a statement's own: until it is known which one it
is for, the value waits as `Clear`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bus.keys import KeyRing
from bus.normalizer.kit import RECENT
from bus.sealing import Sealer, hidden_name, seal, side_by_side, token
from bus.standards.masking import mask_number, mask_phone
from bus.standards.names import surname_and_sex
from bus.standards.spellings import spoken

SEALED_FOR = {"resident": "canonical.resident", "organization": "canonical.organization"}
"""Entity → its topic, for those that numbers and phones are sealed for; other entities refer to the person by token."""


@dataclass(frozen=True, slots=True)
class Clear:
    """A value that is still to be sealed. No encoder takes it, and it does not show itself."""

    text: str = field(repr=False)


def number_hider(keys: KeyRing) -> Callable[[str, str], dict[str, Any]]:
    """(kind of document, normalized number) → id_type, id_token, id_masked, id_sealed (`Clear`). The kind is the token's namespace."""

    @lru_cache(maxsize=RECENT)
    def hide(kind: str, number: str) -> dict[str, Any]:
        return {
            "id_type": kind,
            "id_token": token(keys, kind, number),
            "id_masked": mask_number(number),
            "id_sealed": Clear(number),
        }

    return hide


def name_hider(keys: KeyRing) -> Callable[[dict[str, Any]], None]:
    """Takes the name, and the way to be addressed, out of the fields; what a known person's name can be held against stays."""

    def hide(out: dict[str, Any]) -> None:
        name, form = out.pop("name", None), out.pop("form_of_address", None)
        out.pop("name_note", None)
        surname, sex = surname_and_sex(form or "")
        if name or surname:
            out["name_token"] = hidden_name(keys, name) if name else hidden_name(keys, surname, sex)

    return hide


def hide_refused(keys: KeyRing, name: str | None, refused: Iterable[str]) -> list[str]:
    """How a name sounds beside those of the persons of the row who are refused (`beside_tokens`): nothing is known of them for certain,
    but the row names them."""
    return [side_by_side(keys, spoken(name), spoken(other)).hex() for other in refused] if name else []


def phones_hider(keys: KeyRing) -> Callable[[Iterable[Any]], list[dict[str, Any]]]:
    """Phones → records of token, masked form and what is to be sealed (`Clear`), each number once."""

    @lru_cache(maxsize=RECENT)
    def hide(number: str, kind: str) -> dict[str, Any]:
        return {
            "token": token(keys, "phone", number),
            "masked": mask_phone(number),
            "sealed": Clear(number),
            "kind": kind,
        }

    def hide_all(phones: Iterable[Any]) -> list[dict[str, Any]]:
        return list({p.number: hide(p.number, p.kind) for p in phones}.values())

    return hide_all


def seal_fields(sealer: Sealer, entity: str, statement: bytes, out: dict[str, Any]) -> None:
    """Seal what waits in the fields of a statement, with the key of the statement (`statement`: its statement key)."""
    number, phones = out.get("id_sealed"), out.get("phones")
    if number is None and not phones:
        return
    key, topic = sealer.key_of(statement), SEALED_FOR[entity]
    if number is not None:
        out["id_sealed"] = seal(key, topic, "id_sealed", number.text)
    if phones:
        out["phones"] = [{**phone, "sealed": seal(key, topic, "phones", phone["sealed"].text)} for phone in phones]
