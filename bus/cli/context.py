"""What commands work with, opened when first asked for. THE ONLY PLACE WHERE ADAPTERS ARE CHOSEN.

A command takes `ctx: typer.Context` and calls `of(ctx)`.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bus import keys
from bus.config import Settings
from bus.errors import ConfigRefused, NotAllowed, WrongUse
from bus.eventlog import topics

if TYPE_CHECKING:
    from bus.access.principals import Principals
    from bus.contracts.catalog import Catalog
    from bus.contracts.codec import Codec
    from bus.contracts.registry import Registry
    from bus.eventlog.port import EventLog, TopicSpec
    from bus.normalizer.mapping_file import MappingFile
    from bus.sharing.lifecycle import Standing
    from bus.standards.working_days import WorkingDays


class App:
    """One run of the command line: settings, and what they lead to. Not for use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def home(self) -> Path:
        """`CIVICBUS_HOME`, made for its owner alone on first use."""
        make_private(self.settings.home)
        return self.settings.home

    @cached_property
    def log(self) -> EventLog:
        """The log of `--log`. Raises `Unreachable` or `LogRefused`."""
        return open_log(self.settings)

    @cached_property
    def schemas(self) -> Path:
        """The folder that contracts, mappings and code lists are read from. Raises `ConfigRefused` when it is not there."""
        from bus.contracts.catalog import packaged

        chosen = self.settings.schemas
        if chosen is not None and not chosen.is_dir():
            raise ConfigRefused("There is no such folder of schemas.", "模式目录不存在。", place=str(chosen))
        return chosen or packaged()

    @cached_property
    def catalog(self) -> Catalog:
        """All contracts and entities. Raises `ConfigRefused`."""
        from bus.contracts import catalog

        return catalog.load(self.schemas)

    @cached_property
    def mappings(self) -> Mapping[str, MappingFile]:
        """All mapping files, by dataset: some steps of one process ask for them. Raises `ConfigRefused`."""
        from bus.normalizer.mapping import load_mappings

        return load_mappings(self.catalog)

    @property
    def registry(self) -> Registry:
        """Schemas by subject, version and id."""
        return self.catalog.registry

    @cached_property
    def codec(self) -> Codec:
        """Events to bytes and back."""
        from bus.contracts.codec import Codec

        return Codec(self.registry)

    @property
    def shared_codec(self) -> Codec:
        """As `codec`, and for what is shared: contracts made from agreements are kept in the log."""
        from bus.contracts.codec import Codec
        from bus.sharing import published

        return Codec(self.registry.beside(published.read(self.log).values()))

    @cached_property
    def principals(self) -> Principals | None:
        """Who acts for which department, where that is configured. Raises `ConfigRefused`."""
        from bus.access import principals
        from bus.access.rights import STEPS

        if (place := self.settings.principals) is None:
            return None
        try:
            text = place.read_text(encoding="utf-8")
        except (OSError, ValueError) as wrong:
            raise ConfigRefused("The principals cannot be read.", "无法读取主体配置文件。", place=str(place)) from wrong
        return principals.read(text, str(place), self.catalog.departments, STEPS)

    @cached_property
    def keys(self) -> keys.KeyRing:
        """The keys of the bus, made on first use, with a pair for each department of the catalog. Raises `KeyRefused`."""
        return keys.load_or_make(self.home, sorted(self.catalog.departments))

    @property
    def named(self) -> bool:
        """Whether it is known who acts for which department."""
        return self.principals is not None

    def standings(self) -> dict[str, Standing]:
        """Agreement → how it stands."""
        from bus.sharing import history

        return history.standings(self.log, self.named)

    @property
    def reference(self) -> Path:
        """The folder of the city's tables (divisions, compounds)."""
        return self.settings.reference

    def create_topics(self) -> None:
        """Make the topics that steps write and that do not exist yet."""
        self.log.create(self.topic_specs())

    def topic_specs(self) -> list[TopicSpec]:
        """The topics that steps write, but those of agreements."""
        names = {
            topics.ACCOUNT,
            topics.AGREEMENT,
            topics.WATCH,
            topics.TOLD,
            topics.ERASURE,
            topics.SCHEMA,
            topics.AUDIT,
            topics.AUDIT_CHAIN,
            *topics.of_resolver(),
        }
        own = (topics.dead_letter, topics.dispute, topics.account)
        names |= {make(department) for department in self.catalog.departments for make in own}
        return self._specs(names | set(map(topics.canonical, self.catalog.entities)))

    def raw_specs(self) -> list[TopicSpec]:
        """The topics that departments publish to."""
        return self._specs(map(topics.raw, self.catalog.datasets))

    def _specs(self, names: Iterable[str]) -> list[TopicSpec]:
        return [topics.spec(name, self.settings.partitions, self.settings.raw_days) for name in sorted(names)]

    def dataset(self, name: str) -> str:
        """`name` if the catalog has such a dataset. Raises `WrongUse` that names near ones otherwise."""
        known(name, self.catalog.datasets, "dataset", "数据集")
        return name

    def close(self) -> None:
        """Close what was opened."""
        if "log" in self.__dict__:
            self.log.close()


