"""The page of the barrier matrix, in a real browser: it stands alone, shows every cell, fits a telephone, and can be read by everybody."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bus.cli.matrix.page import page
from bus.cli.matrix.words import STATES, Names
from bus.sharing.cells import Cell
from bus.sharing.matrix import matrix
from tests.browser import Seen, contrast, look, run
from tests.sharing.barrier import DAY, SHARED, catalogue, city, items, on_offer
from tests.sharing.test_lifecycle import START, Story

NAMES = Names(catalogue().departments, {item.name: item for item in items()}, on_offer())
HOSTILE = "</dd><script>alert(1)</script><img src=//x.example/>"
LATER = START + 15 * DAY


def every_state() -> list[Cell]:
    """A city in which every state is to be seen, in the words of somebody who means ill."""
    stories = {
        "flowing": Story().submit().applied(),
        "broken": Story()
        .submit(links={"owner": "count"}, fields={"status": "clear"}, consumer="social")
        .applied()("suspend", reason=HOSTILE),
        "waiting": Story().submit(entity="organization", fields={"name": "clear"}, consumer="social", purpose=HOSTILE),
        "refused": Story().submit(fields={"management": "clear"})("refuse", reason=HOSTILE),
    }
    lease = next(name for name, item in on_offer()["lease"].items.items() if item.kind == "word")
    stories["stale"] = Story().submit(entity="lease", fields={lease: "clear"}).applied()
    standings = [replace(story.standing, id=state) for state, story in stories.items()]
    known = city(*standings, at=LATER, heard=LATER - DAY)
    return matrix(known._replace(flows={"flowing": SHARED, "stale": SHARED._replace(waiting=START)}))


@pytest.fixture(scope="module")
def html() -> str:
    cells = every_state()
    assert {cell.state for cell in cells} == set(STATES)
    return page(cells, NAMES, LATER)


@pytest.fixture(scope="module", params=[360, 1280])
def seen(request: pytest.FixtureRequest, html: str, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return look(html, request.param, tmp_path_factory.mktemp("browser"))


def test_it_opens_without_a_complaint_and_every_cell_is_to_be_seen_with_its_state_in_words(seen: Seen) -> None:
    assert seen.console == []
    assert [name for name, _ in seen.cells] == [cell.state for cell in every_state()]
    for name, text in seen.cells:
        shown = STATES[name]  # type: ignore[index]
        assert shown.zh in text and shown.en in text


def test_nothing_sticks_out_on_a_telephone_or_a_desk(seen: Seen) -> None:
    assert seen.over == []
    assert seen.wide in (360, 1280)


def test_every_text_stands_out_from_its_ground(seen: Seen) -> None:
    """WCAG 2.2, 1.4.3 (AA)."""
    faint = {text for colour, ground, text in seen.colours if contrast(colour, ground) < 4.5}
    assert faint == set()


def test_every_link_leads_somewhere_and_headings_come_in_order(seen: Seen) -> None:
    assert seen.dangling == []
    assert (seen.headings[:2], set(seen.headings[2:])) == (["H1", "H2"], {"H3"})
    assert seen.title.startswith("信息壁垒 The information barrier")


def test_a_cell_that_waits_says_for_how_long_and_that_it_is_overdue(seen: Seen) -> None:
    (waiting,) = [text for name, text in seen.cells if name == "waiting"]
    assert "11 个工作日，逾期" in waiting and "11 working days, overdue" in waiting


def test_it_loads_nothing_and_runs_nothing_also_what_is_written_into_an_agreement(html: str) -> None:
    assert HOSTILE not in html and "alert(1)" in html
    assert not re.search(r"<(script|img|link|iframe|object)|https?://|url\(|@import", html)
    assert "default-src 'none'" in html


def test_it_prints(html: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    run(f"--print-to-pdf={tmp_path / 'page.pdf'}", (tmp_path / "page.html").as_uri())
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
