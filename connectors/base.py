"""How a department's file is laid out (`schemas/departments/<department>/<dataset>.source.yaml`), and what every source hands over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bus.errors import ConfigRefused
from bus.publish.source import FileCheck, FileNote, Row, Source

__all__ = ["FileCheck", "FileNote", "Layout", "NotData", "Row", "Source", "read_layout"]


class NotData(BaseModel):
    """Which rows of a workbook are no data. `total`: a cell that begins with one of these words, in any of the first columns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    total: tuple[str, ...] = ("合计", "总计", "小计", "共计")


class Layout(BaseModel):
    """How one dataset's file is read. Checked when it is loaded: a wrong word is refused with its place, before any file is opened.

    `columns` are the source's own column names in the contract's order, `key` those whose absence refuses the file; both are filled in
    from the contract when the layout does not name them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    format: Literal["delimited", "workbook"]
    file: str
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quoting: Literal["all", "minimal", "none"] = "minimal"
    null: str = ""
    escape: str | None = None
    line_end: str | None = None
    header_rows: int | tuple[int, ...] = 1
    sheets: Literal["all"] | tuple[str, ...] = "all"
    not_data: NotData = NotData()
    fill_down: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    secret_markers: tuple[str, ...] = ("密级",)


def read_layout(raw: Mapping[str, Any], place: str = "") -> Layout:
    """The layout in `raw`, as read from YAML. Raises `ConfigRefused` naming the fields that are wrong (never their values)."""
    try:
        return Layout.model_validate(dict(raw))
    except ValidationError as refused:
        fields = ", ".join(".".join(map(str, e["loc"])) + ": " + e["type"] for e in refused.errors())
        raise ConfigRefused(
            f"the source layout is not usable: {fields}", f"数据源布局不可用：{fields}", place=place or str(raw.get("dataset", ""))
        ) from None
