"""The seventeen layouts, as in each department's data dictionary: columns in order, the kind of each, the key, how it is written.

A column's kind says what damage it can suffer (`bus.city.quirks`); its options say how: the form of a date, the words of a code list.
"""

from __future__ import annotations

from typing import Any

from bus.city.entry import Column, Table

SEX = ("sex", {"1": ("男", "男性", "M"), "2": ("女", "女性", "F")})
SEX_WORD = ("sex_word", {"男": ("1", "男性", "M"), "女": ("2", "女性", "F")})
FOLK = {
    "01": ("1", "汉族", "汉"),
    "02": ("2", "蒙古族", "蒙古"),
    "03": ("3", "回族", "回"),
    "05": ("5", "维吾尔族", "维吾尔"),
    "11": ("满族", "满"),
}
MARITAL = {"10": ("1", "未婚"), "20": ("2", "已婚"), "21": ("初婚",), "22": ("再婚",), "30": ("3", "丧偶"), "40": ("4", "离婚")}
RELATION = {
    "02": ("0", "户主", "本人"),
    "10": ("1", "配偶", "爱人"),
    "20": ("2", "儿子"),
    "30": ("3", "女儿"),
    "51": ("6", "父亲"),
    "52": ("7", "母亲"),
}
TENURE = {"自有": ("自住", "1"), "租住": ("租赁", "2"), "借住": ("3",)}
YES = {"是": ("√", "有"), "否": ("×", "无")}


def _columns(text: str, **kinds: Any) -> tuple[Column, ...]:
    made = []
    for name in text.split():
        kind = kinds.get(name, "")
        made.append(Column(name, kind) if isinstance(kind, str) else Column(name, str(kind[0]), tuple(kind[1:])))
    return tuple(made)


