"""Names of people who do not exist: common surnames and given-name characters in random pairs."""

from __future__ import annotations

from random import Random

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
DOUBLE_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "尉迟", "皇甫", "令狐", "慕容", "司徒", "夏侯")
MALE = "伟强磊军勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林建国志海文德庆生家轩泽峰晨睿梓荣东"
FEMALE = "芳娜敏静丽艳娟霞秀燕玲桂英萍红梅琳雪云莲洁颖倩婷慧怡雨欣佳瑶彤诗涵素珍月春兰香凤琴玉瑞淑晓"
RARE = "䶮㛃𬱖𫖯龶䜣"
MINORITY_MALE = ("买合木提", "吐尔逊", "艾山", "库尔班", "阿卜杜拉", "玉山江")
MINORITY_FEMALE = ("帕提古丽", "阿依古丽", "热依汗", "古丽娜尔", "迪丽努尔", "早热木")
MINORITY_SECOND = ("热合曼", "玉素甫", "阿不都", "司马义", "依明", "买买提", "托合提")
COMPATRIOTS = ("陳大文", "黃美玲", "張國強", "林志豪", "李嘉慧", "葉詠詩", "蔡麗華", "鄭家輝")
FOREIGNERS = ("JOHN SMITH", "SATO YUKI", "ANNA IVANOVA", "KIM MINJUN", "MARIE DUBOIS", "CARLOS GARCIA")
TITLES = ("先生", "女士")
PINYIN = {"䶮": "YAN", "㛃": "JIE", "𬱖": "DI", "𫖯": "FU", "龶": "ZHU", "䜣": "XIN"}
PARTS = {"䶮": "龙天", "㛃": "女吉", "䜣": "讠斤"}
LOOK_ALIKE = {"国": "囯", "辉": "晖", "娟": "绢", "红": "虹", "静": "靖", "丽": "莉", "伟": "玮", "华": "桦", "明": "铭", "英": "瑛"}


def surname(rng: Random) -> str:
    """A family name; one in two hundred has two characters."""
    return rng.choice(DOUBLE_SURNAMES) if rng.random() < 0.005 else rng.choice(SURNAMES)


def given(rng: Random, sex: str) -> str:
    """One or two characters; one name in a hundred and twenty has one that GBK, or MySQL's old utf8, cannot hold."""
    pool = MALE if sex == "1" else FEMALE
    first = rng.choice(pool)
    if rng.random() < 0.008:
        return rng.choice(RARE) if rng.random() < 0.8 else first + rng.choice(RARE)
    return first if rng.random() < 0.18 else first + rng.choice(pool)


def minority(rng: Random, sex: str) -> str:
    """A name of two parts with a middle dot (U+00B7)."""
    return f"{rng.choice(MINORITY_MALE if sex == '1' else MINORITY_FEMALE)}·{rng.choice(MINORITY_SECOND)}"


def fits_gbk(text: str) -> bool:
    """Whether an Oracle of 2005 (ZHS16GBK) could keep it."""
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True
