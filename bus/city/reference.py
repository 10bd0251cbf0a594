"""What lies beside the files: the city's own tables (common/) and how the departments made theirs (.ddl.sql)."""

from __future__ import annotations

from pathlib import Path

from bus.city.entry import Table
from bus.city.places import Plan
from bus.city.state import StreetLife
from bus.city.tables import APPEAL, FAMILY, LEASE, MEMBER, STEP, TREATMENT
from bus.city.truth import Truth


class Common:
    """common/divisions.csv with past codes and their successors, and common/compounds.csv. UTF-8 with BOM."""

    def __init__(self, folder: Path, delivery: str, city: Plan, truth: Truth) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.delivery, self.truth, self.rows = delivery, truth, 1
        lines = ["code12,name,level,parent,valid_from,valid_to,successor", *(",".join(d) for d in city.divisions)]
        (folder / "divisions.csv").write_bytes(("\ufeff" + "\r\n".join(lines) + "\r\n").encode())
        truth.not_data(delivery, "common", "divisions.csv", None, 1, "header")
        for row, d in enumerate(city.divisions, 2):
            truth.common(delivery, "divisions.csv", row, {"code12": d.code, "valid_from": d.valid_from})
        self._file = (folder / "compounds.csv").open("wb")
        self._file.write("\ufeffcompound_code,standard_name,community_code,address,aliases\r\n".encode())
        truth.not_data(delivery, "common", "compounds.csv", None, 1, "header")

    def compounds(self, life: StreetLife) -> None:
        """The street's compounds and villages."""
        for c in life.compounds:
            self.rows += 1
            address = f"{life.street.county}{life.street.name}{'' if c.village else f'{c.road}{c.road_no}号'}{c.name}"
            self._file.write(f"{c.code},{c.name},{c.community.code},{address},{'|'.join(c.aliases)}\r\n".encode())
            self.truth.common(self.delivery, "compounds.csv", self.rows, {"compound_code": c.code}, c.id)

    def close(self) -> None:
        self._file.close()


def ddl(folder: Path) -> None:
    """The statements beside the three systems that are databases."""
    _write(folder / "housing" / "ZL_HTBA.ddl.sql", [_mysql(LEASE, "utf8")])
    _write(folder / "civil" / "DB.ddl.sql", [_oracle(t) for t in (FAMILY, MEMBER, TREATMENT)])
    _write(folder / "social" / "SQ.ddl.sql", [_mysql(t, "utf8mb4") for t in (APPEAL, STEP)])


def _write(path: Path, statements: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\n".join(statements).encode())


def _oracle(table: Table) -> str:
    name = table.file.removesuffix(".csv")
    rows = [f"  {c.name:<24}VARCHAR2({_width(c.name)})" + (" NOT NULL" if c.name in table.key else "") for c in table.columns]
    return f"CREATE TABLE {name} (\n" + ",\n".join([*rows, f"  CONSTRAINT PK_{name} PRIMARY KEY ({', '.join(table.key)})"]) + "\n);\n"


def _width(column: str) -> int:
    return 19 if column.endswith("_TIME") else 10 if column == "BIRTHDAY" else 200 if "ADDRESS" in column else 50


def _mysql(table: Table, charset: str) -> str:
    name = table.file.removesuffix(".csv")
    rows = [f"  `{c.name}` varchar(200) {'NOT NULL' if c.name in table.key else 'DEFAULT NULL'}" for c in table.columns]
    key = ", ".join(f"`{k}`" for k in table.key)
    return f"CREATE TABLE `{name}` (\n" + ",\n".join([*rows, f"  PRIMARY KEY ({key})"]) + f"\n) ENGINE=InnoDB DEFAULT CHARSET={charset};\n"
