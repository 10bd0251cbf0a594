"""ALL NUMBERS OF ONE PERSON. A file shows one (`id_token`). Where a person ruled that several are one person's, the file names all of them
besides, by token: so who registered any of them (a watch list) finds the person still. Pure."""

from __future__ import annotations

from bus.resolver.survivorship import Master

ALL_NUMBERS = "id_tokens"
"""The field of a master record; only where there are several."""


def with_all_numbers(master: Master) -> Master:
    """The master with this field, said by whoever says the number that it shows. What is annulled, or said in confidence, names none."""
    shown = master.fields.get("id_token")
    if shown is None or len(master.statements) < 2:  # a dwelling, nobody with a number, one row
        return master
    said = (each.said for each in master.statements if each.said["operation"] != "annulled" and not each.said.get("name_token"))
    tokens = sorted({token for each in said if (token := each.get("id_token"))})
    if len(tokens) < 2:
        return master
    fields = {**master.fields, ALL_NUMBERS: shown._replace(field=ALL_NUMBERS, value=tokens, differing=())}
    return master._replace(fields=dict(sorted(fields.items())))
