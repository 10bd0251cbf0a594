"""The barrier matrix as a page that stands alone: no network, no script, read on a wall, a telephone or paper. Pure: cells in, HTML out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from bus.cli.agreement import words as agreements
from bus.cli.matrix import words
from bus.cli.matrix.words import STATES, Names
from bus.eventlog.dead_letter import iso
from bus.sharing.cells import Cell, Request, State
from bus.sharing.lifecycle import day_of

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for this page: nothing but the style that stands in it."""
_TOLD: Sequence[State] = ("broken", "stale", "waiting", "refused", "flowing")
"""The states that are explained cell by cell, first what somebody should see to."""


def page(cells: Sequence[Cell], names: Names, at: int) -> str:
    """The page. `at`: the time (ms) as of which the cells are."""
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    asked = sorted((cell for cell in cells if cell.state in _TOLD), key=lambda cell: _TOLD.index(cell.state))
    return "\n".join(
        (
            '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>信息壁垒 The information barrier · {day_of(at)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>",
            f"<header>\n<h1>信息壁垒 {_en('The information barrier')}</h1>",
            f"<p>{_both(*_sentence(cells, at))}</p>\n{_shares(cells)}\n</header>",
            _table(cells, names, at),
            f"<h2>逐项说明 {_en('Cell by cell')}</h2>",
            *(_article(cell, names, at) for cell in asked),
            f"<footer>{_both('不含任何个人信息。', 'Nothing of any person stands here.')} civicbus matrix · {iso(at)}</footer>",
            "</main>\n</body>\n</html>\n",
        )
    )


def _en(text: str) -> str:
    return f'<span lang="en">{escape(text)}</span>'


def _both(zh: str, en: str) -> str:
    return f"{escape(zh)} {_en(en)}"


def _sentence(cells: Sequence[Cell], at: int) -> tuple[str, str]:
    counted = Counter(cell.state for cell in cells)
    flowing, unasked = counted["flowing"], counted["never_asked"]
    return (
        f"截至 {day_of(at)}，部门之间可以共享的数据有 {len(cells)} 项，其中 {flowing} 项畅通，{unasked} 项从未有人申请。",
        f"On {day_of(at)} there are {len(cells)} ways in which data could go from one department to another. "
        f"{flowing} flow, {unasked} were never asked for.",
    )


def _shares(cells: Sequence[Cell]) -> str:
    """The states by their share, and what each means."""
    counted = Counter(cell.state for cell in cells)
    bar = "".join(f'<i class="{name}" style="--n:{counted[name]}"></i>' for name in STATES if counted[name])
    legend = "\n".join(
        f'<li class="{name}"><b>{_mark(name)} {counted[name]}</b> {_both(shown.zh, shown.en)}'
        f"<small>{_both(shown.means_zh, shown.means_en)}</small></li>"
        for name, shown in STATES.items()
    )
    return f'<div class="share" aria-hidden="true">{bar}</div>\n<ul class="legend">\n{legend}\n</ul>'


def _table(cells: Sequence[Cell], names: Names, at: int) -> str:
    heads = "".join(f'<th scope="col">→ {_both(each.zh, each.en)}</th>' for each in names.departments.values())
    said = {(cell.provider, cell.item, cell.consumer): cell for cell in cells}
    rows: list[str] = []
    for provider in dict.fromkeys(cell.provider for cell in cells):
        given = names.departments[provider]
        title = _both(f"{given.zh} 提供", f"{given.en} gives")
        rows.append(f'<tr class="provider"><th scope="rowgroup" colspan="{len(names.departments) + 1}">{title}</th></tr>')
        for item in dict.fromkeys(cell.item for cell in cells if cell.provider == provider):
            found = (said.get((provider, item, consumer)) for consumer in names.departments)
            named = names.items[item]
            rows.append(f'<tr><th scope="row">{_both(named.zh, named.en)}</th>{"".join(_cell(each, names, at) for each in found)}</tr>')
    caption = _both(
        "行：谁提供什么；列：给谁。点击单元格查看说明。", "Rows: who gives what; columns: to whom. A cell leads to its explanation."
    )
    head = f'<th scope="col">数据项 {_en("item")}</th>{heads}'
    return f"<table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{_lines(rows)}\n</tbody>\n</table>"


def _mark(state: State) -> str:
    """The sign of a state, for eyes alone: beside it stands the word."""
    return f'<span aria-hidden="true">{STATES[state].mark}</span>'


def _cell(cell: Cell | None, names: Names, at: int) -> str:
    if cell is None:
        return f'<td class="own">{_both("本部门", "its own")}</td>'
    consumer = names.departments[cell.consumer]
    told = f"<b>{_mark(cell.state)} {_both(*words.state(cell))}</b>"
    if cell.state in _TOLD:
        told = f'<a href="#{_anchor(cell)}">{told}</a>'
    volume_zh, volume_en = words.volume(cell)
    age_zh, age_en = words.age(cell.newest, at)
    small = f"<small>{_both(f'{volume_zh} · {age_zh}', f'{volume_en} · {age_en}')}</small>"
    to = f'<span class="to">→ {_both(consumer.zh, consumer.en)}</span>'
    return f'<td class="{cell.state}">{to}{told}{small}</td>'


def _article(cell: Cell, names: Names, at: int) -> str:
    """One cell in words, with each agreement that is about it."""
    provider, consumer, item = names.departments[cell.provider], names.departments[cell.consumer], names.items[cell.item]
    head = f"{provider.zh} → {consumer.zh} · {item.zh}", f"{provider.en} → {consumer.en} · {item.en}"
    en, zh = cell.reason
    parts = [
        f'<article class="{cell.state}" id="{_anchor(cell)}">\n<h3>{_both(*head)}</h3>',
        f'<p><span class="chip">{_both(*words.state(cell))}</span> {_both(zh, en)}</p>',
        *(_request(each, names, at, alone=len(cell.requests) == 1) for each in cell.requests),
        "</article>",
    ]
    return _lines(parts)


def _request(request: Request, names: Names, at: int, alone: bool) -> str:
    """An agreement that is about a cell; how it stands only where that is not said by the cell already."""
    agreement, flow = request.agreement, request.flow
    offer = names.offers[agreement.entity]
    fields = "；".join(agreements.field(name, offer) for name in request.fields)
    en, zh = request.reason
    title = f"{_both(agreement.title.zh, agreement.title.en)} <code>{escape(agreement.id)}@{request.version}</code>"
    said = [
        ("协议", "agreement", title),
        *(() if alone else [("情况", "state", _both(f"{STATES[request.state].zh}：{zh}", f"{STATES[request.state].en}: {en}"))]),
        ("信息项", "fields", escape(fields)),
        ("依据", "basis", escape(agreement.basis)),
        ("用途", "purpose", escape(agreement.purpose)),
        ("期限", "until", escape(agreement.until.isoformat())),
    ]
    if flow.read:
        why = "；".join(f"{agreements.WITHHELD.get(reason, reason)} {count:,}" for reason, count in sorted(flow.withheld.items()))
        said.append(("已交付", "delivered", f"{flow.delivered:,} · {_both(*words.age(flow.newest, at))}"))
        said.append(("未交付", "withheld", escape(why or "0")))
    return f"<dl>{''.join(f'<dt>{_both(zh_, en_)}</dt><dd>{value}</dd>' for zh_, en_, value in said)}</dl>"


def _anchor(cell: Cell) -> str:
    return f"{cell.provider}-{cell.consumer}-{cell.item}"


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(parts)
