"""`civicbus watch add | remove | list`: whom a subscriber registered, where its agreement is limited to a watch list.

Numbers come from a file or standard input, a line each, and are made tokens at once: none stands in the log, in a message or in a diary.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bus.cli import sharing
from bus.cli.agreement.office import refuse_who_may_not
from bus.cli.context import App, of, person
from bus.cli.say import note, out
from bus.cli.sharing import Lookout
from bus.errors import FileRefused, WrongUse
from bus.eventlog import topics
from bus.eventlog.dead_letter import iso
from bus.resolver.identify import subject_of
from bus.sealing import token
from bus.sharing import audit
from bus.sharing.pseudonym import Pseudonym, pseudonyms
from bus.sharing.watching import WatchList, change
from bus.standards.ids import read_citizen_number

_group = typer.Typer(no_args_is_help=True, help="Watch lists: whom a subscriber registered. 关注名单：登记、取消、查看。")
_Agreement = Annotated[str, typer.Argument(metavar="AGREEMENT", help="its id 协议编号")]
_NUMBERS = "citizen numbers, a line each; default standard input 证件号码文件"
_Numbers = Annotated[Path | None, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help=_NUMBERS)]
_SHOWN = 20  # wrong lines that are named
_AT_ONCE = 5000  # registrations in one record of the log


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.add_typer(_group, name="watch")


@_group.command("add")
def add(ctx: typer.Context, agreement: _Agreement, file: _Numbers = None) -> None:
    """Register residents: each is delivered with its state, then its changes. Prints which stand-in each line has. 登记关注对象。"""
    app = of(ctx)
    tokens, stand_in = _tokens(app, _numbers(file)), _list(app, agreement)
    there = WatchList(agreement).read_on(app.log).by_token
    subjects = {each: _subject(app, each) for each in tokens.values()}
    new = [each for each in subjects if each not in there]
    for some in _lots(new):
        marks = [audit.mark(app.keys, subjects[each].encode()) for each in some]
        change(app.log, agreement, person(app), sharing.now(), {each: subjects[each] for each in some}, (), marks)
    for line, each in tokens.items():
        out({"line": line, "subject": stand_in("subject", subjects[each])})
    note(f"{agreement}: {len(new):,} registered, {len(subjects) - len(new):,} were before. 新登记 {len(new):,} 人。")


@_group.command("remove")
def remove(ctx: typer.Context, agreement: _Agreement, file: _Numbers = None) -> None:
    """Take residents off the list: each is ended at the subscriber. 取消登记。"""
    app = of(ctx)
    tokens, _ = _tokens(app, _numbers(file)), _list(app, agreement)
    there = WatchList(agreement).read_on(app.log).by_token
    gone = [each for each in dict.fromkeys(tokens.values()) if each in there]
    for some in _lots(gone):
        marks = [audit.mark(app.keys, there[each].subject.encode()) for each in some]
        change(app.log, agreement, person(app), sharing.now(), {}, some, marks)
    note(f"{agreement}: {len(gone):,} taken off. 已取消 {len(gone):,} 人。")


@_group.command("list")
def list_(ctx: typer.Context, agreement: _Agreement) -> None:
    """Who is registered, by stand-in, since when and by whom; never a number. 查看登记（仅假名）。"""
    app = of(ctx)
    stand_in = _list(app, agreement)
    for each in WatchList(agreement).read_on(app.log).by_token.values():
        out({"subject": stand_in("subject", each.subject), "since": iso(each.at), "by": each.by})


def _list(app: App, agreement: str) -> Pseudonym:
    """The stand-ins of the agreement. Raises `NotInForce`, and `WrongUse` for one without a watch list."""
    lookout = Lookout(app, agreement)
    edition = lookout.edition()
    if (held := lookout.standing.holding) is not None:
        refuse_who_may_not(app, "watch", held.agreement)
    grant = sharing.grant_of(app, lookout.standing, edition)
    if grant.watched is None:
        raise WrongUse(
            "This agreement is not limited to a watch list.",
            "该协议未限定关注名单。",
            place=agreement,
            hint="It needs rows: {watch_list: true}.",
            hint_zh="协议须写明 rows: {watch_list: true}。",
        )
    app.log.create([topics.spec(topics.WATCH)])
    return pseudonyms(app.keys, agreement, edition.epoch)


def _numbers(file: Path | None) -> Iterator[tuple[int, str]]:
    """Line and number, of the lines that hold anything."""
    if file is None and sys.stdin.isatty():
        note("Numbers, a line each, then ctrl-D. 每行一个证件号码，以 ctrl-D 结束。")
    text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8-sig", errors="replace")
    yield from ((line, number) for line, each in enumerate(text.splitlines(), 1) if (number := each.strip()))


def _tokens(app: App, numbers: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Line → what stands for its number. Raises `FileRefused` naming every line that holds none, with its code; nothing is changed then."""
    today = datetime.now(UTC).date()
    found, wrong = {}, []
    for line, number in numbers:
        read = read_citizen_number(number, today)
        if read.value is None:
            wrong.append(f"{line} {' '.join(read.codes)}")
        else:
            found[line] = token(app.keys, read.value.kind, read.value.number)
    if wrong:
        shown = ", ".join(wrong[:_SHOWN]) + (" …" if len(wrong) > _SHOWN else "")
        raise FileRefused(
            f"{len(wrong)} lines hold no citizen number: {shown}.",
            f"{len(wrong)} 行不是公民身份号码：{shown}。",
            hint="Mend these lines and register again: nothing was changed.",
            hint_zh="请更正后重新登记；本次未作任何改动。",
        )
    return found


def _subject(app: App, each: str) -> str:
    return subject_of(app.keys, "resident", f"token:{each}").hex()


def _lots(tokens: Sequence[str]) -> Iterator[Sequence[str]]:
    return (tokens[first : first + _AT_ONCE] for first in range(0, len(tokens), _AT_ONCE))
