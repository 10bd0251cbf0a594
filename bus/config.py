"""Settings: one frozen value, read once by the command line from its options and the environment.

Every field has its twin in the environment; `FIELDS` says which, and `--help` and the documentation are held to it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bus.errors import ConfigRefused, WrongUse

KAFKA_PREFIX = "CIVICBUS_KAFKA_"
KAFKA_FILE = "CIVICBUS_KAFKA_FILE"

FIELDS: Mapping[str, tuple[str, str]] = {
    "log": ("CIVICBUS_LOG", "the log: sqlite:///PATH or kafka://HOST:PORT[,HOST:PORT]; default sqlite:///<home>/civicbus.db"),
    "reference": ("CIVICBUS_REFERENCE", "folder with divisions.csv and compounds.csv; default <home>/reference"),
    "home": ("CIVICBUS_HOME", "where the embedded log, keys and state live, for their owner alone; default ./data"),
    "namespace": ("CIVICBUS_NAMESPACE", "prefix of every topic, group and transactional id; default none"),
    "schemas": ("CIVICBUS_SCHEMAS", "folder with contracts and mappings; default those of the installed package"),
    "partitions": ("CIVICBUS_PARTITIONS", "partitions of a new topic; default 4"),
    "raw_days": (
        "CIVICBUS_RAW_DAYS",
        "days that raw and canonical topics keep older records of a key (the latest stays for good); default 400",
    ),
    "answer_days": ("CIVICBUS_ANSWER_DAYS", "working days to answer a request for data that is shared conditionally; default 10"),
    "answer_days_open": ("CIVICBUS_ANSWER_DAYS_OPEN", "working days to answer one for data that is shared unconditionally; default 1"),
    "supply_days": ("CIVICBUS_SUPPLY_DAYS", "working days from the approval until the data is supplied; default 20"),
    "batch_records": ("CIVICBUS_BATCH_RECORDS", "records in one transaction of a step; default 2000"),
    "lead_records": ("CIVICBUS_LEAD_RECORDS", "records that a publisher may be ahead of a step that is at work; default 100000"),
    "stall_s": ("CIVICBUS_STALL_S", "seconds without a sign of life after which a step ends itself; default 120"),
    "dispute_days": ("CIVICBUS_DISPUTE_DAYS", "working days that a department has to answer to a dispute; default 10"),
    "principals": ("CIVICBUS_PRINCIPALS", "file of who acts for which department, and does what; default none: nobody is held to it"),
    "working_days": ("CIVICBUS_WORKING_DAYS", "file of the city's own working days, a line each: 2027-02-05 rest; default none"),
    "make_up_days": (
        "CIVICBUS_MAKE_UP_DAYS",
        "1: weekend days worked instead of a holiday count as working days, 0: they do not; default 1",
    ),
    "listen": ("CIVICBUS_LISTEN", "address of /metrics and /health; default 127.0.0.1:9464"),
    "diary": ("CIVICBUS_DIARY", "1: a diary of JSON lines on standard error; default none (`up` writes one)"),
}
"""Field → (twin in the environment, meaning). Beside them `CIVICBUS_KAFKA_<SETTING>` (`CIVICBUS_KAFKA_SASL_USERNAME` is Kafka's
`sasl.username`), or `CIVICBUS_KAFKA_FILE`, a properties file with such settings, for passwords that should not be in an environment."""

_YES = ("1", "true", "yes")
_NAMESPACE = re.compile(r"[a-zA-Z0-9_-]{0,40}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run of civicbus is told from outside. See `FIELDS`."""

    log: str
    reference: Path
    home: Path
    namespace: str = ""
    schemas: Path | None = None
    partitions: int = 4
    raw_days: int = 400
    answer_days: int = 10
    answer_days_open: int = 1
    supply_days: int = 20
    batch_records: int = 2000
    lead_records: int = 100_000
    stall_s: int = 120
    dispute_days: int = 10
    principals: Path | None = None
    working_days: Path | None = None
    make_up_days: bool = True
    listen: tuple[str, int] = ("127.0.0.1", 9464)
    diary: bool = False
    kafka: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def state(self) -> Path:
        """Where steps note what they have in hand (attempts, signs of life). May be deleted while nothing runs."""
        return self.home / "state"

    @property
    def inbox(self) -> Path:
        """Where `civicbus up` looks for files: a folder `<department>.<dataset>` each."""
        return self.home / "inbox"


