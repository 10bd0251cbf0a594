"""How a cell goes wrong: one function for one kind of damage, chosen by the kind of the column (`DAMAGE`).

Each takes the clean cell and says what stands there instead, with which code of quality-codes.md (none: a readable style), whether the
truth can be recovered from what is handed over, and what one must look at to see it. Rates are per cell at damage 1.
"""

from __future__ import annotations

from bisect import bisect_right
from random import Random
from typing import Any

from bus.city import names, quirks_dates, quirks_numbers
from bus.city.entry import Column, Entry
from bus.city.places import SPLIT_COUNTY
from bus.city.quirks_base import Cell, Mark, Quirk, numbered_here, style

NULLS = ("无", "不详", "/", "--", "-", "NULL", " ", "未知", "暂无", "—", "没有", "待补充")


def null_token(c: Cell) -> Mark:
    return Mark(c.rng.choice(NULLS), "NULL_TOKEN", "null_token", None, False)


def null_filler(c: Cell) -> Mark:
    return Mark(c.rng.choice(("11111111111", "00000000")), "NULL_TOKEN", "null_token", None, False)


def empty_token(c: Cell) -> Mark | None:
    """A token where the truth is that there is nothing."""
    return None if c.value else Mark(c.rng.choice(NULLS), "NULL_TOKEN", "empty_token", None, True)


# names ------------------------------------------------------------------------------------------------------------------------------


def name_spaces(c: Cell) -> Mark:
    v = c.value
    forms = (f" {v}", f"{v} ", f"{v[0]} {v[1:]}", f"{v[0]}　{v[1:]}") if len(v) == 2 else (f" {v}", f"{v} ", f"{v}　")
    return Mark(c.rng.choice(forms), "NAME_SPACES", "name_spaces")


def name_dot(c: Cell) -> Mark | None:
    if "·" not in c.value:
        return None
    return Mark(c.value.replace("·", c.rng.choice("•‧・．⋅･.")), "NAME_DOT_VARIANT", "name_dot")


def name_masked(c: Cell) -> Mark:
    return Mark(c.value[0] + "*" * (len(c.value) - 1), "MASKED_INPUT", "name_masked", recoverable=False)


def _rare(c: Cell) -> str:
    return next((x for x in c.value if x in names.RARE), "")


def name_question(c: Cell) -> Mark | None:
    rare = _rare(c)
    if not rare:
        return None
    return Mark(c.value.replace(rare, c.rng.choice("?□")), "MOJIBAKE", "name_question", recoverable=False, also=("NAME_RARE_CHAR",))


def name_pinyin(c: Cell) -> Mark | None:
    rare = _rare(c)
    if not rare:
        return None
    return Mark(c.value.replace(rare, names.PINYIN[rare]), "NAME_RARE_CHAR", "name_pinyin", recoverable=False)


def name_parts(c: Cell) -> Mark | None:
    rare = _rare(c)
    if rare not in names.PARTS or not rare:
        return None
    return Mark(
        c.value.replace(rare, names.PARTS[rare]),
        "NAME_RARE_CHAR",
        "name_parts",
        recoverable=False,
        needs="departments",
        also=("AUTHORITY_CONFLICT",),
    )


def name_private(c: Cell) -> Mark | None:
    rare = _rare(c)
    if not rare:
        return None
    return Mark(c.value.replace(rare, chr(0xE000 + c.rng.randrange(16, 90))), "PUA_CHAR", "name_private_character", recoverable=False)


def name_garbled(c: Cell) -> Mark:
    return Mark("锟斤拷" * c.rng.choice((1, 2)), "MOJIBAKE", "name_garbled", recoverable=False)


def name_differs(c: Cell) -> Mark | None:
    char = next((x for x in c.value if x in names.LOOK_ALIKE), "")
    if not char:
        return None
    return Mark(c.value.replace(char, names.LOOK_ALIKE[char], 1), "AUTHORITY_CONFLICT", "name_differs", needs="departments")


def name_deceased(c: Cell) -> Mark:
    return style(f"{c.value}(身故)", "name_note_deceased")


