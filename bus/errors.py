"""One family of errors. Each says what happened, where, and what to do next, in English and Chinese.

The docstring of a class is its default English message. No message may hold a value of a person.
"""

from __future__ import annotations


class BusError(Exception):
    """civicbus could not do what was asked."""

    code = "BUS_ERROR"
    exit_status = 1
    retriable = False
    zh = "civicbus 未能完成操作。"
    hint = "Run `civicbus doctor`."
    hint_zh = "请运行 `civicbus doctor` 检查。"

    def __init__(
        self,
        detail: str = "",
        detail_zh: str = "",
        *,
        place: str = "",
        hint: str = "",
        hint_zh: str = "",
    ) -> None:
        self.place = place
        self.message = detail or (self.__doc__ or "").splitlines()[0]
        self.message_zh = detail_zh or self.zh
        if hint:
            self.hint, self.hint_zh = hint, hint_zh or hint
        super().__init__(self.message)


class WrongUse(BusError):
    """The command or its arguments are not right."""

    code = "WRONG_USE"
    exit_status = 2
    zh = "命令或参数有误。"
    hint = "See `civicbus --help`."
    hint_zh = "请查看 `civicbus --help`。"


class FileRefused(BusError):
    """The file cannot be what its contract says; nothing of it was published."""

    code = "FILE_REFUSED"
    exit_status = 3
    zh = "文件与其数据契约不符，整份文件未发布。"
    hint = "Ask the department to export the file again as its data dictionary says."
    hint_zh = "请按数据说明重新导出该文件。"


class ConfigRefused(BusError):
    """A piece of configuration (schema, mapping, source, reference table, key) cannot be used."""

    code = "CONFIG_REFUSED"
    exit_status = 3
    zh = "配置（模式、映射、数据源、参照表或密钥）不可用。"
    hint = "Mend the file at the place named and try again."
    hint_zh = "请修正所指位置后重试。"


class SchemaRefused(ConfigRefused):
    """The Avro schema is not acceptable."""

    code = "SCHEMA_REFUSED"
    zh = "Avro 模式不可接受。"


class KeyRefused(ConfigRefused):
    """A key is missing, damaged or readable by others."""

    code = "KEY_REFUSED"
    zh = "密钥缺失、损坏或权限过宽。"
    hint = "Run `civicbus keys check`; restore the keys from their backup if they are lost."
    hint_zh = "请运行 `civicbus keys check`；如已丢失请从备份恢复。"


class DecodeRefused(BusError):
    """The bytes are not a record of the schema they name."""

    code = "DECODE_REFUSED"
    exit_status = 5
    zh = "字节内容与其声明的模式不符。"


class EncodeRefused(BusError):
    """The value does not fit the schema it was to be written with."""

    code = "ENCODE_REFUSED"
    exit_status = 5
    zh = "内容与要写入的模式不符。"


class Unreachable(BusError):
    """The log (or another system outside) cannot be reached."""

    code = "UNREACHABLE"
    exit_status = 4
    retriable = True
    zh = "无法连接日志或外部系统。"
    hint = "Check the address, that it runs, and the credentials; then `civicbus doctor`."
    hint_zh = "请检查地址、服务是否运行以及凭据，然后运行 `civicbus doctor`。"


class NotAllowed(Unreachable):
    """The log does not allow this principal to do this."""

    code = "NOT_ALLOWED"
    retriable = False
    zh = "日志不允许该主体执行此操作。"
    hint = "`civicbus access plan` (of the administrator) says which rules are missing."
    hint_zh = "请管理员运行 `civicbus access plan` 查看缺少的访问规则。"


class LogRefused(BusError):
    """The log is there but cannot be used: damaged, of another format version, or not writable."""

    code = "LOG_REFUSED"
    exit_status = 4
    zh = "日志存在但不可用：损坏、版本不符或不可写。"


class DiskFull(LogRefused):
    """There is no space left for the log; nothing half-written was kept."""

    code = "DISK_FULL"
    zh = "日志所在磁盘已满，未保留任何不完整内容。"
    hint = "Free some space and run the command again; it goes on where it stopped."
    hint_zh = "请清理磁盘后重试，将从中断处继续。"


class Fenced(BusError):
    """Another process took over this work; what this one had not committed was not kept."""

    code = "FENCED"
    exit_status = 4
    retriable = True
    zh = "另一进程已接管此工作，本进程未提交的内容未保留。"


class Overtaken(Fenced):
    """This process was held up so long that another took its work over; what it had not committed was not kept."""

    zh = "本进程停滞过久，工作已由另一进程接管，未提交的内容未保留。"


class NotInForce(BusError):
    """The agreement is not in force: nothing goes out under it."""

    code = "NOT_IN_FORCE"
    exit_status = 3
    zh = "协议未生效或已终止，不再共享任何内容。"
    hint = "`civicbus agreement show` says why."
    hint_zh = "原因见 `civicbus agreement show`。"


class CheckFailed(BusError):
    """A check did not hold."""

    code = "CHECK_FAILED"
    exit_status = 5
    zh = "检查未通过。"
