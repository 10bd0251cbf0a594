"""Cells as other cities write them (domain facts §2 and §4), through the real mappings: what is flagged, and what goes out."""

import pytest
from normalizer_kit import codes, said

MEMBER, SURVEY, LEASE, HOUSE = "civil.assistance_member", "social.resident_survey", "housing.lease", "housing.dwelling"
MARRIAGE, ROSTER, APPEAL, VOLUNTEER = "civil.marriage", "civil.old_age_allowance", "social.appeal", "social.volunteer"
COMPOUND, SERVICE = "housing.compound", "social.volunteer_service"
ONE, TWO = "379901198001010010", "37990119800309000X"
FOREIGN, HMT, MAPPED = "911124198108030024", {"id_type": "hmt_residence_permit"}, {"CODE_MAPPED"}
SETTLED = {"id_type": "foreign_permanent_resident"}
KNOWN = {"小区名称": "阳光花园"}
COUPLE = {"NAME_MAN": "张三", "NAME_WOMAN": "李四"}

# (dataset, column, cell, the other cells, role, codes on the column, fields of the role's first statement)
CELLS = [
    # documents
    (MEMBER, "ID_CARD", f"{ONE} ", {}, "self", {"ID_FULLWIDTH"}, {"birth_date": "1980-01-01"}),
    (MEMBER, "ID_CARD", f"\u200b{ONE}", {}, "self", {"ID_FULLWIDTH"}, {"birth_date": "1980-01-01"}),
    (MEMBER, "ID_CARD", "379901198001010011", {}, "self", {"ID_CHECKSUM"}, None),
    (MEMBER, "ID_CARD", "379988198001010017", {}, "self", {"ID_REGION_UNKNOWN"}, {"birth_date": "1980-01-01"}),
    (MEMBER, "ID_CARD", "110101198001010010", {}, "self", set(), {"birth_date": "1980-01-01"}),
    (MEMBER, "ID_CARD", "379901XXXXXXXX0010", {}, "self", {"MASKED_INPUT"}, None),
    (MEMBER, "ID_CARD", "379901••••••••0010", {}, "self", {"MASKED_INPUT"}, None),
    (MEMBER, "ID_CARD", "379901＊＊＊＊＊＊＊＊0010", {}, "self", {"MASKED_INPUT"}, None),
    (MEMBER, "ID_CARD", f"{TWO[:-1]}х", {}, "self", {"ID_LOWER_X"}, {"sex": "2"}),
    (MEMBER, "ID_CARD", "未上户口", {}, "self", {"NULL_TOKEN"}, {"id_token": None}),
    (MEMBER, "ID_CARD", "新生儿", {}, "self", {"NULL_TOKEN"}, {"id_token": None}),
    (MARRIAGE, "CERT_NUM_MAN", "810000199408230021", {**COUPLE, "CERT_TYPE_MAN": "2"}, "husband", set(), HMT),
    (MARRIAGE, "CERT_TYPE_MAN", "外国人永久居留证", {**COUPLE, "CERT_NUM_MAN": FOREIGN}, "husband", MAPPED, SETTLED),
    (MARRIAGE, "CERT_TYPE_MAN", "港澳居民来往内地通行证", {**COUPLE, "CERT_NUM_MAN": "H12345678"}, "husband", MAPPED, HMT),
    (HOUSE, "ZJH", f"E12345678;{ONE}", {"QLRMC": "KIM MINJUN、李四", "ZJZL": "3"}, "owner", set(), {"id_type": "passport"}),
    (HOUSE, "ZJH", f"{ONE} ; {TWO}", {"QLRMC": "张三、李四", "ZJZL": "1"}, "owner", {"ID_FULLWIDTH"}, {"birth_date": "1980-01-01"}),
    (HOUSE, "ZJH", f"{ONE}/{TWO}", {"QLRMC": "张三、李四", "ZJZL": "1"}, "owner", set(), {"birth_date": "1980-01-01"}),
    (HOUSE, "ZJH", f"{ONE};", {"QLRMC": "张三、李四", "ZJZL": "1"}, "owner", set(), {"birth_date": "1980-01-01"}),
    (HOUSE, "QLRMC", "张三和李四", {"ZJH": f"{ONE};{TWO}", "ZJZL": "1"}, "owner", set(), {"name": "张三"}),
    # names
    (MEMBER, "NAME", "阿卜杜拉．买买提", {}, "self", {"NAME_DOT_VARIANT"}, {"name": "阿卜杜拉·买买提"}),
    (MEMBER, "NAME", "张三（曾用名李三）", {}, "self", set(), {"name": "张三"}),
    (MEMBER, "NAME", "王×", {}, "self", {"MASKED_INPUT"}, {"name": None}),
    (APPEAL, "SQRXM", "S先生", {"GDBH": "26", "LXDH": "19900000001"}, "caller", set(), {"form_of_address": "S先生", "name": None}),
    # codes
    (MEMBER, "SEX", "１", {}, "self", {"CODE_MAPPED"}, {"sex": "1"}),
    (MEMBER, "SEX", "01", {}, "self", {"CODE_MAPPED"}, {"sex": "1"}),
    (MEMBER, "SEX", "m", {}, "self", {"CODE_MAPPED"}, {"sex": "1"}),
    (MEMBER, "SEX", "2.0", {}, "self", {"CODE_MAPPED"}, {"sex": "2"}),
    (MEMBER, "NATION", "01", {}, "self", set(), {"ethnic_group": "01"}),
    (MEMBER, "NATION", "1.0", {}, "self", {"CODE_MAPPED"}, {"ethnic_group": "01"}),
    (MEMBER, "IS_DEL", "已删除", {"NAME": "张三"}, "self", {"CODE_MAPPED"}, {}),
    (MARRIAGE, "OP_TYPE", "ia", COUPLE, "registration", {"CODE_MAPPED"}, {"kind": "marriage"}),
    (MARRIAGE, "VALID_FLAG", "作废", COUPLE, "registration", {"CODE_MAPPED"}, {}),
    (ROSTER, "本月状态", "去世", {"姓名": "张三"}, "self", {"CODE_MAPPED"}, {"deceased": True}),
    (COMPOUND, "是否成立业委会", "未成立", KNOWN, "compound", {"CODE_MAPPED"}, {"has_owners_committee": False}),
    (HOUSE, "FWJG", "砖混", {}, "dwelling", {"CODE_MAPPED"}, {"structure": "mixed"}),
    # dates and times
    (LEASE, "BARQ", "45296", {}, "lease", set(), {"filed_on": "2024-01-05"}),
    (LEASE, "BARQ", "05-1月 -24", {}, "lease", set(), {"filed_on": "2024-01-05"}),
    (LEASE, "BARQ", "2024—01—05", {}, "lease", set(), {"filed_on": "2024-01-05"}),
    (LEASE, "BARQ", "2024-01-05 星期五", {}, "lease", set(), {"filed_on": "2024-01-05"}),
    (LEASE, "BARQ", "2024-02-29", {}, "lease", set(), {"filed_on": "2024-02-29"}),
    (LEASE, "BARQ", "2023-02-29", {}, "lease", {"DATE_INVALID"}, {"filed_on": None}),
    (LEASE, "BARQ", "1998-05-00", {}, "lease", {"DATE_PRECISION"}, {"filed_on": "1998-05"}),
    (LEASE, "BARQ", "九十年代", {}, "lease", {"DATE_INVALID"}, {"filed_on": None}),
    (LEASE, "ZLJSRQ", "长期", {"ZLKSRQ": "2024-01-01"}, "lease", {"DATE_PLACEHOLDER"}, {"until_on": None}),
    (APPEAL, "SLSJ", "2026-09-01 24:00:00", {"GDBH": "26"}, "appeal", set(), {"accepted_at": "2026-09-02T00:00:00+08:00"}),
    (APPEAL, "SLSJ", "2026-09-01 24:01:00", {"GDBH": "26"}, "appeal", {"DATE_INVALID"}, {"accepted_at": None}),
    (APPEAL, "BLSX", "五个工作日", {"GDBH": "26"}, "appeal", set(), {"deadline_working_days": 5}),
    # phones
    (SURVEY, "LXDH", "19900000001.0", {}, "self", set(), {"phones": ["199****0001"]}),
    (SURVEY, "LXDH", "199XXXX0001", {}, "self", {"MASKED_INPUT"}, {"phones": []}),
    (SURVEY, "LXDH", "199••••0001", {}, "self", {"MASKED_INPUT"}, {"phones": []}),
    (SURVEY, "LXDH", "19900000001&19900000002", {}, "self", {"PHONE_MULTI"}, {"phones": ["199****0001", "199****0002"]}),
    (SURVEY, "LXDH", "0543-5550100转801", {}, "self", set(), {"phones": ["0543****100"]}),
    # numbers
    (LEASE, "ZJ", "一千五", {}, "lease", set(), {"rent_fen_per_month": 150_000}),
    (LEASE, "ZJ", "壹仟伍佰元", {}, "lease", set(), {"rent_fen_per_month": 150_000}),
    (SERVICE, "FWSC", "5小时30分", {"JLBH": "1"}, "service", set(), {"hours": 5.5}),
    (SERVICE, "FWSC", "半小时", {"JLBH": "1"}, "service", set(), {"hours": 0.5}),
    (HOUSE, "ZRZH", "3.0", {}, "dwelling", set(), {"building": "3"}),
    # addresses
    (LEASE, "FWZL", "阳光花园叁号楼贰单元401室", {}, "dwelling", set(), {"address": ("3", "2", "401")}),
    (LEASE, "FWZL", "阳光花园3-2-4-401", {}, "dwelling", set(), {"address": ("3", "2", "401")}),
    (LEASE, "FWZL", "阳光花园3/2/401", {}, "dwelling", set(), {"address": ("3", "2", "401")}),
    (LEASE, "FWZL", "青石社区福满园一栋乙单元〇四〇一", {}, "dwelling", set(), {"address": ("1", "2", "401")}),
    (LEASE, "FWZL", "鏄熺伀閿︾唬瀹跺洯2-2-202", {}, "dwelling", {"MOJIBAKE"}, {"address": None}),
    # grids
    (SURVEY, "WGBM", "379901001101001", {}, "self", {"DIV_OBSOLETE"}, {"grid_code": "379901001101001"}),
    (SURVEY, "WGBM", "379901009999001", {}, "self", {"DIV_UNKNOWN"}, {"grid_code": None}),
]  # fmt: skip


