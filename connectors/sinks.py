"""What every sink of shared events promises: it keeps the position together with what it did, so that nothing is done twice in effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

from bus.contracts.schema import Schema, Type
from bus.sharing.follow import Event


class Sink(Protocol):
    """Where events of one agreement go."""

    def positions(self) -> dict[int, int]:
        """Partition → the next offset, by what is kept there; {} at first."""
        ...

    def take(self, partition: int, events: Sequence[Event], next_offset: int) -> None:
        """Do these events and keep the position, both or neither."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Closing:
    """For `with`."""

    def close(self) -> None:
        """Let go of what is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def as_json(event: Event) -> dict[str, Any]:
    """An event for programs."""
    said = {**event._asdict(), "corrects": list(event.corrects), "disputed": list(event.disputed), "fields": dict(event.fields)}
    return {name: value for name, value in said.items() if value is not None}


def flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as cells: an address by its parts, a list by its items."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            found |= {f"{name}_{part}": each for part, each in value.items()}
        else:
            found[name] = "、".join(map(str, value)) if isinstance(value, list) else value
    return found


def columns_of(schema: Schema) -> dict[str, str]:
    """The columns that the granted fields of a shared contract make: name → text, double or boolean."""
    found: dict[str, str] = {}
    for field in schema.root.fields:
        node = next((each for each in field.type.branches if each.kind != "null"), field.type)
        if "how" not in field.annotations and field.name != "own_keys":
            continue
        if schema.resolve(node).kind == "record":
            found |= {f"{field.name}_{part.name}": "text" for part in schema.resolve(node).fields}
        else:
            found[field.name] = _kind(node)
    return found


def _kind(node: Type) -> str:
    return {"double": "double", "int": "double", "boolean": "boolean"}.get(node.kind, "text")
