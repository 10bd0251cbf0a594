"""One row of a department's file, with what is known about it: whom it concerns and how it departs from the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Subject = tuple[str, str, str]  # role, kind, id
Label = dict[str, Any]


class Column(NamedTuple):
    """A column and what kind of value it holds; the kind says which damage it can suffer."""

    name: str
    kind: str = ""
    options: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Table:
    """One of the seventeen layouts: where it is written and how."""

    department: str
    file: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    layout: str = "civil"  # civil | mysql | social | workbook
    full: bool = True  # each delivery complete; otherwise only what is new or has changed
    index: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, Column] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index.update({c.name: i for i, c in enumerate(self.columns)})
        self.kinds.update({c.name: c for c in self.columns})


@dataclass(slots=True)
class Entry:
    """A row. `damage` and `style` are the labels of truth/rows.jsonl; `whole` is damage to the row's own shape."""

    table: Table
    key: dict[str, str]
    cells: list[Any]
    subjects: list[Subject]
    identity: str = ""  # what changes.jsonl calls the row
    damage: list[Label] = field(default_factory=list)
    style: list[Label] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    whole: str = ""
    person: str = ""

    def get(self, column: str) -> Any:
        return self.cells[self.table.index[column]]

    def put(self, column: str, value: Any) -> None:
        self.cells[self.table.index[column]] = value

    def label(
        self,
        column: str | None,
        code: str,
        quirk: str,
        true: Any,
        clean: Any,
        *,
        recoverable: bool,
        needs: str = "row",
        also: tuple[str, ...] = (),
    ) -> None:
        """Note damage. A damaged column is not damaged again."""
        made: Label = {
            "column": column,
            "code": code,
            "true_value": true,
            "recoverable": recoverable,
            "clean": clean,
            "quirk": quirk,
            "needs": needs,
        }
        if also:
            made["also"] = list(also)
        if column is None:
            made["scope"] = "row"
        else:
            self.taken.add(column)
        self.damage.append(made)

    def styled(self, column: str, form: str, true: Any, clean: Any) -> None:
        """Note a readable deviation for which there is no code."""
        self.taken.add(column)
        self.style.append({"column": column, "form": form, "true_value": true, "clean": clean})

    def copy(self) -> Entry:
        """The same row, to be changed in the next delivery."""
        return Entry(
            self.table,
            self.key,
            list(self.cells),
            list(self.subjects),
            self.identity,
            list(self.damage),
            list(self.style),
            set(self.taken),
            self.whole,
            self.person,
        )

    def mended(self) -> bool:
        """Undo the first damage whose clean value is known to the department; whether there was one."""
        for made in self.damage:
            if made["column"] is not None and made["needs"] == "row" and made["clean"] not in (None, ""):
                self.put(made["column"], made["clean"])
                self.damage.remove(made)
                self.taken.discard(made["column"])
                return True
        return False

    def renew(self, column: str, value: Any) -> None:
        """The world changed: a new value, and no damage on it any more."""
        self.put(column, value)
        self.damage = [d for d in self.damage if d["column"] != column]
        self.style = [s for s in self.style if s["column"] != column]
        self.taken.discard(column)


def entry(table: Table, values: dict[str, Any], subjects: list[Subject], *, person: str = "") -> Entry:
    """A row of clean cells; columns not named are empty."""
    empty: Any = None if table.layout == "workbook" else ""
    cells = [values.get(c.name, empty) for c in table.columns]
    key = {k: str(values[k]) for k in table.key}
    return Entry(table, key, cells, subjects, person if table.layout == "workbook" and person else "".join(key.values()), person=person)
