"""How numbers of people, phones, credit codes, areas and counts go wrong."""

from __future__ import annotations

from datetime import date

from bus.city.numbers import check_character, credit_check, is_citizen_number
from bus.city.quirks_base import Cell, Mark, Quirk, style

_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def _number(c: Cell) -> str:
    """The citizen number in the cell, or nothing: damage of numbers fits only those."""
    text = c.value.rpartition(" ")[2] if c.column.kind == "co_residents" else c.value
    return text if isinstance(text, str) and is_citizen_number(text) else ""


def _put(c: Cell, number: str) -> str:
    head = c.value.rpartition(" ")
    return f"{head[0]} {number}" if c.column.kind == "co_residents" else number


def _invalid_birth(number: str, today: str) -> bool:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return True
    return born.isoformat() > today or int(today[:4]) - born.year > 120


def _damaged(c: Cell, number: str, code: str, quirk: str, also: tuple[str, ...] = ()) -> Mark:
    return Mark(_put(c, number), code, quirk, recoverable=False, also=also)


def id_typo(c: Cell) -> Mark | None:
    """One wrong digit, or two neighbours swapped: the check character always shows it."""
    n = _number(c)
    if not n:
        return None
    at = c.rng.randrange(4, 17)
    if c.rng.random() < 0.25 and at < 16 and n[at] != n[at + 1]:
        bad, quirk = n[:at] + n[at + 1] + n[at] + n[at + 2 :], "id_transposed"
    else:
        bad, quirk = n[:at] + str((int(n[at]) + c.rng.randrange(1, 10)) % 10) + n[at + 1 :], "id_typo"
    also = ("ID_REGION_UNKNOWN",) if at < 7 else ()
    if _invalid_birth(bad, c.today):
        return _damaged(c, bad, "ID_BIRTHDATE", quirk, ("ID_CHECKSUM", *also))
    return _damaged(c, bad, "ID_CHECKSUM", quirk, also)


def id_bad_birth(c: Cell) -> Mark | None:
    n = _number(c)
    if not n:
        return None
    body = n[:10] + c.rng.choice(("0230", "1305", "0931", "0000", "0631", "0229" if int(n[6:10]) % 4 else "0432")) + n[14:17]
    right = c.rng.random() < 0.3
    last = check_character(body) if right else n[17]
    return _damaged(c, body + last, "ID_BIRTHDATE", "id_bad_birth", () if right else ("ID_CHECKSUM",))


def id_short(c: Cell) -> Mark | None:
    n = _number(c)
    if not n:
        return None
    at = c.rng.randrange(6, 17)
    return _damaged(c, n[:at] + n[at + 1 :] if c.rng.random() < 0.8 else n[:at] + n[at] + n[at:], "ID_FORMAT", "id_short")


def id_excel_text(c: Cell) -> Mark | None:
    """What a sheet showed, pasted as text."""
    n = _number(c)
    if not n or n.endswith("X"):
        return None
    return _damaged(c, f"{float(n):.{c.rng.choice((14, 14, 5))}E}".replace("E+0", "E+"), "ID_EXCEL_PRECISION_LOSS", "id_excel_text")


def id_excel_zeros(c: Cell) -> Mark | None:
    n = _number(c)
    if not n or n.endswith("X") or is_citizen_number(n[:15] + "000"):
        return None
    return _damaged(c, n[:15] + "000", "ID_EXCEL_PRECISION_LOSS", "id_excel_zeros", ("ID_CHECKSUM",))


def id_excel_number(c: Cell) -> Mark | None:
    """A number cell of a workbook: fifteen digits are left, whatever the checksum says."""
    n = _number(c)
    if not n or n.endswith("X"):
        return None
    return Mark(float(n[:15] + "000"), "ID_EXCEL_PRECISION_LOSS", "id_excel_zeros", recoverable=False, also=("ID_CHECKSUM",))


def id_masked(c: Cell) -> Mark | None:
    n = _number(c)
    if not n:
        return None
    form = c.rng.choice(
        (n[:4] + "*" * 10 + n[14:], n[:6] + "*" * 8 + n[14:], n[:3] + "*" * 11 + n[14:], n[:6] + "********" + n[14:17] + "*")
    )
    return _damaged(c, form, "MASKED_INPUT", "id_masked")


