"""Addresses as people write them, read against the city's own divisions and compounds: a whole-country library knows neither streets nor
communities, and guesses (domain facts §2.6, §3). Parts by GB/T 23705; `entrance` is 单元.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bus.errors import ConfigRefused
from bus.standards.chinese_numbers import plain_text, to_digits
from bus.standards.divisions import Divisions
from bus.standards.dwellings import STEMS, compound_name, stem, unzero
from bus.standards.nulls import BLANK
from bus.standards.reading import Reading


class Address(NamedTuple):
    """The parts that were read; None where a part is not known. division_code: 12 digits, the smallest division that is certain. fits: the
    codes of the compounds, where the address fits several."""

    division_code: str | None = None
    county: str | None = None
    town: str | None = None
    community: str | None = None
    road: str | None = None
    road_no: str | None = None
    compound: str | None = None
    compound_code: str | None = None
    building: str | None = None
    entrance: str | None = None
    floor: str | None = None
    room: str | None = None
    rest: str | None = None
    fits: tuple[str, ...] = ()


class Compound(NamedTuple):
    """A compound of the city. village: houses of a village, numbered without entrances and rooms."""

    code: str
    name: str
    community: str
    road: str | None
    road_no: str | None
    village: bool


class Tail(NamedTuple):
    """What follows the compound."""

    building: str | None = None
    entrance: str | None = None
    floor: str | None = None
    room: str | None = None
    rest: str = ""


_ROAD = re.compile(r"([^\d,，()]{1,10}?(?:大街|大道|路|街|巷|胡同|弄|道))(\d+(?:-\d+)?)号(?!楼)(?:院)?")
_PHASE = re.compile(r"\(?第?[一二三四五六七八九十\d]{1,2}期\)?")
_LEVELS = ("county", "street", "community")
_DASHES = str.maketrans("－—–―‐‑−~", "--------")
_NUMBER = rf"[A-Z]?\d+[A-Z]?|[A-Z](?![A-Z])|[{STEMS}]"
_ROOM_NUMBER = r"[A-Z]?-?\d+[A-Z]?"
_BUILDING = re.compile(rf"第?({_NUMBER})(?:号楼|#楼|#|号?[栋幢座]|楼(?!层)|号(?=(?:{_NUMBER})单元))-?")
_DASHED = re.compile(rf"({_NUMBER})-(?:({_NUMBER})(?:单元)?-)?({_ROOM_NUMBER})(?:室|号|户|房)?(?![\d-])")
_WITH_FLOOR = re.compile(rf"({_NUMBER})-({_NUMBER})-(\d{{1,2}})-(\d{{3,4}})(?:室|号|户|房)?(?![\d-])")
_SLASH = re.compile(r"(?<=\d)/(?=\d)")
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰", "一二三四五六七八九十百")
_ENTRANCE = re.compile(rf"第?({_NUMBER})(?:号?单元|门)-?|({_NUMBER})-(?={_ROOM_NUMBER})")
_FLOOR = re.compile(r"第?(-?\d+)(?:层|楼)-?")
_ROOM = re.compile(rf"({_ROOM_NUMBER})(?:室|号|户|房)?(?!\d)")
_PACKED = re.compile(r"(\d\d)(\d\d)(\d\d)")
_HOUSE = re.compile(r"(\d+)号?(?:院|户|宅)?")
_UNLISTED = re.compile(rf"([^\d#()]{{2,20}}?(?:\(?第?\d{{1,2}}期\)?)?)(?=(?:{_NUMBER})(?:号楼|#|号?[栋幢座]|-\d))")
_JOINTS = " ,，、-.。"


class AddressBook:
    """Divisions and compounds of one city. Immutable once made; `read` is pure, so it may be memoized by its caller."""

    def __init__(self, divisions: Divisions, compounds: Iterable[Mapping[str, str | None]] = ()) -> None:
        """compounds: compound_code, standard_name, community_code, address, aliases (joined by `|`). Raises `ConfigRefused`."""
        self._divisions = divisions
        self._by_name: dict[str, list[Compound]] = defaultdict(list)
        self._by_key: dict[str, list[Compound]] = defaultdict(list)
        for number, row in enumerate(compounds, 2):
            self._add(number, row)
        self._longest = max(map(len, self._by_name), default=0)

    def _add(self, number: int, row: Mapping[str, str | None]) -> None:
        code, name = (row.get("compound_code") or "").strip(), _plain(row.get("standard_name") or "")
        if not code or not name:
            raise ConfigRefused(
                f"compounds, row {number}: a code and a name are needed",
                f"小区表第 {number} 行：应有编号和名称",
                place=f"compounds row {number}",
            )
        community = (row.get("community_code") or "").strip()
        road = _ROAD.search(self._divisions.along(_plain(row.get("address") or ""))[1])
        village = any(d.name == name for d in self._divisions.path(community)) or (road is None and name.endswith("村"))
        compound = Compound(code, name, community, road[1] if road else None, road[2] if road else None, village)
        aliases = {_plain(a) for a in (row.get("aliases") or "").split("|")} - {""}
        for form in {name, *aliases}:
            self._by_name[form].append(compound)
        for key in {compound_name(form) for form in (name, *aliases)}:
            self._by_key[key].append(compound)

    def read(self, text: str, within: str | None = None) -> Reading[Address]:
        """The parts of an address. within: a 12-digit division code known from elsewhere in the row, to tell compounds of one name apart.

        ADDR_PARTIAL: building, entrance or room is missing, or there are only divisions. ADDR_AMBIGUOUS: several compounds fit; only
        what follows the compound is read.
        """
        codes, rest = self._divisions.along(_plain(text), within)
        rest = rest.strip(_JOINTS)
        road, road_no, rest = _road(rest)
        found, name, rest = self._compound(rest, codes, within, road, road_no)
        if len(found) > 1:
            tail = _house(rest) if all(each.village for each in found) else _tail(rest)
            fits = tuple(sorted(each.code for each in found))
            return Reading(Address(**tail._asdict() | {"rest": None, "fits": fits}), ("ADDR_AMBIGUOUS",))
        compound = found[0] if found else None
        if compound is None and not name:
            compound = self._village(codes)
        tail = _house(rest) if compound is not None and compound.village else _tail(rest)
        if compound is None and not name and tail.building is None:
            name, rest = _unlisted(rest)
            tail = _tail(rest) if name else tail
        address = self._whole(codes, within, compound, name, road, road_no, tail)
        return Reading(address, () if _is_whole(address, compound) else ("ADDR_PARTIAL",))

    def _compound(
        self, text: str, codes: list[str], within: str | None, road: str | None, road_no: str | None
    ) -> tuple[list[Compound], str | None, str]:
        """The compounds that the text's beginning (else any part of it) names, narrowed by all that is known; its name; the rest."""
        for start in range(len(text)) if len(text) > 1 else ():
            for length in range(min(self._longest, len(text) - start), 1, -1):
                form = text[start : start + length]
                listed = self._by_name.get(form) or (self._by_key.get(form) if start == 0 else None)
                if listed:
                    found = self._narrowed(listed, codes, within, road, road_no)
                    rest = _after_name(text[start + length :])
                    return found, form, rest
        return [], None, text

    def _narrowed(
        self, listed: list[Compound], codes: list[str], within: str | None, road: str | None, road_no: str | None
    ) -> list[Compound]:
        found = list(dict.fromkeys(listed))
        if len(found) > 1 and codes:
            found = [c for c in found if any(self._divisions.is_within(c.community, code) for code in codes)] or found
        if len(found) > 1 and road:
            found = [c for c in found if c.road == road and c.road_no == road_no] or found
        if len(found) > 1 and within:
            found = [c for c in found if self._divisions.is_within(c.community, within)] or found
        return found

    def _village(self, codes: list[str]) -> Compound | None:
        """The village that the text's last division is: `月河二村21号` names it only once."""
        if len(codes) != 1:
            return None
        names = {d.name for d in self._divisions.path(codes[0])[-1:]}
        villages = [c for name in names for c in self._by_name.get(name, []) if c.village and c.community == codes[0]]
        return villages[0] if len(villages) == 1 else None

    def _whole(
        self,
        codes: list[str],
        within: str | None,
        compound: Compound | None,
        name: str | None,
        road: str | None,
        road_no: str | None,
        tail: Tail,
    ) -> Address:
        """One address of everything; where the text does not say, the compound's own division and road."""
        code = compound.community if compound else (codes[0] if len(codes) == 1 else None)
        if compound is None and within and (code is None or self._divisions.is_within(within, code)):
            code = within
        levels = {d.level: d.name for d in self._divisions.path(code)} if code else {}
        county, town, community = (levels.get(level) for level in _LEVELS)
        return Address(
            code or None, county or levels.get("outside"), town, community,
            road or (compound.road if compound else None), road_no or (compound.road_no if compound else None),
            compound.name if compound else name, compound.code if compound else None,
            tail.building, tail.entrance, tail.floor, tail.room, tail.rest or None,
        )  # fmt: skip


