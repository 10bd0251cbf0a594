"""All agreements on one entity share in one process, so that a record is decoded once for all of them.

A subscriber who must be told of a change of the grant is told in a process of its own, which takes as long as it takes; the others go on.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from functools import partial

from bus.cli import regranting, sharing
from bus.cli.context import App
from bus.cli.processes import children_env, civicbus
from bus.cli.sharing import Lookout
from bus.errors import NotInForce
from bus.eventlog import topics
from bus.sharing import lifecycle
from bus.sharing.regrant import Edition, Mark
from bus.step import Step


def sources(app: App) -> dict[str, str]:
    """Name of the process, sharing.<entity> → the topic that it reads, of all entities that are shared now."""
    return {f"sharing.{entity}": sharing.source(entity) for entity in sorted(set(_entities(app).values()))}


def _entities(app: App) -> dict[str, str]:
    """Agreement in force → its entity."""
    return {each.id: each.entity for each in lifecycle.in_force(app.standings().values(), sharing.now())}


class Host:
    """Which steps are to run together now: of each agreement in force the one of the grant that its subscriber knows of."""

    def __init__(self, app: App, source: str, alone: bool = False) -> None:
        """`source`: the topic read; `alone`: nobody else is there to go on meanwhile, so changes of grants are told right here."""
        self._app, self._source, self._alone = app, source, alone
        self._shared = sharing.common(app, source, 2 * app.settings.batch_records)
        self._lookouts: dict[str, Lookout] = {}
        self._telling: dict[str, subprocess.Popen[bytes]] = {}

    def __call__(self) -> Mapping[str, Callable[[], Step]]:
        """The steps by agreement and grant: under another grant it is another step."""
        told, found = regranting.marks(self._app.log), {}
        for id in (id for id, entity in _entities(self._app).items() if sharing.source(entity) == self._source):
            lookout = self._lookouts.setdefault(id, Lookout(self._app, id))
            try:
                edition = lookout.edition()
            except NotInForce:  # as of this moment
                continue
            if self._alone or id not in told or told[id] == Mark(edition):
                found[f"{topics.share(id)} {edition}"] = partial(self._made, lookout)
            else:
                self._tell(id)
        return found

    def _made(self, lookout: Lookout) -> Step:
        edition: Edition = regranting.bring_up(self._app, lookout)
        return sharing.step_of(self._app, lookout, edition, self._shared)

    def _tell(self, id: str) -> None:
        """Have the change told, unless that is going on; what fails is tried again when this is asked next."""
        running = self._telling.get(id)
        if running is None or running.poll() is not None:
            command = [*civicbus(), "run", topics.share(id), "--until-idle"]
            self._telling[id] = subprocess.Popen(command, env=children_env(self._app), stdin=subprocess.DEVNULL)  # noqa: S603 (our own)
