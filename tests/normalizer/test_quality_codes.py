"""Every quality code that a row can have, on a row as a department would send it: what is flagged, and what goes out instead."""

import pytest
from normalizer_kit import codes, said

from bus.quality import CODES

MEMBER, SURVEY, LEASE, HOUSE = "civil.assistance_member", "social.resident_survey", "housing.lease", "housing.dwelling"
GOOD = "379901198001010010"
NO_VALUE: dict[str, object] = {}

# (code, dataset, column, the cells beside a good row, number cells, what the first statement holds; None: it is refused)
ROWS = [
    ("ID_FORMAT", MEMBER, "ID_CARD", {"ID_CARD": "37990119800101001"}, (), None),
    ("ID_CHECKSUM", MEMBER, "ID_CARD", {"ID_CARD": "379901198001010011"}, (), None),
    ("ID_BIRTHDATE", MEMBER, "ID_CARD", {"ID_CARD": "379901198213050022"}, (), None),
    ("ID_EXCEL_PRECISION_LOSS", MEMBER, "ID_CARD", {"ID_CARD": "3.79901E+17"}, (), None),
    ("ID_EXCEL_PRECISION_LOSS", MEMBER, "ID_CARD", {"ID_CARD": "379901198001010000"}, (), None),
    ("ID_EXCEL_PRECISION_LOSS", MEMBER, "ID_CARD", {"ID_CARD": GOOD}, ("ID_CARD",), None),
    ("MASKED_INPUT", MEMBER, "ID_CARD", {"ID_CARD": "3799**********0010"}, (), None),
    ("ID_15_UPGRADED", MEMBER, "ID_CARD", {"ID_CARD": "379901800101001"}, (), {"birth_date": "1980-01-01", "sex": "1"}),
    ("ID_LOWER_X", MEMBER, "ID_CARD", {"ID_CARD": "37990119800309000x"}, (), {"id_masked": "3799**********000X"}),
    ("ID_FULLWIDTH", MEMBER, "ID_CARD", {"ID_CARD": "３７９９０１１９８００１０１００１０"}, (), {"birth_date": "1980-01-01"}),
    ("ID_FULLWIDTH", MEMBER, "ID_CARD", {"ID_CARD": "379901-19800101-0010"}, (), {"birth_date": "1980-01-01"}),
    ("ID_REGION_UNKNOWN", MEMBER, "ID_CARD", {"ID_CARD": "599901198001010011"}, (), {"birth_date": "1980-01-01"}),
    ("ID_SEX_CONFLICT", MEMBER, "SEX", {"ID_CARD": GOOD, "SEX": "2"}, (), {"sex": "1"}),
    ("ID_DOB_CONFLICT", MEMBER, "BIRTHDAY", {"ID_CARD": GOOD, "BIRTHDAY": "1981-01-01"}, (), {"birth_date": "1980-01-01"}),
    ("MASKED_INPUT", SURVEY, "LXDH", {"LXDH": "199****0001"}, (), {"phones": []}),
    ("MASKED_INPUT", SURVEY, "XM", {"XM": "张*"}, (), {"name": None}),
    ("NAME_SPACES", SURVEY, "XM", {"XM": "张 三"}, (), {"name": "张三"}),
    ("NAME_DOT_VARIANT", SURVEY, "XM", {"XM": "买合木提•热合曼"}, (), {"name": "买合木提·热合曼"}),
    ("NAME_RARE_CHAR", SURVEY, "XM", {"XM": "王YAN"}, (), {"name": "王YAN"}),
    ("PUA_CHAR", SURVEY, "XM", {"XM": "王\ue123"}, (), {"name": "王\ue123"}),
    ("MOJIBAKE", SURVEY, "XM", {"XM": "锟斤拷", "SFZH": GOOD}, (), {"name": None, "birth_date": "1980-01-01"}),
    ("MOJIBAKE", SURVEY, "XM", {"XM": "锟斤拷"}, (), None),
    ("PHONE_INVALID", SURVEY, "LXDH", {"LXDH": "1990000000"}, (), {"phones": []}),
    ("PHONE_MULTI", SURVEY, "LXDH", {"LXDH": "19900000001/19900000002"}, (), NO_VALUE),
    ("ID_EXCEL_PRECISION_LOSS", SURVEY, "LXDH", {"LXDH": "1.99E+10"}, (), {"phones": []}),
    ("DATE_INVALID", LEASE, "BARQ", {"BARQ": "2024-02-30"}, (), {"filed_on": None}),
    ("DATE_INVALID", LEASE, "ZLJSRQ", {"ZLKSRQ": "2024-02-01", "ZLJSRQ": "2024-01-01"}, (), {"from_on": "2024-02-01", "until_on": None}),
    ("DATE_PRECISION", LEASE, "BARQ", {"BARQ": "1998年前后"}, (), {"filed_on": "1998", "filed_on_precision": "year"}),
    ("DATE_PLACEHOLDER", LEASE, "ZLJSRQ", {"ZLJSRQ": "9999-12-31"}, (), {"until_on": None}),
    ("DATE_INVALID", MEMBER, "BIRTHDAY", {"BIRTHDAY": "2099-01-02"}, (), {"birth_date": None}),
    ("NULL_TOKEN", SURVEY, "SFZH", {"SFZH": "不详"}, (), {"id_token": None}),
    ("NULL_TOKEN", SURVEY, "SFZH", {"SFZH": "111111111111111111"}, (), {"id_token": None}),
    ("NULL_TOKEN", HOUSE, "SCJZMJ", {"SCJZMJ": "0"}, (), {"area_total": None}),
    ("CODE_UNKNOWN", MEMBER, "MARRIAGE_CODE", {"MARRIAGE_CODE": "77"}, (), {"marital_status": None}),
    ("CODE_UNKNOWN", MEMBER, "IS_DEL", {"IS_DEL": "?"}, (), NO_VALUE),
    ("CODE_MAPPED", MEMBER, "NATION", {"NATION": "汉"}, (), {"ethnic_group": "01"}),
    ("DIV_OBSOLETE", "social.grid", "SSSQ", {"SSSQ": "379901001101"}, (), {"division_code": "379901001002"}),
    ("DIV_OBSOLETE", "housing.compound", "社区", {"社区": "老青石社区", "街道(镇)": "云溪街道"}, (), {"division_code": "379901001002"}),
    ("DIV_UNKNOWN", "social.grid", "SSSQ", {"SSSQ": "379901001102"}, (), {"division_code": None}),
    ("ADDR_PARTIAL", LEASE, "FWZL", {"FWZL": "东澜区阳光花园"}, (), NO_VALUE),
    ("ADDR_AMBIGUOUS", LEASE, "FWZL", {"FWZL": "福满园1号楼1单元101室"}, (), NO_VALUE),
    ("AREA_INCONSISTENT", HOUSE, "SCJZMJ", {"SCJZMJ": "80", "SCTNJZMJ": "60", "SCFTJZMJ": "10"}, (), {"area_total": 80.0}),
    ("NUMBER_INVALID", LEASE, "ZJ", {"ZJ": "面议"}, (), {"rent_fen_per_month": None}),
    ("USCC_CHECKSUM", LEASE, "JJJGXYDM", {"JJJG": "安家公司", "JJJGXYDM": "91379901999900011X"}, (), NO_VALUE),
    ("USCC_INNER_CODE", "civil.social_organization", "ORGAN_CODE", {"CN_NAME": "协会", "ORGAN_CODE": "99990002-1"}, (), {"org_code": None}),
    ("ID_EXCEL_PRECISION_LOSS", LEASE, "JJJGXYDM", {"JJJG": "安家公司", "JJJGXYDM": "9.13E+17"}, (), NO_VALUE),
]  # fmt: skip
NOT_OF_A_ROW_ALONE = {"DUP_PK", "DUP_PERSON", "AUTHORITY_CONFLICT", "FILE_SHAPE", "ROW_MALFORMED", "SECRET_BLOCKED"}


