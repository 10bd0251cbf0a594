"""What a log may be told about who may do what: plain values, and what an adapter that keeps them promises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

Thing = Literal["topic", "group", "transaction", "cluster"]
Deed = Literal["read", "write", "describe", "create", "delete", "alter", "alter_configs"]
"""Who may read, write, alter or delete may describe too, and who may alter settings read them; it need not be said."""


CLUSTER = "kafka-cluster"
"""The name of the one thing of its kind."""


class Rule(NamedTuple):
    """A principal may do this with one thing, or (`prefixed`) with all whose name begins so. Names are whole: with the namespace.
    `denied` and `host` never stand in a rule of ours; one that somebody made by hand may have them."""

    principal: str
    thing: str
    name: str
    prefixed: bool
    deed: str
    denied: bool = False
    host: str = "*"

    def __str__(self) -> str:
        shown = f"{self.principal} {'denied ' if self.denied else ''}{self.deed} {self.thing} {self.name}{'*' if self.prefixed else ''}"
        return shown if self.host == "*" else f"{shown} from {self.host}"


class Gate(Protocol):
    """Who may do what on a log that knows who connects. Everything raises `NotAllowed` for whoever may not administer it."""

    def guarded(self) -> bool:
        """Whether it holds anybody to rules at all."""
        ...

    def rules(self) -> set[Rule]:
        """All there are."""
        ...

    def allow(self, rules: Iterable[Rule]) -> None: ...

    def withdraw(self, rules: Iterable[Rule]) -> None:
        """Take exactly these rules away. Counts from the next request on, also of who is connected."""
        ...

    def users(self) -> set[str]:
        """Who has a password here."""
        ...

    def set_password(self, user: str, password: str) -> None: ...

    def remove_users(self, users: Iterable[str]) -> None:
        """Who is connected stays so until the connection ends; without rules it is of no use."""
        ...

    def groups(self, prefix: str) -> list[str]:
        """The groups whose name (without the namespace) begins so."""
        ...