def of(ctx: typer.Context) -> App:
    """The `App` of this run."""
    app: App = ctx.find_root().obj
    return app


def person(app: App) -> str:
    """Who acts: the principal that Kafka authenticates; on the embedded log, the user whose process this is. Never an option, and no
    variable of the environment: nobody says it of himself."""
    if app.settings.log.startswith("kafka://") and (principal := app.settings.kafka.get("sasl.username")):
        return principal
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def does(app: App, name: str) -> tuple[str, ...]:
    """What a principal is configured to do."""
    who = (app.principals or {}).get(name)
    return who.does if who is not None else ()


def refuse_who_does_not(app: App, doing: str, department: str = "") -> None:
    """Raises `NotAllowed` where principals are configured, and the one that acts does not do this, for this department if one is given."""
    if app.principals is None:
        return
    name = person(app)
    who = app.principals.get(name)
    does_it = who is not None and doing in who.does and (not department or who.department == department)
    hands_in = doing == "publish" and "inbox" in does(app, name)
    if not does_it and not hands_in:
        whose, whose_zh = (f" for '{department}'", f"为“{department}”") if department else ("", "")
        raise NotAllowed(
            f"'{name}' does not do '{doing}'{whose}.",
            f"“{name}”无权{whose_zh}执行“{doing}”。",
            place=str(app.settings.principals),
            hint="Who does what, and for whom, stands in that file.",
            hint_zh="主体的职责及所属部门见该文件。",
        )


def calendar(app: App) -> WorkingDays:
    """The city's working days. Raises `ConfigRefused` for a file that cannot be read."""
    from bus.standards.working_days import WorkingDays, read_own

    own, place = {}, app.settings.working_days
    if place is not None:
        try:
            own = read_own(place.read_text(encoding="utf-8"), str(place))
        except (OSError, ValueError) as wrong:
            raise ConfigRefused("The calendar of working days cannot be read.", "无法读取工作日历文件。", place=str(place)) from wrong
    return WorkingDays(own, app.settings.make_up_days)


def open_log(settings: Settings) -> EventLog:
    """The log that `settings.log` names."""
    scheme, _, rest = settings.log.partition("://")
    if scheme == "kafka":
        from bus.eventlog.kafka import KafkaLog

        return KafkaLog(rest, settings.namespace, settings.kafka)
    from bus.eventlog.sqlite import SqliteLog

    path = sqlite_path(settings)
    if path.parent == settings.home:
        make_private(settings.home)
    return SqliteLog(path, settings.namespace)


def sqlite_path(settings: Settings) -> Path:
    """The file of the embedded log. Raises `WrongUse` when the log is another one."""
    scheme, _, rest = settings.log.partition("://")
    if scheme != "sqlite":
        raise WrongUse(
            "This is for the embedded log (sqlite:///PATH) only.", "该操作仅适用于嵌入式日志（sqlite:///路径）。", place=settings.log
        )
    return Path(rest.removeprefix("/"))


def make_private(folder: Path) -> None:
    """Make a folder for its owner alone; one that exists is left as it is. Raises `WrongUse` where it cannot be made."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as wrong:
        raise WrongUse(
            f"The folder cannot be made ({type(wrong).__name__}).",
            "无法创建该目录。",
            place=str(folder),
            hint="Name another with CIVICBUS_HOME, or make it yours.",
            hint_zh="请用 CIVICBUS_HOME 指定其他目录，或取得其权限。",
        ) from wrong


def known(name: str, names: Iterable[str], kind: str, kind_zh: str) -> None:
    """Raise `WrongUse`, naming what may have been meant, unless `name` is one of `names`."""
    import difflib

    every = sorted(names)
    if name in every:
        return
    near = difflib.get_close_matches(name, every, 3, 0.5)
    raise WrongUse(
        f"There is no {kind} of this name.",
        f"没有这个{kind_zh}。",
        place=name,
        hint=f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(every)}.",
        hint_zh=f"是否指 {' 或 '.join(near)}？" if near else f"可用的有：{'、'.join(every)}。",
    )
