"""How a department's file is laid out (`schemas/departments/<department>/<dataset>.source.yaml`), and what every source hands over."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bus.errors import ConfigRefused
from bus.publish.source import FileCheck, FileNote, Row, Source

__all__ = ["FileCheck", "FileNote", "Layout", "Row", "Source", "read_layout"]


class Layout(BaseModel):
    """How one dataset's file is read. Checked when it is loaded: a wrong word is refused with its place, before any file is opened.

    What each key means stands at the top of `schemas/departments/civil/marriage.source.yaml`. `title_rows`, `header_rows` and `line_end`
    say how the file is written; a reader finds the header by its names, so that one title row more refuses nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    file: str
    format: Literal["delimited", "workbook"]
    required: tuple[str, ...] = ()
    header_rows: tuple[int, ...] = (1,)
    secret_markers: tuple[str, ...] = ("国家秘密", "工作秘密")
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quoting: Literal["all", "minimal", "none"] = "minimal"
    escape: str | None = None
    line_end: str = "\n"
    null_text: str = ""
    sheets: Literal["all"] | tuple[str, ...] = "all"
    title_rows: tuple[int, ...] = ()
    fill_down: tuple[str, ...] = ()
    totals: tuple[str, ...] = ("合计", "总计", "小计")

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            codecs.lookup(name)
        except LookupError:
            raise ValueError("no such encoding") from None
        return name


def read_layout(raw: Mapping[str, Any], place: str = "") -> Layout:
    """The layout in `raw`, as read from YAML. Raises `ConfigRefused` naming the fields that are wrong (never their values)."""
    try:
        return Layout.model_validate(dict(raw))
    except ValidationError as refused:
        fields = ", ".join(".".join(map(str, e["loc"])) + ": " + e["type"] for e in refused.errors())
        raise ConfigRefused(
            f"The source layout is not usable: {fields}.", f"数据源布局不可用：{fields}。", place=place or str(raw.get("dataset", ""))
        ) from None
