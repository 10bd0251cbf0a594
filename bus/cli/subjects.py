"""What the commands about files of residents and dwellings share: whose file is meant, and by what statements came to it, in words."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import partial

from bus.cli.context import App
from bus.cli.steps import state_of_log
from bus.errors import WrongUse
from bus.eventlog import topics
from bus.resolver import past_links, rules
from bus.resolver.past import Past, named
from bus.resolver.past_links import PastLinks, ends_of
from bus.resolver.store import Store
from bus.resolver.survivorship import compiled
from bus.resolver.versions import Names, Versions

BONDS = {
    "token": "证件号码相同 same number",
    "words": "诉求中自述证件号码且姓名相符 a number left in his words, and the name fits",
    "unit": "不动产单元号相同 same unit number",
    "code": "房屋编码相同 same house code",
    "place": "楼栋单元室相同 same place",
    "compound": "小区相同 same compound",
    "fits": "地址仅与此房屋相符 the address fits this dwelling alone",
}
EVIDENCE = {
    "code": "部门人员编号与姓名 the department's own number and name",
    "phone": "电话，与姓名或称谓 phone, and name or form of address",
    "place": "住址或同行房屋，与姓名 dwelling lived in or named in the row, and name",
    "household": "家庭与姓名 household and name",
    "address": "地址与多处房屋相符 the address fits several dwellings",
    "elsewhere": "本人的其他记录或该处居住者与此不符 the person's other rows, or who lives there, speak against it",
    "number": "证件号码相同，姓名和出生日期均不同 same number, another name and birth date",
    "person": "人工裁定 a person's ruling",
    "with": "姓名与同行、同户、同住者 name and who stands beside it",
    "community": "姓名与所居或同行社区 name, and community lived in or named in the row",
}


class Entity(StrEnum):
    """What there are files of."""

    resident = "resident"
    dwelling = "dwelling"


def open_store(app: App, entity: str) -> Store:
    """The files of an entity, to be looked up."""
    return Store(app.log, entity, app.codec.decoder(), app.keys, state_of_log(app.settings, app.log))


def open_past(app: App, entity: str, store: Store) -> Past:
    """The files of an entity as they were, beside those of today."""
    versions = _versions(app, entity, lambda said: [name] if (name := named(entity, said, app.keys)) else [])
    return Past(entity, store, versions, app.codec.decoder(), app.keys)


def open_past_links(app: App) -> PastLinks:
    """The links of files as they were."""
    past = {each: open_past(app, each, open_store(app, each)) for each in topics.MASTERS}
    versions = {each: _versions(app, each, partial(ends_of, each, keys=app.keys)) for each in past_links.ENTITIES}
    merge = {each: compiled(rules.load(app.schemas, each)) for each in topics.MASTERS}
    return PastLinks(past, versions, merge, app.keys)


def _versions(app: App, entity: str, names: Names) -> Versions:
    return Versions(app.log, entity, app.codec.decoder(), app.keys, names, state_of_log(app.settings, app.log))


def read_subject(text: str) -> bytes:
    """A subject as people give it. Raises `WrongUse`."""
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise WrongUse("A subject has 32 characters 0-9 a-f.", "主体标识为 32 位十六进制字符。", place="SUBJECT")
    return bytes.fromhex(text)