# codes ------------------------------------------------------------------------------------------------------------------------------


def code_other_list(c: Cell) -> Mark | None:
    words = c.column.options[0].get(c.value)
    return Mark(c.rng.choice(words), "CODE_MAPPED", "code_other_list") if words else None


def code_unknown(c: Cell) -> Mark:
    chinese = any(x >= "一" for x in c.value)
    return Mark(
        c.rng.choice(("待核", "不明类", "见备注") if chinese else ("7Z", "X", "8Z")), "CODE_UNKNOWN", "code_unknown", recoverable=False
    )


def sex_other_list(c: Cell) -> Mark | None:
    words = c.column.options[0].get(c.value)
    return Mark(c.rng.choice(words), "CODE_MAPPED", "sex_other_list") if words else None


def sex_conflict(c: Cell) -> Mark | None:
    number = c.column.options[1]
    if number in c.entry.taken or not numbered_here(c.entry.get(number)):
        return None
    c.entry.taken.add(number)
    wrong = {"1": "2", "2": "1", "男": "女", "女": "男"}[c.value]
    return Mark(wrong, "ID_SEX_CONFLICT", "sex_conflict", recoverable=False)


def marital_differs(c: Cell) -> Mark | None:
    if c.value not in ("20", "40"):
        return None
    return Mark("10" if c.value == "20" else "20", "AUTHORITY_CONFLICT", "marital_differs", needs="departments")


def tenure_differs(c: Cell) -> Mark | None:
    return Mark("自有", "AUTHORITY_CONFLICT", "tenure_differs", needs="departments") if c.value == "租住" else None


# places -----------------------------------------------------------------------------------------------------------------------------


def address_partial(c: Cell) -> Mark | None:
    """Cut behind the building, or behind the compound."""
    at = c.value.find("号楼")
    if at < 0:
        return None
    cut = c.value[: at + 2] if c.rng.random() < 0.6 else c.value[:at].rstrip("0123456789")
    return Mark(cut, "ADDR_PARTIAL", "address_partial", recoverable=False)


def address_garbled(c: Cell) -> Mark:
    broken = c.value.encode().decode("gb18030", "replace")
    return Mark(broken, "MOJIBAKE", "address_garbled", recoverable=False)


def text_null(c: Cell) -> Mark:
    return Mark(c.rng.choice(("无", "不详")), "NULL_TOKEN", "null_token", None, False)


def home_differs(c: Cell) -> Mark | None:
    at = c.value.find("号楼")
    if at < 0:
        return None
    digits = len(c.value[:at]) - len(c.value[:at].rstrip("0123456789"))
    other = str(int(c.value[at - digits : at]) % 2 + 1)
    if other == c.value[at - digits : at]:
        return None
    return Mark(c.value[: at - digits] + other + c.value[at:], "AUTHORITY_CONFLICT", "home_differs", needs="departments")


def division_unknown(c: Cell) -> Mark:
    v = c.value
    return Mark(v[:6] + c.rng.choice(("077", "088")) + v[9:], "DIV_UNKNOWN", "division_unknown", recoverable=False, needs="reference")


def division_split(c: Cell) -> Mark:
    """The code of a county that was divided: two successors, none of them certain."""
    return Mark(SPLIT_COUNTY + "000000", "DIV_UNKNOWN", "county_divided", recoverable=False, needs="reference")