@pytest.mark.parametrize(("code", "dataset", "column", "cells", "number_cells", "out"), ROWS)
def test_the_code_stands_on_its_column_and_the_right_value_goes_out(plans, catalog, code, dataset, column, cells, number_cells, out):
    made = said(plans[dataset], catalog, cells, number_cells)
    flagged = [s for s in made if f"{code} {column}" in codes(s)]
    assert flagged, [codes(s) for s in made]
    if out is None:
        assert flagged[0].refused
        assert all(f.severity == "error" for s in flagged for f in s.findings if f.code == code)
        return
    assert not any(s.refused for s in made)
    assert all(f.severity != "error" for s in made for f in s.findings)
    for field, value in out.items():
        assert flagged[0].fields.get(field) == value


def test_no_code_of_a_row_is_without_a_test():
    assert {row[0] for row in ROWS} == set(CODES) - NOT_OF_A_ROW_ALONE


def test_several_phones_all_go_out(plans, catalog):
    (resident, *_) = said(plans[SURVEY], catalog, {"LXDH": "19900000001、19900000002"})
    assert [p["masked"] for p in resident.fields["phones"]] == ["199****0001", "199****0002"]


def test_an_ambiguous_place_is_withheld_and_its_text_stays_with_all_that_it_fits(plans, catalog):
    dwelling = next(s for s in said(plans[LEASE], catalog, {"FWZL": "福满园1号楼1单元101室"}) if s.entity == "dwelling")
    known = {part: value for part, value in dwelling.fields["address"].items() if value}
    assert known == {"text": "福满园1号楼1单元101室", "building": "1", "entrance": "1", "room": "101"}
    assert len(dwelling.fields["compound_codes"]) == 2


