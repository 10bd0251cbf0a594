"""The table of converters: the names that a mapping's `read:` may use. Adding one is adding a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from bus.normalizer.cells import Columns
from bus.normalizer.converters import organization, phones, places, quantities, texts
from bus.normalizer.kit import Convert, Kit
from bus.normalizer.mapping_file import FieldRule


class Converter(NamedTuple):
    """How a converter is built, and which fields it fills: the target with each of the suffixes."""

    build: Callable[[FieldRule, Kit, Columns], Convert]
    suffixes: tuple[str, ...] = ("",)


_WITH_PRECISION = ("", "_precision")

CONVERTERS: Mapping[str, Converter] = {
    "text": Converter(texts.text),
    "free_text": Converter(texts.text),
    "identifier": Converter(texts.identifier),
    "certificate": Converter(texts.certificate),
    "name": Converter(texts.name),
    "words": Converter(texts.words),
    "code": Converter(texts.code),
    "ending": Converter(texts.ending),
    "date": Converter(quantities.date, _WITH_PRECISION),
    "day": Converter(quantities.day),
    "year": Converter(quantities.year, _WITH_PRECISION),
    "month": Converter(quantities.month, _WITH_PRECISION),
    "datetime": Converter(quantities.datetime, _WITH_PRECISION),
    "count": Converter(quantities.count),
    "decimal": Converter(quantities.decimal),
    "money": Converter(quantities.money),
    "area": Converter(quantities.area),
    "hours": Converter(quantities.hours),
    "coordinate": Converter(quantities.coordinate),
    "deadline": Converter(quantities.deadline, ("_on", "_on_precision", "_working_days")),
    "share": Converter(quantities.share, ("_numerator", "_denominator")),
    "public_phones": Converter(phones.public_phones),
    "uscc": Converter(organization.uscc),
    "org_code": Converter(organization.org_code),
    "division": Converter(places.division),
    "grid": Converter(places.grid),
    "division_name": Converter(places.division_name),
    "address": Converter(places.address),
    "compounds": Converter(places.compounds),
    "place": Converter(places.place),
    "building": Converter(places.building),
    "entrance": Converter(places.entrance),
    "floor": Converter(places.floor),
    "room": Converter(places.room),
    "real_estate_unit_no": Converter(places.real_estate_unit_no),
}
