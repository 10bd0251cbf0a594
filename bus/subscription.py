"""For programs: the events of an agreement, as an iterator. What else there is to do is done by commands (`bus.cli`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bus.sharing.follow import Event


def subscribe(
    agreement: str, *, log: str | None = None, start: str | Mapping[int, int] = "beginning", until_idle: bool = False
) -> Iterator[Event]:
    """The events of an agreement: first the state, then every change, those of a subject in order, until it ends or (`until_idle`) there is
    nothing more.

    `log`: as the option `--log`, default as everywhere from the environment; `start`: "beginning", a time (ISO 8601), or where you stand:
    partition → `event.offset + 1` of the last event done of it. Keep that together with what you did, and every event is done once in
    effect. The event_id of the last event done of each partition, with commas between them, says the same as long as these events are kept.
    Raises `bus.errors.NotInForce` when the agreement is not in force (any more), `WrongUse` for an event that is not there."""
    from bus.cli.context import App
    from bus.cli.subscribing import events
    from bus.config import read_settings

    app = App(read_settings({"log": log}))
    try:
        yield from events(app, agreement, start, until_idle)
    finally:
        app.close()
