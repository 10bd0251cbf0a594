"""A page in a real browser (headless Chromium): what it says on its console, and what is to be seen at a width."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any, NamedTuple

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_PROBE = """<!doctype html><meta charset="utf-8"><title>probe</title>
<iframe style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe><pre id="found"></pre>
<script>
addEventListener("load", () => {{
  const page = document.querySelector("iframe").contentDocument;
  const style = (of) => page.defaultView.getComputedStyle(of);
  const seen = [...page.querySelectorAll("body *")].filter((each) => each.getClientRects().length);
  const ground = (of) => {{
    while (of.parentElement && style(of).backgroundColor === "rgba(0, 0, 0, 0)") of = of.parentElement;
    return style(of).backgroundColor;
  }};
  const texts = seen.filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  document.querySelector("#found").textContent = JSON.stringify({{
    wide: page.documentElement.scrollWidth,
    over: seen.filter((each) => each.getBoundingClientRect().right > {width} + 1).map((each) => each.outerHTML.slice(0, 90)),
    cells: seen.filter((each) => each.matches("td:not(.own)")).map((each) => [each.className, each.innerText]),
    dangling: [...page.querySelectorAll("a")].map((each) => each.getAttribute("href")).filter((to) => !page.querySelector(to)),
    colours: texts.map((each) => [style(each).color, ground(each), each.textContent.trim().slice(0, 30)]),
    title: page.title, headings: [...page.querySelectorAll("h1,h2,h3")].map((each) => each.tagName),
  }});
}});
</script>"""


class Seen(NamedTuple):
    """What a browser shows. `console`: what it complained about; `cells`: (class, text) of those to be seen; `over`: what sticks out on the
    right; `colours`: (colour, ground, text) of each text."""

    console: list[str]
    wide: int
    over: list[str]
    cells: list[list[str]]
    dangling: list[str]
    colours: list[list[str]]
    title: str
    headings: list[str]


def look(page: str, width: int, folder: Path) -> Seen:
    """Open a page at a width of so many CSS pixels."""
    file = folder / f"probe-{width}.html"
    file.write_text(_PROBE.format(width=width, page=escape(page)), encoding="utf-8")
    done = run("--dump-dom", "--window-size=1600,1200", "--enable-logging=stderr", "--virtual-time-budget=5000", file.as_uri())
    (found,) = re.findall(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    said: dict[str, Any] = json.loads(unescape(found))
    return Seen([line for line in done.stderr.splitlines() if "CONSOLE" in line], **said)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the browser; its absence is a failure that names the package."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert found, "a browser is missing: install the package `chromium-headless-shell` or `chromium`"
    command = [found, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as a browser writes them (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