DAMAGE: dict[str, tuple[tuple[Quirk, float], ...]] = {
    "name": (
        (name_spaces, 0.014),
        (name_dot, 0.3),
        (name_masked, 0.004),
        (name_question, 0.12),
        (name_pinyin, 0.1),
        (name_parts, 0.06),
        (name_private, 0.1),
        (name_garbled, 0.0012),
        (name_differs, 0.015),
    ),
    "names": (
        (name_spaces, 0.012),
        (name_dot, 0.3),
        (name_masked, 0.002),
        (name_differs, 0.01),
        (name_deceased, 0.008),
        (name_garbled, 0.0012),
    ),
    "code": ((code_other_list, 0.016), (code_unknown, 0.006)),
    "marital": ((code_other_list, 0.016), (code_unknown, 0.006), (marital_differs, 0.01)),
    "tenure": ((code_other_list, 0.008), (code_unknown, 0.004), (tenure_differs, 0.02)),
    "sex": ((sex_other_list, 0.02), (sex_conflict, 0.012)),
    "sex_word": ((sex_other_list, 0.02), (sex_conflict, 0.012)),
    "address": ((address_partial, 0.015), (address_garbled, 0.0015)),
    "full_address": ((address_garbled, 0.0012),),
    "home": ((home_differs, 0.05),),
    "text": ((text_null, 0.007),),
    "empty": ((empty_token, 0.02),),
    "division": ((division_unknown, 0.012), (division_split, 0.004)),
    **quirks_numbers.DAMAGE,
    **quirks_dates.DAMAGE,
}
DAMAGE["phone"] = (*DAMAGE["phone"], (null_token, 0.006), (null_filler, 0.002), (empty_token, 0.05))
DAMAGE["id"] = (*DAMAGE["id"], (null_token, 0.006))
DAMAGE["date"] = (*DAMAGE["date"], (text_null, 0.004))


class Damager:
    """Damages entries of one table; all chance from the given stream. Rates are multiplied by `factor`."""

    def __init__(self, columns: tuple[Column, ...], factor: float) -> None:
        self.choices: list[tuple[Column, Quirk]] = []
        self.cumulative: list[float] = []
        total = 0.0
        for column in columns:
            for quirk, rate in DAMAGE.get(column.kind, ()):
                total += rate * factor
                self.choices.append((column, quirk))
                self.cumulative.append(total)
        self.total = total

    def apply(self, entry: Entry, rng: Random, today: str) -> None:
        """Perhaps damage some cells: about `total` trials a row, many of which do not fit what stands there."""
        expected = self.total
        while expected > 0 and rng.random() < expected:
            expected -= 1
            column, quirk = self.choices[_bisect(self.cumulative, rng.random() * self.total)]
            if column.name in entry.taken:
                continue
            self._one(entry, column, quirk, rng, today)

    def _one(self, entry: Entry, column: Column, quirk: Quirk, rng: Random, today: str) -> None:
        clean = entry.get(column.name)
        if clean in (None, "") and quirk is not empty_token:
            return
        parts, join, which = _parts(clean, column.kind, rng)
        mark = quirk(Cell(parts[which], rng, entry, column, today))
        if mark is None:
            return
        true = truth_of(clean, column) if mark.true is ... else mark.true
        shown: Any = mark.value
        if join:
            parts[which] = mark.value
            shown = join.join(parts)
        entry.put(column.name, shown)
        if mark.code:
            stands = clean if clean is not None else ""
            entry.label(column.name, mark.code, mark.quirk, true, stands, recoverable=mark.recoverable, needs=mark.needs, also=mark.also)
        else:
            entry.styled(column.name, mark.quirk, true, clean)


def _bisect(cumulative: list[float], x: float) -> int:
    return min(bisect_right(cumulative, x), len(cumulative) - 1)


def _parts(clean: Any, kind: str, rng: Random) -> tuple[list[Any], str, int]:
    """A cell that names several people is damaged in one of them."""
    join = {"names": "、", "ids": ";", "co_residents": ";"}.get(kind, "")
    if not join or not isinstance(clean, str):
        return [clean], "", 0
    parts: list[Any] = clean.split(join)
    return parts, join, rng.randrange(len(parts))


def truth_of(clean: Any, column: Column) -> Any:
    """The true value in national codes and ISO dates."""
    if column.kind in ("date", "birth") and isinstance(clean, str) and column.options[0] == "%Y%m%d":
        return f"{clean[:4]}-{clean[4:6]}-{clean[6:]}"
    if column.kind == "sex_word":
        return {"男": "1", "女": "2"}[clean]
    return f"{clean}:00" if column.kind == "minute" else clean