def read_settings(options: Mapping[str, str | None], env: Mapping[str, str] | None = None) -> Settings:
    """Options go before the environment, the environment before defaults. Raises `WrongUse` for a value that makes no sense,
    `ConfigRefused` for a settings file that cannot be read."""
    env = os.environ if env is None else env

    def get(name: str, default: str = "") -> str:
        return options.get(name) or env.get(FIELDS[name][0]) or default

    home = Path(get("home", "data"))
    namespace = get("namespace")
    if not _NAMESPACE.fullmatch(namespace):
        raise WrongUse(
            "A namespace is up to 40 letters, digits, '_' and '-'.", "命名空间最多 40 个字母、数字、“_”或“-”。", place="CIVICBUS_NAMESPACE"
        )
    return Settings(
        log=_log_url(get("log", f"sqlite:///{home / 'civicbus.db'}")),
        reference=Path(get("reference", str(home / "reference"))),
        home=home,
        namespace=namespace,
        schemas=Path(get("schemas")) if get("schemas") else None,
        partitions=_number(get("partitions", "4"), "CIVICBUS_PARTITIONS", 1, 1000),
        raw_days=_number(get("raw_days", "400"), "CIVICBUS_RAW_DAYS", 1, 36500),
        answer_days=_number(get("answer_days", "10"), "CIVICBUS_ANSWER_DAYS", 1, 366),
        answer_days_open=_number(get("answer_days_open", "1"), "CIVICBUS_ANSWER_DAYS_OPEN", 1, 366),
        supply_days=_number(get("supply_days", "20"), "CIVICBUS_SUPPLY_DAYS", 1, 366),
        batch_records=_number(get("batch_records", "2000"), "CIVICBUS_BATCH_RECORDS", 1, 100_000),
        lead_records=_number(get("lead_records", "100000"), "CIVICBUS_LEAD_RECORDS", 1, 1_000_000_000),
        stall_s=_number(get("stall_s", "120"), "CIVICBUS_STALL_S", 1, 86400),
        dispute_days=_number(get("dispute_days", "10"), "CIVICBUS_DISPUTE_DAYS", 1, 366),
        principals=Path(get("principals")) if get("principals") else None,
        working_days=Path(get("working_days")) if get("working_days") else None,
        make_up_days=get("make_up_days", "1").lower() in _YES,
        listen=_address(get("listen", "127.0.0.1:9464")),
        diary=get("diary").lower() in _YES,
        kafka=_kafka(env),
    )


def _log_url(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in ("sqlite", "kafka") or not rest.strip("/"):
        raise WrongUse(
            "The log is not 'sqlite:///PATH' or 'kafka://HOST:PORT[,HOST:PORT]'.",
            "日志地址应为 sqlite:///路径 或 kafka://主机:端口[,主机:端口]。",
            place=_without_password(url),
            hint="For example --log sqlite:///data/civicbus.db (a fourth slash for a path from the root).",
            hint_zh="例如 --log sqlite:///data/civicbus.db（绝对路径再多写一个斜杠）。",
        )
    if "@" in rest and scheme == "kafka":
        raise WrongUse(
            "Credentials do not belong in the log's address.",
            "日志地址中不应包含凭据。",
            place=_without_password(url),
            hint="Use CIVICBUS_KAFKA_SASL_USERNAME and CIVICBUS_KAFKA_SASL_PASSWORD, or CIVICBUS_KAFKA_FILE.",
            hint_zh="请使用 CIVICBUS_KAFKA_SASL_USERNAME 与 CIVICBUS_KAFKA_SASL_PASSWORD，或 CIVICBUS_KAFKA_FILE。",
        )
    return url


def _without_password(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//…@", url)


def _number(text: str, name: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise WrongUse(f"{name} is a whole number from {least} to {most}.", f"{name} 须为 {least} 至 {most} 的整数。", place=name)
    return int(text)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise WrongUse("CIVICBUS_LISTEN is not HOST:PORT.", "CIVICBUS_LISTEN 应为 主机:端口。", place="CIVICBUS_LISTEN")
    return host, int(port)


def _kafka(env: Mapping[str, str]) -> dict[str, str]:
    found = _properties(Path(env[KAFKA_FILE])) if env.get(KAFKA_FILE) else {}
    for name, value in env.items():
        if name.startswith(KAFKA_PREFIX) and name != KAFKA_FILE and value:
            found[name.removeprefix(KAFKA_PREFIX).lower().replace("_", ".")] = value
    return found


def _properties(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as wrong:
        raise ConfigRefused("The Kafka settings cannot be read.", "无法读取 Kafka 设置文件。", place=str(path)) from wrong
    found = {}
    for number, line in enumerate(lines, 1):
        if not (text := line.strip()) or text.startswith(("#", "!")):
            continue
        name, mark, value = text.partition("=")
        if not mark:
            raise ConfigRefused("A line is not NAME=VALUE.", "有一行不是 名称=值。", place=f"{path}:{number}")
        found[name.strip()] = value.strip()
    return found