def test_a_house_that_its_code_names_is_not_ambiguous(plans, catalog):
    made = said(plans[LEASE], catalog, {"FWZL": "福满园1号楼1单元101室", "FWBM": "FW1"})
    assert not any("ADDR_AMBIGUOUS" in code for s in made for code in codes(s))


def test_15_and_18_digits_of_one_person_are_one_token(plans, catalog):
    tokens = {
        said(plans[MEMBER], catalog, {"ID_CARD": n})[0].fields["id_token"]
        for n in (GOOD, "379901800101001", f" {GOOD}", "３７９９０１１９８００１０１００１０")
    }
    assert len(tokens) == 1


def test_a_passport_has_a_namespace_of_its_own_declared_or_not(plans, catalog):
    declared = said(plans[MEMBER], catalog, {"ID_CARD_TYPE": "3", "ID_CARD": "E12345678"})[0].fields
    plain = next(s for s in said(plans[LEASE], catalog, {"CZRXM": "KIM", "CZRZJH": "E12345678"}) if s.role == "lessor").fields
    assert declared["id_type"] == plain["id_type"] == "passport"
    assert declared["id_token"] == plain["id_token"]


def test_owners_whose_numbers_cannot_be_told_apart_are_refused(plans, catalog):
    made = said(plans[HOUSE], catalog, {"QLRMC": "顾伟、赵艳怡", "ZJH": GOOD, "ZJZL": "1"})
    assert [(s.entity, s.refused) for s in made] == [
        ("dwelling", False),
        ("resident", True),
        ("resident", True),
        ("residency_link", True),
        ("residency_link", True),
    ]


def test_a_number_in_free_words_is_replaced(plans, catalog):
    (appeal, *_) = said(
        plans["social.appeal"], catalog, {"SQNR": f"身份证{GOOD}，电话19900002124", "BT": "找19900002124", "ZBDW": f"某局{GOOD}"}
    )
    text = "".join(str(appeal.fields.get(field)) for field in ("content", "title", "lead_unit"))
    assert GOOD not in text
    assert "19900002124" not in text


APPEAL = {"GDBH": "250103191100000028", "SQRXM": "顾伟", "SFBM": "0"}
OWN = f"身份证号{GOOD}，联系电话19900002124"


def caller(plans, catalog, **cells):
    return next(s for s in said(plans["social.appeal"], catalog, APPEAL | cells) if s.role == "caller").fields


def test_a_caller_is_compared_by_the_number_that_he_left_in_his_words(plans, catalog):
    known = said(plans[MEMBER], catalog, {"ID_CARD": GOOD})[0].fields["id_token"]
    for number in (GOOD, "379901800101001", "３７９９０１１９８００１０１００１０"):
        found = caller(plans, catalog, SQNR=f"停水三天。身份证号{number}，请处理")
        assert found["said_id_token"] == known
        assert "id_token" not in found
        assert "birth_date" not in found


@pytest.mark.parametrize("text", ["身份证号379901198001010011", f"对方身份证号{GOOD}", f"我母亲身份证号{GOOD}", "停水三天"])
def test_a_damaged_number_or_somebody_elses_is_not_compared(plans, catalog, text):
    assert "said_id_token" not in caller(plans, catalog, SQNR=text)


@pytest.mark.parametrize("cells", [{"SFBM": "1"}, {"SFBM": "?"}, {"SQRXM": "匿名"}])
def test_who_is_not_to_be_named_or_gave_no_name_is_not_compared_by_a_number(plans, catalog, cells):
    assert "said_id_token" not in caller(plans, catalog, SQNR=OWN, LXDH="19900000076", **cells)


def test_the_phone_in_his_words_is_his_where_he_gave_no_other(plans, catalog):
    assert [p["masked"] for p in caller(plans, catalog, SQNR=OWN)["phones"]] == ["199****2124"]
    assert [p["masked"] for p in caller(plans, catalog, SQNR=OWN, LXDH="19900000076")["phones"]] == ["199****0076"]
    assert not caller(plans, catalog, SQNR="物业电话19900002124").get("phones")
