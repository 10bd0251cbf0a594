"""A fictional city for the tests: division 3799xx, which is assigned to nobody."""

from __future__ import annotations

from bus.standards.addresses import AddressBook
from bus.standards.divisions import Divisions

_DIVISIONS = """
370000000000 东海省 province - 1990-01-01 - -
379900000000 澜州市 city 370000000000 1990-01-01 - -
379901000000 东澜区 county 379900000000 1990-01-01 - -
379901001000 云溪街道 street 379901000000 1990-01-01 - -
379901001001 望湖社区 community 379901001000 1990-01-01 - -
379901003000 柳塘街道 street 379901000000 1990-01-01 - -
379901003101 梧桐社区 community 379901003000 1990-01-01 2025-07-01 379901005001
379901003102 锦绣社区 community 379901003000 1990-01-01 2025-07-01 379901005002|379901005003
379901005000 柳塘南街道 street 379901000000 2025-07-01 - -
379901005001 梧桐社区 community 379901005000 2025-07-01 - -
379901005002 锦绣一社区 community 379901005000 2025-07-01 - -
379901005003 锦绣二社区 community 379901005000 2025-07-01 - -
379902000000 西澜区 county 379900000000 1990-01-01 - -
379902001000 东风街道 street 379902000000 1990-01-01 - -
379902001001 红旗社区 community 379902001000 1990-01-01 2026-01-01 379902001001
379902001001 云溪里社区 community 379902001000 2026-01-01 - -
379902002000 清河街道 street 379902000000 1990-01-01 - -
379902002001 长安里社区 community 379902002000 1990-01-01 - -
379902002002 长安社区 community 379902002000 1990-01-01 - -
379901001002 长安社区 community 379901001000 1990-01-01 - -
379911000000 临澜区 county 379900000000 1990-01-01 2003-06-01 379902000000
379921100201 月河二村 community 379921100000 1990-01-01 - -
379921100000 双井镇 street 379921000000 1990-01-01 - -
379921000000 青禾县 county 379900000000 1990-01-01 - -
379951000000 外市平山区 outside - 1990-01-01 - -
"""
_COMPOUNDS = """
XQ1 阳光花园 379901001001 东澜区云溪街道青年路101号阳光花园 -
XQ2 阳光花园 379902002001 西澜区清河街道文化路196号阳光花园 -
XQ3 幸福里 379901001001 东澜区云溪街道学府路173号幸福里 幸福里(一期)|幸福里二期|幸福里小区
XQ4 云溪里东方名都 379902001001 西澜区东风街道迎泽街175号云溪里东方名都 -
XQ5 月河二村 379921100201 青禾县双井镇月河二村 -
"""
_DIVISION_COLUMNS = ("code12", "name", "level", "parent", "valid_from", "valid_to", "successor")
_COMPOUND_COLUMNS = ("compound_code", "standard_name", "community_code", "address", "aliases")


def _rows(text: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    lines = [line.split(" ") for line in text.strip().splitlines()]
    return [{c: "" if v == "-" else v for c, v in zip(columns, line, strict=True)} for line in lines]


def divisions() -> Divisions:
    """The city's divisions: one street split, one community renamed, one split in two, one county abolished."""
    return Divisions(_rows(_DIVISIONS, _DIVISION_COLUMNS))


def address_book() -> AddressBook:
    """The divisions with five compounds, two of one name."""
    return AddressBook(divisions(), _rows(_COMPOUNDS, _COMPOUND_COLUMNS))
