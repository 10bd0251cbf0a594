"""A city on a secured Kafka: every principal with a password of its own, and the rules that `civicbus access apply` makes."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path
from typing import Any

from bus.cli import regranting
from bus.cli.access.keeping import Change, Keeper
from bus.cli.context import App
from bus.cli.steps import STEPS, state_of_log
from bus.config import read_settings
from bus.eventlog.port import TopicSpec
from bus.sharing import history
from bus.sharing.lifecycle import Event, Step
from bus.step import Options, run_in_turn
from deploy.kafka.dev import ADMIN_PASSWORD, HERE
from deploy.kafka.secured import SecuredBroker

PRINCIPALS = """
pub-civil: {department: civil, does: [publish]}
pub-housing: {department: housing, does: [publish]}
pub-social: {department: social, does: [publish]}
li-civil: {department: civil, does: [decide]}
wang-office: {department: office, does: [decide, rule, look]}
zhao-social: {department: social, does: [decide]}
qian-social: {department: social, does: [decide]}
auditor: {does: [audit]}
looker: {does: [look]}
liu-office: {does: [erase]}
sun-office: {does: [erase]}
keeper: {does: [keep]}
normalizer: {does: [normalizer]}
identify: {does: [identify]}
alias: {does: [alias]}
match: {does: [match]}
join: {does: [join]}
link: {does: [link]}
merge: {does: [merge]}
share: {does: [share]}
chain: {does: [audit-chain]}
"""
TEXT = """
agreement: {id}
title: {{zh: 测试协议, en: For a test}}
provider: [social]
consumer: civil
subscribers: [{subscribers}]
entity: resident
fields: {{name: masked}}
purpose: 核对名单
basis: 测试用依据
scene: 定期核对
scope: 经办人员
way: topic
until: {until}
on_end: {on_end}
retention_days: 30
impact_assessment: PIA-TEST
"""


@cache
def secured_broker() -> SecuredBroker:
    """The one of this run: TLS, SCRAM, default deny."""
    subprocess.run(["sh", str(HERE / "fetch.sh")], check=True)
    data = Path(tempfile.mkdtemp(prefix="civicbus-test-secured-"))
    started = SecuredBroker(data, quick=True)
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    atexit.register(started.kill)
    started.start(within_s=180)
    return started


class Acting(ABC):
    """A bus on which several principals act."""

    @abstractmethod
    def env(self, principal: str) -> dict[str, str]:
        """The environment of a command that this principal runs."""

    def app(self, principal: str) -> App:
        return App(read_settings({}, self.env(principal)))

    def keep(self) -> list[Change]:
        """As the keeper, once."""
        app = self.app("keeper")
        try:
            return Keeper(app).apply()
        finally:
            app.close()

    def enroll(self) -> None:  # noqa: B027 - on the embedded log nobody needs one
        """Give everybody a password who needs one and has none."""

    def decide(self, id: str, step: Step, by: str, *, at: int = 0, reason: str = "", **said: Any) -> None:
        """One step, now unless `at` (ms) says when."""
        app = self.app(by)
        history.write(app.log, Event(id, 1, step, by, at or time.time_ns() // 1_000_000, reason, **said), named=False)
        app.close()

    def agree(self, id: str, subscribers: str, until: str = "2099-12-31", on_end: str = "delete", at: int = 0) -> None:
        """An agreement in force; rules and passwords follow."""
        text = TEXT.format(id=id, subscribers=subscribers, until=until, on_end=on_end)
        self.decide(id, "submit", "li-civil", at=at, text=text, share_class="conditional", approvals=2)
        for step, by in (("review", "wang-office"), ("approve", "zhao-social"), ("approve", "qian-social"), ("apply", "wang-office")):
            self.decide(id, step, by, at=at)  # type: ignore[arg-type]
        self.keep()
        self.enroll()


class Embedded(Acting):
    """On the embedded log everybody is who runs the process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)
        app = self.app("")
        app.create_topics()
        app.keys  # noqa: B018 (made now)
        app.close()

    def env(self, principal: str) -> dict[str, str]:
        return {"CIVICBUS_HOME": str(self.home)}


class City(Acting):
    """A namespace of its own on it. Each `app` acts as one principal."""

    def __init__(self, home: Path, reference: Path | None = None) -> None:
        self.home, self.namespace = home, f"t{uuid.uuid4().hex[:10]}"
        self._reference = reference
        self._passwords = {"admin": ADMIN_PASSWORD}
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "principals.yaml").write_text(PRINCIPALS)
        with_admin = self.app("admin")
        Keeper(with_admin).apply()
        with_admin.keys  # noqa: B018 (made now)
        with_admin.close()
        self.enroll()

    def enroll(self) -> None:
        """Give everybody a password who needs one and has none."""
        app = self.app("admin")
        keeper = Keeper(app)
        for name in sorted(keeper.expected_users() - self._passwords.keys()):
            self._passwords[name] = uuid.uuid4().hex
            keeper.set_password(name, self._passwords[name])
        app.close()

    def passwords_for(self, *names: str) -> None:
        """Users that nothing has any use for."""
        app = self.app("admin")
        for name in names:
            self._passwords[name] = uuid.uuid4().hex
            Keeper(app).set_password(name, self._passwords[name])
        app.close()

    def learn(self, principal: str, password: str) -> None:
        """It has got another password."""
        self._passwords[principal] = password

    def spec(self, topic: str) -> TopicSpec:
        return TopicSpec(topic, 1)

    def client(self, principal: str) -> dict[str, str]:
        """The settings of any Kafka client."""
        return secured_broker().client(principal, self._passwords[principal])

    def env(self, principal: str) -> dict[str, str]:
        """The environment of a command that this principal runs."""
        told = {f"CIVICBUS_KAFKA_{name.upper().replace('.', '_')}": value for name, value in self.client(principal).items()}
        reference = {"CIVICBUS_REFERENCE": str(self._reference)} if self._reference else {}
        return {
            "CIVICBUS_HOME": str(self.home),
            "CIVICBUS_LOG": f"kafka://{secured_broker().bootstrap}",
            "CIVICBUS_NAMESPACE": self.namespace,
            "CIVICBUS_PRINCIPALS": str(self.home / "principals.yaml"),
            **reference,
            **told,
        }

    def run(self, step: str, principal: str) -> int:
        """A step until it is idle, as this principal."""
        app = self.app(principal)
        try:
            app.create_topics()
            made = STEPS[step](app) if step in STEPS else regranting.step_of(app, step).step
            return run_in_turn(app.log, [made], Options(state_of_log(app.settings, app.log), until_idle=True))
        finally:
            app.close()