def id_fullwidth(c: Cell) -> Mark | None:
    n = _number(c)
    return Mark(_put(c, n.translate(_WIDE)), "ID_FULLWIDTH", "id_fullwidth", also=("ID_FORMAT",)) if n else None


def id_separators(c: Cell) -> Mark | None:
    """Spaces, hyphens, an apostrophe of Excel, characters that nobody sees."""
    n = _number(c)
    if not n or c.column.kind == "co_residents":
        return None
    forms = (
        f"{n} ",
        f" {n}",
        f"{n[:6]}-{n[6:14]}-{n[14:]}",
        f"{n[:6]} {n[6:14]} {n[14:]}",
        f"'{n}",
        f"\u200b{n}",
        f"{n[:6]}\u00a0{n[6:]}",
        f"\ufeff{n}",
    )
    return Mark(c.rng.choice(forms), "ID_FULLWIDTH", "id_separators", also=("ID_FORMAT",))


def id_lower_x(c: Cell) -> Mark | None:
    """A small x, a multiplication sign, a Greek or Cyrillic look-alike, an asterisk."""
    n = _number(c)
    if not n.endswith("X"):
        return None
    return Mark(_put(c, n[:17] + c.rng.choice("xxxxxx×ХхΧ*")), "ID_LOWER_X", "id_lower_x")


def phone_two(c: Cell) -> Mark | None:
    if not _mobile(c.value):
        return None
    other = f"19907{c.rng.randrange(10**6):06d}"
    return Mark(f"{c.value}{c.rng.choice('/、;，')}{other}", "PHONE_MULTI", "phone_two", [c.value, other])


def _mobile(value: object) -> bool:
    return isinstance(value, str) and len(value) == 11 and value.startswith("1990")


def phone_length(c: Cell) -> Mark | None:
    if not _mobile(c.value):
        return None
    at = c.rng.randrange(4, 10)
    wrong = c.value[:at] + c.value[at + 1 :] if c.rng.random() < 0.5 else c.value[:at] + c.value[at] + c.value[at:]
    return Mark(wrong, "PHONE_INVALID", "phone_length", recoverable=False)


def phone_masked(c: Cell) -> Mark | None:
    return Mark(c.value[:3] + "****" + c.value[7:], "MASKED_INPUT", "phone_masked", recoverable=False) if _mobile(c.value) else None


def phone_scientific(c: Cell) -> Mark | None:
    if not _mobile(c.value):
        return None
    return Mark(
        f"{float(c.value):.{c.rng.choice((2, 4))}E}",
        "ID_EXCEL_PRECISION_LOSS",
        "phone_scientific",
        recoverable=False,
        also=("PHONE_INVALID",),
    )


def phone_style(c: Cell) -> Mark | None:
    p = c.value
    if not _mobile(p):
        return None
    forms = (f"+86 {p}", f"0086{p}", f"86-{p}", f"{p[:3]} {p[3:7]} {p[7:]}", f"{p[:3]}-{p[3:7]}-{p[7:]}", p.translate(_WIDE), f"0{p}")
    return style(c.rng.choice(forms), "phone_style")


def phone_number_cell(c: Cell) -> Mark | None:
    """A phone that a workbook took for a number: nothing is lost, eleven digits fit."""
    return style(int(c.value), "phone_number_cell") if c.entry.table.layout == "workbook" and _mobile(c.value) else None


def phone_extension(c: Cell) -> Mark:
    return style(f"{c.value}{c.rng.choice(('-801', '转801', ' 转 12'))}", "phone_extension")


def uscc_typo(c: Cell) -> Mark:
    at = c.rng.randrange(9, 16)
    bad = (
        c.value[:at] + str((int(c.value[at]) + 1 + c.rng.randrange(8)) % 10) + c.value[at + 1 :]
        if c.value[at].isdigit()
        else c.value[:-1] + "0"
    )
    return Mark(bad, "USCC_CHECKSUM", "uscc_typo", recoverable=False, also=("USCC_INNER_CODE",))