DWELLING = Table(
    "housing",
    "FC_HXX.csv",
    _columns(
        "FWBM BDCDYH XQBH XQMC ZRZH DYH SZC SHBW ZL FWYT1 FWJG SCJZMJ SCTNJZMJ SCFTJZMJ JGSJ ZCS QLRMC ZJZL ZJH GYFS QLBL ZT GXSJ",
        FWYT1=("code", {"10": ("住宅",), "11": ("成套住宅",), "21": ("商业服务",), "31": ("办公",)}),
        FWJG=("code", {"1": ("钢",), "2": ("钢混",), "3": ("钢筋混凝土",), "4": ("混合",), "5": ("砖木",), "6": ("其他",)}),
        ZT=("code", {"0": ("期房",), "1": ("现房",), "2": ("灭失",), "3": ("查封",)}),
        BDCDYH="unit_no",
        XQMC="compound",
        ZRZH="building",
        DYH="entrance",
        SZC="floor",
        SHBW="room",
        ZL="full_address",
        SCJZMJ="area",
        JGSJ=("date", "%Y%m%d", "built"),
        QLRMC="names",
        ZJH="ids",
        QLBL="share",
    ),
    ("FWBM",),
)
LEASE = Table(
    "housing",
    "ZL_HTBA.csv",
    _columns(
        "BAH FWZL FWBM CZRXM CZRZJH CZRDH CZRXM2 CZRZJH2 CZRDH2 GTJZR ZLYT ZJ YJ ZLKSRQ ZLJSRQ JZRS BARQ ZXRQ ZXYY JJJG JJJGXYDM BAZT",
        ZLYT=("code", {"居住": ("住宅", "1"), "商业": ("2",)}),
        BAZT=("code", {"1": ("已备案",), "3": ("注销",), "4": ("到期",)}),
        FWZL="address",
        CZRXM="name",
        CZRZJH="id",
        CZRDH="phone",
        CZRXM2="name",
        CZRZJH2="id",
        CZRDH2="phone",
        GTJZR="co_residents",
        ZJ="rent",
        ZLKSRQ=("date", "%Y-%m-%d", "start", "ZLJSRQ"),
        ZLJSRQ=("date", "%Y-%m-%d", "end", "ZLKSRQ"),
        JZRS="people",
        BARQ=("date", "%Y-%m-%d"),
        JJJGXYDM="uscc",
    ),
    ("BAH",),
    "mysql",
    full=False,
)
COMPOUND = Table(
    "housing",
    "物业小区台账.xlsx",
    _columns(
        "序号 区县 街道(镇) 社区 小区名称 小区地址 建成年代 "
        "楼栋数(栋) 户数(户) 总建筑面积(万㎡) 物业服务企业 统一社会信用代码 项目经理 联系电话 "
        "是否成立业委会 业委会备案日期 是否老旧小区 改造年度 改造内容(基础/完善/提升) 计划投资(万元) 开工日期 竣工日期 进度 备注",
        **{
            "户数(户)": "households",
            "总建筑面积(万㎡)": "built_area",
            "统一社会信用代码": "uscc",
            "联系电话": "phone",
            "是否成立业委会": ("code", YES),
            "业委会备案日期": ("date", "%Y-%m-%d"),
            "竣工日期": "empty",
            "建成年代": "built_year",
        },
    ),
    ("序号", "小区名称"),
    "workbook",
)
FAMILY = Table(
    "civil",
    "DB_FAMILY.csv",
    _columns(
        "FAMILY_ID FAMILY_NAME FAMILY_CARD_NO PEOPLE_NUM ASSISTANCE_PEOPLE_NUM APANAGE_CODE "
        "DOMICILE_CODE PROVINCE CITY COUNTY TOWN VILLAGE "
        "ADDRESS DOMICILE_ADDRESS FAMILY_PHONE FAMILY_MOBILE FAMILY_OTHER_PHONE BANK ACCOUNT_NAME ACCOUNT_NUMBER POVERTY_CAUSE REG_TIME "
        "MOD_TIME IS_DEL CHECK_FLAG",
        FAMILY_NAME="name",
        FAMILY_CARD_NO="id",
        APANAGE_CODE="division",
        DOMICILE_CODE="division",
        ADDRESS="address",
        FAMILY_PHONE="phone",
        FAMILY_MOBILE="phone",
        REG_TIME="time",
        MOD_TIME="time",
    ),
    ("FAMILY_ID",),
)
MEMBER = Table(
    "civil",
    "DB_MEMBER.csv",
    _columns(
        "MEMBER_ID FAMILY_ID RELATIONSHIP_TYPE NAME ID_CARD_TYPE ID_CARD SEX "
        "BIRTHDAY NATION MARRIAGE_CODE HEALTH_CODE EDU_CODE CAREER_CODE "
        "POLITICAL_CODE DISABILITY_LEVEL_CODE REG_TIME MOD_TIME IS_DEL",
        RELATIONSHIP_TYPE=("code", RELATION),
        NAME="name",
        ID_CARD="id",
        SEX=(*SEX, "ID_CARD"),
        BIRTHDAY=("birth", "%Y-%m-%d", "ID_CARD"),
        NATION=("code", FOLK),
        MARRIAGE_CODE=("marital", MARITAL),
        REG_TIME="time",
        MOD_TIME="time",
    ),
    ("MEMBER_ID",),
)
TREATMENT = Table(
    "civil",
    "DB_TREATMENT.csv",
    _columns(
        "TREATMENT_ID FAMILY_ID ASSISTANCE_TYPE CARD_NO BEGIN_DATE "
        "END_DATE ASSISTANCE_MONEY ASSISTANCE_CLASS_MONEY ASSISTANCE_PEOPLE_NUM "
        "CUR_ACTIVITY REG_TIME MOD_TIME IS_DEL",
        ASSISTANCE_TYPE=(
            "code",
            {"11": ("城市低保", "低保"), "12": ("农村低保", "农低保"), "21": ("五保", "特困"), "31": ("低保边缘",), "41": ("临时救助",)},
        ),
        CUR_ACTIVITY=("code", {"发放": ("5", "正常发放"), "停发": ("6", "停")}),
        REG_TIME="time",
    ),
    ("TREATMENT_ID",),
)
MARRIAGE = Table(
    "civil",
    "HYDJ.csv",
    _columns(
        "RECORD_ID OP_TYPE CERT_NO DEPT_CODE DEPT_NAME NAME_MAN "
        "NAME_WOMAN CERT_TYPE_MAN CERT_TYPE_WOMAN CERT_NUM_MAN CERT_NUM_WOMAN BIRTH_MAN "
        "BIRTH_WOMAN NATION_MAN NATION_WOMAN FOLK_MAN FOLK_WOMAN MARRY_STATUS_MAN MARRY_STATUS_WOMAN REG_DETAIL_MAN REG_DETAIL_WOMAN "
        "LINK_KIND_MAN LINK_KIND_WOMAN OP_DATE OLD_CERT_NO OLD_OP_DATE VALID_FLAG DATA_SOURCE DOC_NO",
        NAME_MAN="name",
        NAME_WOMAN="name",
        CERT_NUM_MAN="id",
        CERT_NUM_WOMAN="id",
        BIRTH_MAN=("birth", "%Y%m%d", "CERT_NUM_MAN"),
        BIRTH_WOMAN=("birth", "%Y%m%d", "CERT_NUM_WOMAN"),
        FOLK_MAN=("code", FOLK),
        FOLK_WOMAN=("code", FOLK),
        MARRY_STATUS_MAN=("code", MARITAL),
        MARRY_STATUS_WOMAN=("code", MARITAL),
        LINK_KIND_MAN="phone",
        LINK_KIND_WOMAN="phone",
        OP_DATE=("date", "%Y%m%d"),
    ),
    ("RECORD_ID",),
    full=False,
)
ROSTER = Table(
    "civil",
    "高龄津贴发放表.xlsx",
    _columns(
        "乡镇街道 村(社区) 姓名 性别 身份证号码 年龄 户籍地址 现居住地址 "
        "年龄段 标准(元/月) 开户行 银行卡号 户名 代领人 与本人关系 联系电话 "
        "起发年月 本月状态 备注",
        **{
            "姓名": "name",
            "性别": (*SEX_WORD, "身份证号码"),
            "身份证号码": "id_cell",
            "年龄": "age",
            "现居住地址": "home",
            "标准(元/月)": "yuan",
            "联系电话": "phone",
            "户籍地址": "text",
            "本月状态": ("code", {"正常": ("正常发放", "1"), "死亡": ("已故",), "停发": ("停",)}),
        },
    ),
    ("姓名", "银行卡号"),
    "workbook",
)
SOCIAL_ORGANIZATION = Table(
    "civil",
    "SOM_ORGAN.csv",
    _columns(
        "SORG_ID SORG_CODE ORGAN_CODE SORG_TYPE CN_NAME RESIDENCE "
        "LEGAL_PEOPLE BORG_NAME MORG_AREA REG_MON REG_DATE SORG_STATUS CANCEL_DATE",
        SORG_CODE="uscc",
        SORG_TYPE=("code", {"社会团体": ("社团", "1"), "民办非企业单位": ("民非", "社会服务机构", "2"), "基金会": ("3",)}),
        LEGAL_PEOPLE="name",
        REG_DATE=("date", "%Y-%m-%d"),
    ),
    ("SORG_ID",),
)
COMMITTEE = Table(
    "civil",
    "村居委会.xlsx",
    _columns(
        "区划代码 名称 地址 主任姓名 联系电话 户数 一肩挑",
        主任姓名="name",
        联系电话="office_phone",
        户数="households",
        一肩挑=("code", {"是": ("√", "1"), "否": ("×", "0")}),
    ),
    ("区划代码",),
    "workbook",
)
APPEAL = Table(
    "social",
    "SQ_GD.csv",
    _columns(
        "GDBH LYQD SQLX SQFL1 SQFL2 SQFL3 BT SQNR SQRXM LXDH SFBM SFDZ XZQHDM "
        "JDMC SQMC WGBM JD WD JJCD SLSJ PDSJ QSSJ LXSJ BLSX ZBDW XBDW "
        "TDCS TDYY YQCS YQSX YQYY BJSJ CLJG SFJJ SFSS CZZ HFSJ HFFS MYD CFBS GDZT",
        LXDH="phone",
        XZQHDM="division",
        BJSJ="time",
        PDSJ="time",
        QSSJ="time",
        SFBM=("code", {"1": ("是", "Y"), "0": ("否", "N")}),
        SQLX=("code", {"求助": ("帮助",), "投诉": ("3",), "咨询": ("1",)}),
        JJCD=("code", {"一般": ("普通", "1"), "紧急": ("急", "2"), "特急": ("3",)}),
        SFJJ=("code", {"已解决": ("1", "是"), "未解决": ("3", "否")}),
        BT="title",
        MYD=("code", {"非常满意": ("5", "A"), "满意": ("4", "B"), "基本满意": ("3", "C"), "不满意": ("2", "D"), "非常不满意": ("1", "E")}),
    ),
    ("GDBH",),
    "social",
    full=False,
)
STEP = Table("social", "SQ_GD_LZ.csv", _columns("LZBH GDBH HJ CZ CLDW CZSJ SX BZ"), ("LZBH",), "social", full=False)
GRID = Table(
    "social",
    "WG_JBXX.csv",
    _columns(
        "WGBM WGMC SSSQ WGLX HS RKS WGZXM WGYXM WGYSFZH WGYDH ZJZ DZZMC LDDXZ ZXH BJ",
        SSSQ="division",
        WGLX=("code", {"城市": ("1",), "农村": ("2",)}),
        HS="households",
        WGYXM="name",
        WGYSFZH="id",
        WGYDH="phone",
    ),
    ("WGBM",),
    "social",
)
RESIDENT_SURVEY = Table(
    "social",
    "WG_RK.csv",
    _columns(
        "RKBH WGBM FWBH XM SFZH LXDH HJDZ XZZ RHBS YFZGX JZLX CJSJ CJR",
        XM="name",
        SFZH="id",
        LXDH="phone",
        HJDZ="text",
        XZZ="address",
        JZLX=("code", TENURE),
        CJSJ="time",
        RHBS=("code", {"人户一致": ("一致", "1"), "人户分离": ("分离", "2"), "流动": ("流动人口", "4")}),
    ),
    ("RKBH",),
    "social",
)
RESIDENCY_SURVEY = Table(
    "social",
    "WG_RFGX.csv",
    _columns(
        "GXBH RKBH FWBH FWDZ YFZGX JZLX KSSJ JSSJ CJSJ CJR",
        FWDZ="address",
        JZLX=("tenure", TENURE),
        KSSJ=("date", "%Y-%m-%d", "start", "JSSJ"),
        CJSJ="time",
    ),
    ("GXBH",),
    "social",
)
VOLUNTEER = Table(
    "social",
    "ZYZ.csv",
    _columns(
        "ZYZBH XM ZJLX ZJHM XB CSRQ LXDH JZDZ ZZMM FWLB FWSC ZCRQ ZYTT",
        XM="name",
        ZJHM="id",
        XB=(*SEX_WORD, "ZJHM"),
        CSRQ=("birth", "%Y-%m-%d", "ZJHM"),
        LXDH="phone",
        JZDZ="address",
        FWSC="hours",
        ZCRQ=("date", "%Y-%m-%d"),
    ),
    ("ZYZBH",),
    "social",
)
SERVICE = Table(
    "social",
    "ZYFW_JL.csv",
    _columns("JLBH ZYZBH XM ZYTT FWXM FWKS FWJS FWSC", FWKS="minute", FWSC="hours"),
    ("JLBH",),
    "social",
    full=False,
)
TABLES = (
    DWELLING,
    LEASE,
    COMPOUND,
    FAMILY,
    MEMBER,
    TREATMENT,
    MARRIAGE,
    ROSTER,
    SOCIAL_ORGANIZATION,
    COMMITTEE,
    APPEAL,
    STEP,
    GRID,
    RESIDENT_SURVEY,
    RESIDENCY_SURVEY,
    VOLUNTEER,
    SERVICE,
)