def shown(value):
    """Phones by their mask, an address by building, entrance and room."""
    if isinstance(value, dict):
        return (value["building"], value["entrance"], value["room"])
    return [phone["masked"] for phone in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("dataset", "column", "cell", "others", "role", "found", "out"), CELLS)
def test_the_cell_is_read_as_it_is_meant(plans, catalog, dataset, column, cell, others, role, found, out):
    made = said(plans[dataset], catalog, {**others, column: cell})
    mine = next(s for s in made if s.role == role)
    assert {c for s in made for c in codes(s) if c.endswith(f" {column}")} == {f"{code} {column}" for code in found}
    assert mine.refused == (out is None)
    for field, value in (out or {}).items():
        assert shown(mine.fields.get(field)) == value


CO_RESIDENTS = [
    f"李四 {ONE};王五 {TWO}",
    f"李四，{ONE}；王五，{TWO}",
    f"李四 {ONE}、王五 {TWO}",
    f"李四 {ONE} 王五 {TWO}",
    f"李四({ONE})/王五({TWO})",
    f"李四：{ONE}|王五：{TWO}",
    f"1.李四 {ONE} 2.王五 {TWO}",
    f"妻：李四 {ONE}\n子：王五 {TWO}",
    f"李四 妻子 {ONE}；王五 儿子 {TWO}",
]


