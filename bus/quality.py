"""The quality codes: one for one kind of damage, because the cure differs.

Severity, effect, and the words for the department's data engineer.

Effects: repair (the true value is certain and goes out), withhold (the field goes out empty), refuse (the statement goes to the dead
letter), note (nothing changed). Severities: info (nobody need act), warn (the owner should mend it), error (refused).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple


class Code(NamedTuple):
    """A kind of damage: what is wrong (zh, en) and what its owner does about it (cure_zh, cure_en)."""

    code: str
    severity: str
    effect: str
    zh: str
    en: str
    cure_zh: str
    cure_en: str


class Finding(NamedTuple):
    """A code found on a column of a record (the source's own column name; None: the whole row)."""

    code: str
    column: str | None
    severity: str


_TABLE = (
    Code(
        "ID_FORMAT", "error", "refuse",
        "证件号码的位数或字符不符合规定（居民身份号码应为 18 位或旧 15 位）。",
        "The number has neither 15 nor 18 valid characters, or not the shape of its kind of document.",
        "请核对原件后补录完整号码。", "Enter the whole number again from the document.",
    ),
    Code(
        "ID_CHECKSUM", "error", "refuse",
        "公民身份号码的校验码不正确，至少有一位录错。",
        "The check character of the citizen number is wrong: at least one character was mistyped.",
        "请核对证件原件后更正。", "Compare with the document and correct it.",
    ),
    Code(
        "ID_BIRTHDATE", "error", "refuse",
        "公民身份号码中的出生日期不存在、在未来，或年龄超过 120 岁。",
        "The birth date inside the citizen number does not exist, lies in the future, or means an age over 120.",
        "请核对证件原件后更正。", "Compare with the document and correct it.",
    ),
    Code(
        "ID_EXCEL_PRECISION_LOSS", "error", "refuse",
        "号码经过电子表格的数字格式，末几位已经丢失，无法还原。",
        "The number went through a number cell of a spreadsheet; its last digits are lost and cannot be had back.",
        "请将该列设为“文本”格式后从业务系统重新导出，不要手工改末位。",
        "Set the column to text and export again from the system; do not retype the last digits.",
    ),
    Code(
        "ID_15_UPGRADED", "info", "repair",
        "15 位旧号码，已按 GB 11643 升为 18 位。", "An old number of 15 digits, upgraded to 18 by GB 11643.",
        "建议在系统中更新为 18 位号码。", "Bring the system up to 18 digits when convenient.",
    ),
    Code(
        "ID_LOWER_X", "info", "repair",
        "校验码 X 写成了小写或形近字符，已改正。", "The check character X was written in lower case or as a look-alike; repaired.",
        "建议录入时统一为大写 X。", "Enter a capital X.",
    ),
    Code(
        "ID_FULLWIDTH", "info", "repair",
        "号码中有全角数字、空格、横线或不可见字符，已去除。",
        "The number held full-width digits, blanks, hyphens or invisible characters; repaired.",
        "建议录入时用半角数字，不加分隔。", "Enter plain digits without separators.",
    ),
    Code(
        "ID_REGION_UNKNOWN", "info", "note",
        "公民身份号码的前六位不在任何区划表中。", "The first six digits of the citizen number are in no table of divisions.",
        "如号码无误则无需处理；区划表可补充历史代码。", "Nothing to do if the number is right; the table may lack an old code.",
    ),
    Code(
        "ID_SEX_CONFLICT", "warn", "withhold",
        "填报的性别与公民身份号码不一致，采用号码中的性别。",
        "The stated sex differs from the citizen number's; the number's goes out.",
        "请核对性别与号码，更正其中错误的一项。", "Check the sex and the number and correct the wrong one.",
    ),
    Code(
        "ID_DOB_CONFLICT", "warn", "withhold",
        "填报的出生日期（或年龄）与公民身份号码不一致，采用号码中的日期。",
        "The stated birth date (or age) differs from the citizen number's; the number's goes out.",
        "请核对出生日期与号码，更正其中错误的一项。", "Check the date and the number and correct the wrong one.",
    ),
    Code(
        "MASKED_INPUT", "warn", "withhold",
        "收到的是脱敏后的内容（含 * 号），不能作为数据使用。", "The value arrived masked (with asterisks) and cannot serve as data.",
        "请按共享约定提供未脱敏的原始值。", "Supply the unmasked value as the sharing agreement says.",
    ),
    Code(
        "NAME_SPACES", "info", "repair",
        "姓名中有用于对齐的空格，已去除。", "The name held blanks used for alignment; repaired.",
        "建议录入时不加空格。", "Enter names without blanks.",
    ),
    Code(
        "NAME_DOT_VARIANT", "info", "repair",
        "姓名间隔号写法不一，已统一为“·”。", "The dot between the parts of the name was another character; now “·”.",
        "建议统一使用间隔号“·”（U+00B7）。", "Use the middle dot U+00B7.",
    ),
    Code(
        "NAME_RARE_CHAR", "warn", "note",
        "姓名中的生僻字可能被写成问号、方框、拼音或拆字。",
        "A rare character of the name seems to stand as a question mark, a box, pinyin or parts.",
        "请在支持 GB 18030 全字集的系统中补录正确的字。", "Enter the character in a system with the whole of GB 18030.",
    ),
    Code(
        "PUA_CHAR", "warn", "note",
        "姓名中有自造字（私用区字符），其他系统无法显示。",
        "The name holds a private-use (self-made) character that other systems cannot show.",
        "请换成国家标准中的正式编码字。", "Replace it by the character's code in the national standard.",
    ),
    Code(
        "MOJIBAKE", "warn", "withhold",
        "内容明显按错误的编码转换过，或有字符在转换时丢失。",
        "The text was visibly decoded wrongly, or characters were lost in conversion.",
        "请按数据说明约定的编码重新导出。", "Export again in the encoding that the data dictionary names.",
    ),
    Code(
        "PHONE_INVALID", "warn", "withhold",
        "不是有效的电话号码。", "Not a valid telephone number.",
        "请核对后更正，固定电话请带区号。", "Check and correct it; write fixed lines with their area code.",
    ),
    Code(
        "PHONE_MULTI", "info", "repair",
        "一格中有多个电话，已拆开。", "Several phones in one cell; taken apart.",
        "建议一格一个号码。", "One number a cell, if possible.",
    ),
    Code(
        "DATE_INVALID", "warn", "withhold",
        "日期不存在、无法识别，或终止早于起始。", "The date does not exist, cannot be read, or the end lies before the start.",
        "请核对后更正。", "Check and correct it.",
    ),
    Code(
        "DATE_PRECISION", "info", "repair",
        "日期只精确到年或月，按其精度发出。", "Only the year or month is known; it goes out with that precision.",
        "如有准确日期请补充。", "Add the exact date if it is known.",
    ),
    Code(
        "DATE_PLACEHOLDER", "info", "repair",
        "占位日期（如 0000-00-00、1900-01-01、9999-12-31），按空或不定期处理。",
        "A placeholder date (0000-00-00, 1900-01-01, 9999-12-31): read as empty, or as an open end.",
        "无日期时请留空。", "Leave the cell empty where there is no date.",
    ),
    Code(
        "NULL_TOKEN", "info", "repair",
        "用“无”“不详”“/”或填充数字表示空值，按空处理。", "A word, sign or filler for “nothing”; read as empty.",
        "无内容时请留空。", "Leave the cell empty where there is nothing.",
    ),
    Code(
        "CODE_UNKNOWN", "warn", "withhold",
        "代码不在代码表中。", "The code is in no code list.",
        "请按数据说明中的代码表更正，或提供新的代码表。", "Correct it by the code list of the data dictionary, or send the new list.",
    ),
    Code(
        "CODE_MAPPED", "info", "repair",
        "旧代码或文字写法，已转换为现行代码。", "A word or a code of an older list, translated.",
        "建议在系统中改用现行代码。", "Use the current codes.",
    ),
    Code(
        "DIV_OBSOLETE", "info", "repair",
        "已停用的区划代码、旧地名或旧网格编码，已按对照表换成现行代码。",
        "A division code or name, or a grid code, no longer in force; replaced by its only successor.",
        "建议按区划对照表批量更新。", "Update by the table of divisions.",
    ),
    Code(
        "DIV_UNKNOWN", "warn", "withhold",
        "区划代码或名称不在任何表中，或有多个后继无法确定。", "The division is in no table, or has several successors.",
        "请核对后更正；区划表缺漏请告知。", "Check and correct it; tell us if the table lacks it.",
    ),
    Code(
        "ADDR_PARTIAL", "info", "note",
        "地址只能解析出一部分。", "Only a part of the address could be read.",
        "请补全小区、楼栋、单元、室号。", "Complete compound, building, entrance and room.",
    ),
    Code(
        "ADDR_AMBIGUOUS", "warn", "withhold",
        "地址与多个地点相符，无法确定。", "Several places fit the address.",
        "请在地址中写明区县、街道或社区。", "Write the county, street or community in the address.",
    ),
    Code(
        "AREA_INCONSISTENT", "warn", "note",
        "总面积与套内、分摊面积之和相差超过 0.01 平方米。", "The total area differs from inner plus shared area by more than 0.01 m².",
        "请核对测绘成果。", "Check the survey.",
    ),
    Code(
        "NUMBER_INVALID", "warn", "withhold",
        "应为数字的位置不是确切的数字。", "Not an exact number where one is due.",
        "请填写数字，不加说明文字。", "Enter digits only.",
    ),
    Code(
        "USCC_CHECKSUM", "warn", "withhold",
        "统一社会信用代码的位数、字符或校验码不正确。", "The length, alphabet or check character of the credit code is wrong.",
        "请核对登记证书后更正。", "Compare with the certificate and correct it.",
    ),
    Code(
        "USCC_INNER_CODE", "warn", "withhold",
        "组织机构代码（或信用代码第 9–17 位）的校验码不正确。",
        "The check character of the organization code (or positions 9–17 of the credit code) is wrong.",
        "请核对登记证书后更正。", "Compare with the certificate and correct it.",
    ),
    Code(
        "DUP_PK", "error", "refuse",
        "同一次交付中主键重复且内容不同，后出现的行未采用。",
        "The key occurs again in one delivery with other content; the later row was not taken.",
        "请去除重复，保留正确的一行。", "Remove the repetition and keep the right row.",
    ),
    Code(
        "DUP_PERSON", "warn", "note",
        "同一人在一次交付中以两个主键出现。", "One person occurs twice in one delivery under two keys.",
        "请核对并合并。", "Check and merge.",
    ),
    Code(
        "AUTHORITY_CONFLICT", "warn", "note",
        "与该数据项的数源部门不一致，已列为异议。",
        "Differs from the department that is the authority for this item; a dispute was opened.",
        "请与数源部门核对。", "Settle it with the authority.",
    ),
    Code(
        "FILE_SHAPE", "warn", "note",
        "文件结构与数据契约有出入（缺列、多列、只有表头或末尾有空字节），能读的已读取。",
        "The file departs from its contract (column missing or unexpected, header only, NUL bytes at the end); what can be read was read.",
        "请核对导出程序；如结构有变请先告知。", "Check the export; announce changes of structure beforehand.",
    ),
    Code(
        "ROW_MALFORMED", "error", "refuse",
        "行的列数不对、引号未闭合或含空字节。", "The row has a wrong number of cells, an unclosed quote, or NUL bytes.",
        "请修正导出程序后重新导出。", "Mend the export and export again.",
    ),
    Code(
        "SECRET_BLOCKED", "error", "refuse",
        "该行标有国家秘密或工作秘密，不得进入本系统，内容未保留。",
        "The row is marked as a state or work secret and may not enter; none of its content was kept.",
        "请立即停止报送此类数据，并按保密规定处理。", "Stop sending such rows at once and follow the secrecy rules.",
    ),
)  # fmt: skip

CODES: Mapping[str, Code] = MappingProxyType({row.code: row for row in _TABLE})
"""Every quality code there is, by name. Source: the table of quality codes agreed with the departments."""


@lru_cache(maxsize=65_536)
def finding(code: str, column: str | None = None, severity: str | None = None) -> Finding:
    """The finding of a code on a column; `severity` only where it differs from the table (MASKED_INPUT in a number, MOJIBAKE in a name).

    Raises `KeyError` for a code that does not exist.
    """
    return Finding(code, column, severity or CODES[code].severity)
