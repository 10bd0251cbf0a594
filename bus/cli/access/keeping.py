"""What there must be by departments and agreements, what there is, and how the one becomes the other."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from bus.access import rights
from bus.access.rights import Changes
from bus.cli import sharing
from bus.cli.context import App, person
from bus.cli.steps import state_of_log
from bus.errors import ConfigRefused, WrongUse
from bus.event import Output
from bus.eventlog import topics
from bus.eventlog.port import TopicSpec
from bus.eventlog.rules import Gate
from bus.sharing import audit
from bus.sharing.audit import Action
from bus.sharing.lifecycle import Standing
from bus.sharing.required import Required, ShareTopic, ended_at, readers, required, subscribers
from bus.step import Options, run

_CLOSING_S = 20.0  # at most so long at one agreement and look: others end too
_ZH = {
    "allow": "新增规则",
    "withdraw": "撤销规则",
    "by hand": "人工设置的禁止规则，请自行处理",
    "create": "新建主题",
    "remove": "删除主题",
    "keep": "更改主题保留期",
    "no user": "尚无口令（civicbus access password）",
    "remove user": "删除用户",
    "close": "收尾已终止的协议",
}


class Change(NamedTuple):
    """One difference: what is to be done, or was."""

    kind: str
    what: str
    zh: str


def _change(kind: str, what: object) -> Change:
    return Change(kind, str(what), _ZH[kind])


class _Look(NamedTuple):
    """How all stands at a time. `rules` and users: None where the log holds nobody to any."""

    at: int
    standings: Mapping[str, Standing]
    required: list[Required]
    there: frozenset[str]
    rules: Changes | None
    no_user: list[str]
    remove_users: list[str]


class Keeper:
    """Looks and acts, for one log. Not for several threads."""

    def __init__(self, app: App) -> None:
        self._app, self._log = app, app.log
        self._prefix = f"{app.settings.namespace}." if app.settings.namespace else ""

    def plan(self) -> list[Change]:
        """What `apply` would do."""
        look = self._look()
        found = [_change("create", spec.name) for spec in self._missing(look)]
        if look.rules is not None:
            found += [_change("withdraw", rule) for rule in look.rules.extra] + [_change("allow", rule) for rule in look.rules.missing]
            found += [_change("by hand", rule) for rule in look.rules.by_hand]
        found += [_change("remove user", user) for user in look.remove_users] + [_change("no user", user) for user in look.no_user]
        found += [_change("close", standing.id) for standing in self._ended(look)]
        found += [_change("keep", spec.name) for spec in self._kept_otherwise(look)]
        return found + [_change("remove", topic) for topic in self._too_many(look)]

    def apply(self, stopped: Callable[[], bool] = lambda: False) -> list[Change]:
        """Do it, and say what was done. First what takes rights away; a right is given only once the audit has it."""
        look = self._look()
        done = self._withdraw(look)
        if missing := self._missing(look):
            self._log.create(missing)
            done += [_change("create", spec.name) for spec in missing]
        if look.rules is not None and look.rules.missing:
            self._audit((Action.allowed, str(rule)) for rule in look.rules.missing)
            self._gate.allow(look.rules.missing)
            done += [_change("allow", rule) for rule in look.rules.missing]
        for standing in self._ended(look):
            if not stopped() and self._close(standing, look):
                done.append(_change("close", standing.id))
        if otherwise := self._kept_otherwise(look):
            self._log.keep(otherwise)
            done += [_change("keep", spec.name) for spec in otherwise]
        return done

    def guarded(self) -> bool:
        """Whether the log holds everybody to rules."""
        return self._on_kafka and self._gate.guarded()

    def refuse_unconfigured(self) -> None:
        """Raises `ConfigRefused` where it does, and nothing says who is who: then rules are left alone."""
        if self._app.principals is None and self.guarded():
            raise ConfigRefused(
                "This Kafka holds everybody to rules, and nothing says who is who.",
                "该 Kafka 启用了访问控制，但未配置主体。",
                place="CIVICBUS_PRINCIPALS",
                hint="Name the file of principals (deploy/principals.yaml.example).",
                hint_zh="请指定主体配置文件（示例见 deploy/principals.yaml.example）。",
            )

    def expected_users(self) -> set[str]:
        """All that need a password: those configured, and those that an agreement names."""
        return set(self._app.principals or ()) | subscribers(self._app.standings().values(), sharing.now())[0]

    def set_password(self, principal: str, password: str) -> None:
        """Raises `WrongUse` on a log that knows no passwords."""
        self._gate.set_password(principal, password)

    @cached_property
    def _gate(self) -> Gate:
        from bus.eventlog.kafka import KafkaLog

        if not isinstance(self._log, KafkaLog):
            raise WrongUse("The embedded log has no users: the file's permissions say who may.", "嵌入式日志没有用户，由文件权限控制。")
        return self._log.gate()

    def _look(self) -> _Look:
        at, standings = sharing.now(), self._app.standings()
        needed = required(standings.values(), at)
        there = frozenset(info.name for info in self._log.topics())
        principals = self._app.principals
        if principals is None or not self.guarded():
            return _Look(at, standings, needed, there, None, [], [])
        current, named = subscribers(standings.values(), at)
        wanted = rights.desired(principals, self._app.catalog.departments, readers(needed), self._prefix)
        rules = rights.changes(wanted, self._gate.rules(), named | set(principals), self._prefix)
        users, expected = self._gate.users(), current | set(principals)
        return _Look(at, standings, needed, there, rules, sorted(expected - users), sorted((named - expected) & users))

    def _missing(self, look: _Look) -> list[TopicSpec]:
        """Topics that agreements need; where rules hold, all: then nobody else may make any."""
        others = self._others() if look.rules is not None else []
        return [spec for spec in (*others, *self._shares(look)) if spec.name not in look.there]

    def _kept_otherwise(self, look: _Look) -> list[TopicSpec]:
        """Topics that were made when the settings, an agreement or civicbus said otherwise how long they keep what is no longer so. While
        rules are missing none: the right to look at that may be one of them, so the next look tells."""
        if look.rules is not None and look.rules.missing:
            return []
        return self._log.kept_otherwise([*self._others(), *self._shares(look)])

    def _others(self) -> list[TopicSpec]:
        return [*self._app.topic_specs(), *self._app.raw_specs()]

    def _shares(self, look: _Look) -> list[TopicSpec]:
        partitions, needed = self._app.settings.partitions, (each for each in look.required if isinstance(each, ShareTopic))
        return [topics.share_spec(each.topic.partition(".")[2], each.retention_days, partitions) for each in needed]

    def _ended(self, look: _Look) -> list[Standing]:
        """Agreements that ended, and of which something is left: a topic that need not be, or a place in what was read."""
        too_many = self._too_many(look)
        ended = [each for each in look.standings.values() if ended_at(each, look.at) is not None]
        groups = self._groups() if ended else []
        return [each for each in ended if topics.share(each.id) in too_many or self._left(each.id, groups)]

    def _kept(self, look: _Look) -> set[str]:
        return {each.topic for each in look.required if isinstance(each, ShareTopic)}

    def _too_many(self, look: _Look) -> list[str]:
        """Topics of agreements that ended. One that nobody knows, or that is about to be applied, is left alone."""
        ended = {topics.share(each.id) for each in look.standings.values() if ended_at(each, look.at) is not None}
        return sorted((ended & look.there) - self._kept(look))

    def _withdraw(self, look: _Look) -> list[Change]:
        done = []
        if look.rules is not None and look.rules.extra:
            self._gate.withdraw(look.rules.extra)
            done += [_change("withdraw", rule) for rule in look.rules.extra]
        if look.remove_users:
            self._gate.remove_users(look.remove_users)
            done += [_change("remove user", user) for user in look.remove_users]
        if done:
            self._audit((Action.withdrawn, each.what) for each in done)
        return done

    def _close(self, standing: Standing, look: _Look) -> bool:
        """Count what was on its way, remove what the agreement made. False where something is left for the next look."""
        topic = topics.share(standing.id)
        left = self._left(standing.id, self._groups())
        if topic in (too_many := self._too_many(look)) or topic in left:
            self._count(standing)
        if topic in too_many:
            self._audit([(Action.closed, "topic")], standing.id)
            self._log.remove([topic])
        for group in {topic, *left}:
            with contextlib.suppress(WrongUse):  # somebody is still in it; without rights, not for long
                self._log.remove(groups=[group])
        return not self._left(standing.id, self._groups())

    def _left(self, agreement: str, groups: Iterable[str]) -> list[str]:
        """The groups that have a place in what an agreement read or delivered: that of its step, on Kafka also those of its subscribers."""
        topic = topics.share(agreement)
        if self._on_kafka:
            return [each for each in groups if each == topic or each.startswith(f"{topic}.")]
        return [topic] if self._log.positions(topic) else []

    def _groups(self) -> list[str]:
        """The groups of all agreements, asked for once; on the embedded log positions are asked for one by one."""
        return self._gate.groups("share.") if self._on_kafka else []

    @property
    def _on_kafka(self) -> bool:
        return self._app.settings.log.startswith("kafka://")

    def _count(self, standing: Standing) -> None:
        """What the agreement's step had not read when it ended is withheld: read on in its group, as far as there is something now."""
        assert standing.holding is not None  # noqa: S101 - `_ended` saw to it
        step = sharing.closing_of(self._app, standing.holding)
        if not any(info.name in step.reads for info in self._log.topics()):
            return
        until, settings = time.monotonic() + _CLOSING_S, self._app.settings
        state = state_of_log(settings, self._log)
        run(self._log, step, Options(state, settings.batch_records, settings.stall_s, True, lambda: time.monotonic() > until))

    def _audit(self, acts: Iterable[tuple[Action, str]], agreement: str = "") -> None:
        at, who = sharing.now(), person(self._app)
        said: list[Output] = [audit.act(action, at, who, agreement, rule=rule) for action, rule in acts]
        self._log.create([topics.spec(topics.AUDIT)])
        with self._log.writer("access") as writer:
            writer.append(said)