@pytest.mark.parametrize("text", CO_RESIDENTS)
def test_co_residents_are_told_apart_in_any_writing(plans, catalog, text):
    people = [s for s in said(plans[LEASE], catalog, {"GTJZR": text}) if s.role == "co_resident" and s.entity == "resident"]
    assert [(p.fields["name"], p.fields["birth_date"], p.refused) for p in people] == [
        ("李四", "1980-01-01", False),
        ("王五", "1980-03-09", False),
    ]


@pytest.mark.parametrize(("text", "names"), [("李四、王五", ["李四", "王五"]), ("李四等3人", ["李四"]), ("3人", []), ("李四 无", ["李四"])])
def test_co_residents_without_numbers_are_named_and_a_count_names_nobody(plans, catalog, text, names):
    people = [s for s in said(plans[LEASE], catalog, {"GTJZR": text}) if s.role == "co_resident" and s.entity == "resident"]
    assert [p.fields["name"] for p in people] == names
    assert not any(p.refused for p in people)


@pytest.mark.parametrize(
    ("column", "word", "dataset"), [("IS_DEL", "已删除", MEMBER), ("VALID_FLAG", "作废", MARRIAGE), ("本月状态", "去世", ROSTER)]
)
def test_ended_and_annulled_in_other_words(plans, catalog, column, word, dataset):
    made = said(plans[dataset], catalog, {column: word, **({"姓名": "张三"} if dataset == ROSTER else {})})
    assert {"ended", "annulled"} & {s.operation for s in made}
