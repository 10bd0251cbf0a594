"""What the commands about files of residents and dwellings share: whose file is meant, and by what statements came to it, in words."""

from __future__ import annotations

import re
from enum import StrEnum

from bus.cli.context import App
from bus.cli.steps import state_of_log
from bus.errors import WrongUse
from bus.resolver.past import Past, named
from bus.resolver.store import Store
from bus.resolver.versions import Versions

BONDS = {
    "token": "证件号码相同 same number",
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
    decode, keys = app.codec.decoder(), app.keys
    versions = Versions(app.log, entity, decode, keys, lambda said: named(entity, said, keys), state_of_log(app.settings, app.log))
    return Past(entity, store, versions, decode, keys)


def read_subject(text: str) -> bytes:
    """A subject as people give it. Raises `WrongUse`."""
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise WrongUse("A subject has 32 characters 0-9 a-f.", "主体标识为 32 位十六进制字符。", place="SUBJECT")
    return bytes.fromhex(text)
