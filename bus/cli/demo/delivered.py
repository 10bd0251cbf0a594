"""What a subscriber got under an agreement, and what was withheld from it: for people, in figures and by one example."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from bus.account import Shared
from bus.cli.agreement import words
from bus.cli.agreement.drafts import Draft
from bus.cli.context import App
from bus.cli.say import note, table
from bus.cli.subscribing import parts
from bus.sharing.exposure import granted
from bus.sharing.follow import Event

_EXAMPLE = 200  # characters of it that are shown


class Subscriber:
    """Somebody who follows an agreement as a service would: keeps the state of each subject, and the position with it."""

    def __init__(self, app: App, agreement: str) -> None:
        self._app, self._agreement = app, agreement
        self._position: dict[int, int] = {}
        self.state: dict[str, Mapping[str, Any]] = {}

    def read_on(self) -> list[Event]:
        """What came since the last time, in order; the state is then as of now."""
        fresh = list(self._new())
        for event in fresh:
            self.state.pop(event.subject, None)
            if not event.ended:
                self.state[event.subject] = event.fields
        return fresh

    def _new(self) -> Iterator[Event]:
        for part in parts(self._app, self._agreement, self._position, until_idle=True):
            self._position[part.partition] = part.next_offset
            yield from part.events


def show(draft: Draft, state: Mapping[str, Mapping[str, Any]], shared: Shared) -> None:
    """What it got, field by field, and what it did not get, with the reason."""
    agreement, offer = draft.agreement, draft.offer
    held = Counter(name for fields in state.values() for name, value in fields.items() if value not in (None, []))
    zh, en = words.COUNTED.get(agreement.entity, ("个对象", "subjects"))
    ways = granted(agreement)
    rows = [(words.field(name, offer), words.way(how), held[_column(name)]) for name, how in ways.items()]
    heads = ("信息项 field", "方式 how", f"有值的{zh} {en} with a value")
    table(f"{agreement.id} → {', '.join(agreement.subscribers)}: {len(state):,} {zh} {en}", heads, rows)
    if state:
        note(f"  例 for example: {_example(state)}")
    why = " · ".join(f"{words.WITHHELD.get(reason, reason)} {count:,}" for reason, count in shared.withheld.most_common())
    note(f"  未交付 withheld: {shared.withheld.total():,} / {shared.published:,} 条记录 records: {why}")
    others = [item for item in offer.items if item not in ways]
    note(f"  未列入协议、从不交付的信息项 fields it does not name, which nobody gets: {len(others)} ({', '.join(others[:6])} …)")


def _column(name: str) -> str:
    """The field of the shared record that something granted goes out in."""
    return "own_keys" if name == "subject" else name.replace("links.", "links_")


def _example(state: Mapping[str, Mapping[str, Any]]) -> str:
    """The subject of which most is known."""
    subject, fields = max(state.items(), key=lambda each: (sum(value is not None for value in each[1].values()), each[0]))
    text = json.dumps({"subject": subject, **fields}, ensure_ascii=False)
    return text if len(text) <= _EXAMPLE else f"{text[:_EXAMPLE]}…"
