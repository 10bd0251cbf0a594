"""How numbers and phones of persons leave: token, masked form, ciphertext; never in clear."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from bus.keys import KeyRing
from bus.normalizer.kit import RECENT
from bus.sealing import hidden_name, seal, token
from bus.standards.masking import mask_number, mask_phone
from bus.standards.names import surname_and_sex

RESIDENT, ORGANIZATION = "canonical.resident", "canonical.organization"
"""The topics that numbers and phones are sealed for; other entities refer to the person by token."""


def number_hider(keys: KeyRing) -> Callable[[str, str], dict[str, Any]]:
    """(kind of document, normalized number) → id_type, id_token, id_masked, id_sealed. The kind is the token's namespace."""

    @lru_cache(maxsize=RECENT)
    def hide(kind: str, number: str) -> dict[str, Any]:
        return {
            "id_type": kind,
            "id_token": token(keys, kind, number),
            "id_masked": mask_number(number),
            "id_sealed": seal(keys, RESIDENT, "id_sealed", number),
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


def phones_hider(keys: KeyRing, topic: str) -> Callable[[Iterable[Any]], list[dict[str, Any]]]:
    """Phones → records of token, masked form and ciphertext, each number once."""

    @lru_cache(maxsize=RECENT)
    def hide(number: str, kind: str) -> dict[str, Any]:
        return {
            "token": token(keys, "phone", number),
            "masked": mask_phone(number),
            "sealed": seal(keys, topic, "phones", number),
            "kind": kind,
        }

    def hide_all(phones: Iterable[Any]) -> list[dict[str, Any]]:
        return list({p.number: hide(p.number, p.kind) for p in phones}.values())

    return hide_all