def _plain(text: str) -> str:
    return BLANK.sub("", plain_text(text)).translate(_DASHES)


def _road(text: str) -> tuple[str | None, str | None, str]:
    match = _ROAD.match(text)
    return (match[1], match[2], text[match.end() :].lstrip(_JOINTS)) if match else (None, None, text)


def _after_name(rest: str) -> str:
    """What follows a compound's name, without its phase and a trailing 小区 or 院."""
    phase = _PHASE.match(rest)
    if phase:
        rest = rest[phase.end() :]
    for word in ("小区院", "小区", "院"):
        rest = rest.removeprefix(word)
    phase = _PHASE.match(rest)
    return (rest[phase.end() :] if phase else rest).lstrip(_JOINTS)


def _unlisted(text: str) -> tuple[str | None, str]:
    """The name of a compound that no table knows, by what follows it."""
    match = _UNLISTED.match(to_digits(text).upper())
    return (match[1], _after_name(to_digits(text).upper()[match.end() :])) if match else (None, text)


def _house(text: str) -> Tail:
    """The house of a village: `21号`."""
    plain = to_digits(text).upper()
    match = _HOUSE.match(plain)
    return Tail(building=unzero(match[1]), rest=plain[match.end() :]) if match else Tail(rest=plain)


def _tail(text: str) -> Tail:
    """Building, entrance, floor, room: `3号楼2单元401室`, `3#楼2-401`, `三栋二单元401`, `3-2-401`, `3幢乙单元0401`."""
    rest = _SLASH.sub("-", to_digits(text.translate(_FORMAL))).upper()
    four = _WITH_FLOOR.match(rest)
    if four:
        return _unpacked(Tail(unzero(four[1]), stem(unzero(four[2])), unzero(four[3]), four[4], rest[four.end() :].strip(_JOINTS)))
    dashed = _DASHED.match(rest)
    if dashed:
        entrance = stem(unzero(dashed[2])) if dashed[2] else None
        return _unpacked(Tail(unzero(dashed[1]), entrance, None, dashed[3], rest[dashed.end() :].strip(_JOINTS)))
    building, rest = _take(_BUILDING, rest)
    entrance, rest = _take(_ENTRANCE, rest)
    floor, rest = _take(_FLOOR, rest)
    room, rest = _take(_ROOM, rest) if building or entrance or floor else (None, rest)
    return _unpacked(
        Tail(unzero(building) if building else None, stem(unzero(entrance)) if entrance else None, floor, room, rest.strip(_JOINTS))
    )


def _take(pattern: re.Pattern[str], text: str) -> tuple[str | None, str]:
    match = pattern.match(text)
    return (next(g for g in match.groups() if g), text[match.end() :]) if match else (None, text)


def _unpacked(tail: Tail) -> Tail:
    """A room without leading zeros; `010401` holds entrance, floor and room."""
    if tail.room is None:
        return tail
    packed = _PACKED.fullmatch(tail.room)
    if packed and tail.entrance in (None, unzero(packed[1])):
        return tail._replace(entrance=unzero(packed[1]), room=unzero(packed[2] + packed[3]))
    return tail._replace(room=unzero(tail.room))


def _is_whole(address: Address, compound: Compound | None) -> bool:
    if address.building is None:
        return bool(address.road_no) and address.compound is None and not address.rest
    if compound is not None and compound.village:
        return True
    return address.entrance is not None and address.room is not None
