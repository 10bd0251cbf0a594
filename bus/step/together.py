"""Several steps that read the same, in one process: they take turns, a batch each, and what one of them decoded the next has at hand.

Each keeps a group, a position, a transaction and a view of its own. One that fails pauses, and one that is refused is put away, while the
others go on; what takes the process down (a record that does, a hang) takes all of them, and the next process goes on with each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress

from bus.diary import diary
from bus.errors import BusError
from bus.eventlog.port import EventLog
from bus.step.loop import LOOK_S, POLL_S, Options, Running, Step, calm_collector
from bus.step.watch import Watch

_SHORTEST_POLL_S = 0.02

Wanted = Callable[[], Mapping[str, Callable[[], Step]]]
"""The steps that are to run now, by name, and how each is made. Asked every few seconds."""


def run_together(log: EventLog, wanted: Wanted, options: Options) -> int:
    """Run the wanted steps until stopped, or (`until_idle`) until all that was published is through for each. The number of records
    committed. A step that cannot be made, or ends by an error, is tried again a few seconds later; with `until_idle` the error is raised
    once the others are through."""
    calm_collector()
    with Watch(options.stall_s) as watch, ExitStack() as stack:
        company = _Company(log, options, watch)
        stack.callback(company.close)
        while not options.stopped():
            company.look(wanted)
            if options.until_idle and not company.at_work:
                break
            company.round()
        if options.until_idle and company.error is not None:
            raise company.error
        return company.committed


class _Company:
    """The steps at work."""

    def __init__(self, log: EventLog, options: Options, watch: Watch) -> None:
        self._log, self._options, self._watch = log, options, watch
        self._running: dict[str, Running] = {}
        self._through: set[str] = set()  # with `until_idle`: those that came to their end
        self._look_at = 0.0
        self._committed = 0
        self.error: BusError | None = None

    @property
    def at_work(self) -> bool:
        """Whether any of them is."""
        return bool(self._running)

    @property
    def committed(self) -> int:
        """Records that they committed."""
        return self._committed + sum(each.committed for each in self._running.values())

    def look(self, wanted: Wanted) -> None:
        """Now and then: begin those that came, end those that went."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_S
        try:
            now = wanted()
        except BusError as error:  # asked again soon; each step asks for itself whether it may go on
            self._note("steps", error)
            return
        for name in self._running.keys() - now.keys():
            self._put_away(name)
        for name in now.keys() - self._running.keys() - self._through:
            self._begin(name, now[name])

    def round(self) -> None:
        """A turn for each."""
        poll_s = max(_SHORTEST_POLL_S, POLL_S / max(1, len(self._running)))
        if not self._running:
            self._watch.beat()
            time.sleep(poll_s)
        for name, running in list(self._running.items()):
            try:
                running.turn(poll_s)
            except BusError as error:
                self._note(name, error)
                self._put_away(name)
                continue
            if running.done:
                self._put_away(name)

    def close(self) -> None:
        """End all."""
        for name in list(self._running):
            self._put_away(name)

    def _begin(self, name: str, make: Callable[[], Step]) -> None:
        try:
            self._running[name] = Running(self._log, make(), self._options, self._watch).__enter__()
        except BusError as error:
            self._note(name, error)

    def _put_away(self, name: str) -> None:
        running = self._running.pop(name)
        self._committed += running.committed
        if self._options.until_idle:
            self._through.add(name)
        with suppress(BusError):  # what could not be given back is taken from it: its lease runs out
            running.__exit__(None, None, None)

    def _note(self, name: str, error: BusError) -> None:
        self.error = error
        if self._options.until_idle:
            self._through.add(name)
        diary(name).error("put away", code=error.code, place=error.place)