def uscc_inner(c: Cell) -> Mark | None:
    """Right as a whole, but the organisation code inside is not one."""
    body = c.value[:16] + ("0" if c.value[16] != "0" else "1")
    return Mark(body + credit_check(body), "USCC_INNER_CODE", "uscc_inner", recoverable=False)


def uscc_lower(c: Cell) -> Mark | None:
    return style(c.value.lower(), "uscc_lower") if c.value != c.value.lower() else None


def uscc_scientific(c: Cell) -> Mark | None:
    if not c.value.isdigit():
        return None
    return Mark(f"{float(c.value):.5E}", "ID_EXCEL_PRECISION_LOSS", "uscc_scientific", recoverable=False, also=("USCC_CHECKSUM",))


def area_inconsistent(c: Cell) -> Mark | None:
    if float(c.value) == 0:
        return None
    return Mark(f"{float(c.value) + c.rng.choice((0.5, 1, 10)):.2f}", "AREA_INCONSISTENT", "area_inconsistent", recoverable=False)


def area_zero(c: Cell) -> Mark:
    return Mark("0", "NULL_TOKEN", "area_zero", None, False, also=("AREA_INCONSISTENT",))


def rent_open(c: Cell) -> Mark:
    return Mark(c.rng.choice(("面议", "按合同")), "NUMBER_INVALID", "number_words", recoverable=False)


def rent_words(c: Cell) -> Mark:
    return style(f"{c.value}元", "number_words")


def people_words(c: Cell) -> Mark:
    return style(f"{c.value}人", "number_words")


def hours_words(c: Cell) -> Mark:
    return style(c.rng.choice((f"{c.value}h", f"{float(c.value) * 60:.0f}分钟", f"{c.value}小时")), "number_words")


def households_words(c: Cell) -> Mark:
    return style(f"{c.value}户", "number_words")


def households_about(c: Cell) -> Mark | None:
    if int(c.value) < 20:
        return None
    return Mark(f"{int(c.value) // 10 * 10}多户", "NUMBER_INVALID", "number_about", recoverable=False)


def built_area_words(c: Cell) -> Mark:
    return style(f"{c.value}万㎡", "number_words")


def yuan_words(c: Cell) -> Mark:
    return style(f"{c.value}元", "number_words")


def age_words(c: Cell) -> Mark:
    return style(f"{c.value}岁", "number_words")


def age_conflict(c: Cell) -> Mark | None:
    if "身份证号码" in c.entry.taken:
        return None
    c.entry.taken.add("身份证号码")
    return Mark(c.value + c.rng.choice((-7, 5, 11)), "ID_DOB_CONFLICT", "age_conflict", recoverable=False)


_ID: tuple[tuple[Quirk, float], ...] = (
    (id_typo, 0.006),
    (id_bad_birth, 0.004),
    (id_short, 0.003),
    (id_excel_text, 0.006),
    (id_excel_zeros, 0.005),
    (id_masked, 0.004),
    (id_fullwidth, 0.004),
    (id_separators, 0.005),
    (id_lower_x, 0.12),
)
DAMAGE: dict[str, tuple[tuple[Quirk, float], ...]] = {
    "id": _ID,
    "ids": tuple((q, r) for q, r in _ID),
    "co_residents": tuple((q, r / 2) for q, r in _ID),
    "id_cell": ((id_excel_number, 0.012), *_ID[:3], *_ID[5:]),
    "phone": (
        (phone_two, 0.008),
        (phone_length, 0.006),
        (phone_masked, 0.004),
        (phone_scientific, 0.001),
        (phone_style, 0.018),
        (phone_number_cell, 0.02),
    ),
    "office_phone": ((phone_extension, 0.02),),
    "uscc": ((uscc_typo, 0.03), (uscc_inner, 0.04), (uscc_lower, 0.06), (uscc_scientific, 0.02)),
    "area": ((area_inconsistent, 0.005), (area_zero, 0.01)),
    "rent": ((rent_open, 0.003), (rent_words, 0.012)),
    "people": ((people_words, 0.006),),
    "hours": ((hours_words, 0.008),),
    "households": ((households_words, 0.03), (households_about, 0.012)),
    "built_area": ((built_area_words, 0.03),),
    "yuan": ((yuan_words, 0.02),),
    "age": ((age_conflict, 0.012), (age_words, 0.01)),
}
