"""The picture of how statements become one file says what the rules say, and the page around it names what exists."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from typer.main import get_command

from bus.cli import commands as command_line
from bus.resolver.survivorship import merge
from bus.sharing.items import offers
from tests.docs.markdown import ROOT
from tests.resolver.test_survivorship import RESIDENT, said
from tests.sharing.barrier import catalogue

FOLDER = ROOT / "docs"
PICTURE = ElementTree.parse(FOLDER / "one-file.svg").getroot()
PAGE = (FOLDER / "one-file.md").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def fields(group: ElementTree.Element) -> list[ElementTree.Element]:
    """The texts of a group that show a value."""
    return [text for text in group.iter(f"{SVG}text") if "data-field" in text.attrib]


def groups(kind: str) -> list[ElementTree.Element]:
    return [each for each in PICTURE.iter(f"{SVG}g") if each.get("class") == kind]


def test_the_file_in_the_picture_is_what_comes_of_the_statements_in_it() -> None:
    statements = [
        said(group.attrib["data-dataset"], at, **{text.attrib["data-field"]: text.text for text in fields(group)})
        for at, group in enumerate(groups("statement"))
    ]
    (shown,) = groups("file")
    held = merge(statements, RESIDENT).fields
    assert {
        text.attrib["data-field"]: (text.text, *(text.attrib[f"data-{name}"] for name in ("department", "agree", "disputed")))
        for text in fields(shown)
    } == {name: (each.value, each.by.department, str(each.agree), str(each.disputed).lower()) for name, each in held.items()}


def test_the_datasets_of_the_picture_speak_of_residents() -> None:
    speak = {dataset for of in offers(catalogue())["resident"].datasets.values() for dataset in of}
    assert {group.attrib["data-dataset"] for group in groups("statement")} <= speak


def test_who_cannot_see_the_picture_is_told_what_it_shows() -> None:
    assert PICTURE.get("role") == "img"
    assert PICTURE.find(f"{SVG}title") is not None and PICTURE.find(f"{SVG}desc") is not None


def test_every_file_and_command_that_the_page_names_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert (FOLDER / target).exists(), target
    commands = set(get_command(command_line()).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"`civicbus ([a-z]+)", PAGE)) <= commands
