"""`civicbus publish DATASET PATH...`: check files and publish them; say what became of every row, to a person."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bus.cli import say
from bus.cli.context import App, of, refuse_who_does_not
from bus.cli.steps import state_of_log
from bus.contracts.catalog import Contract
from bus.errors import FileRefused
from bus.eventlog import topics
from bus.publish.lead import Lead
from bus.publish.publisher import Publication, check_only
from bus.publish.publisher import publish as publish_file
from bus.publish.report import Report, Sink, report_file
from bus.quality import CODES
from connectors.base import read_layout
from connectors.files import open_source

_ON_RAW = ("normalizer",)  # the steps that work on what is published


def publish(
    ctx: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DEPARTMENT.DATASET", help="what the files hold 数据集，如 civil.marriage")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="the files 文件")],
    delivery: Annotated[str, typer.Option(help="name of the delivery; default: the folder's 交付批次，默认取目录名")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check only, publish nothing 只检查不发布")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="every refused row with its reason, as .xlsx, .csv or .json 结果报告")
    ] = None,
    progress: Annotated[bool, typer.Option(help="a progress bar, on a terminal 进度条")] = True,
) -> int:
    """Read files, check them against their contract and publish them. 读取、检查并发布数据文件。

    Publishing a file again publishes nothing twice; an interrupted one goes on where it stopped. Refused rows go to the dead letter
    and are no failure (exit 0); a file that cannot be what its contract says is refused whole (exit 3), the others still go out.
    """
    app = of(ctx)
    contract = app.catalog.datasets[app.dataset(dataset)]
    refuse_who_does_not(app, "publish", contract.department)
    status = 0
    with report_file(report) as sink:
        for path in paths:
            try:
                done = _one(app, contract, path, delivery or default_delivery(path, contract.department), dry_run, sink, progress)
            except FileRefused as refused:
                say.say_error(refused)
                status = refused.exit_status
            else:
                show(done)
    if report is not None:
        say.note(f"报告 report: {report}")
    return status


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(publish)


def default_delivery(path: Path, department: str) -> str:
    """The name of the file's folder; of the one above where the folder is the department's (`2026-09/civil/HYDJ.csv` → 2026-09)."""
    folder = path.resolve().parent
    return (folder.parent if folder.name == department else folder).name or "delivery"


def show(report: Report) -> None:
    """What became of a file, on standard error."""
    say.note(f"{report.dataset} · {report.file} · {report.delivery}" + ("（仅检查 dry run）" if report.dry_run else ""))
    if report.dry_run:  # the log was not asked: what is new and what was said before is not known
        zh, en = f"可发布 {report.published}", f"{report.published} publishable"
    else:
        zh = f"发布 {report.published}（新增 {report.created}，变更 {report.changed}）"
        en = f"{report.published} published ({report.created} new, {report.changed} changed)"
    zh, en = f"  读取 {report.read} 行：{zh}，未变 {report.unchanged}，", f"  {report.read} rows read: {en}, "
    say.note(f"{zh}拒收 {report.refused}，非数据 {report.not_data}" + (f"，此前已处理 {report.earlier}" if report.earlier else ""))
    say.note(
        f"{en}{report.unchanged} unchanged, {report.refused} refused, {report.not_data} no data"
        + (f", {report.earlier} done before" if report.earlier else "")
    )
    for note in report.notes:
        say.note(f"  {note.code}: {note.message_zh}。 {note.message}.")
    if report.repeated:
        say.note(f"  其中重复行 {report.repeated}，内容相同。 {report.repeated} of them stand in the file twice with the same content.")
    for code, rows in report.reasons.most_common():
        what = CODES[code]
        say.note(f"  {code} × {rows}: {what.zh} {what.cure_zh}")
        say.note(f"    {what.en} {what.cure_en}")
        places = [_place(row.sheet, row.row, row.column) for row in report.rows if row.code == code]
        say.note(f"    {'; '.join(places[:5])}{' …' if rows > len(places[:5]) else ''}")
    if report.refused and not report.dry_run:
        department = report.dataset.partition(".")[0]
        say.note(f"  查看拒收记录 see the refused rows: civicbus deadletter list --department {department} --format table")


def _place(sheet: str | None, row: int, column: str | None) -> str:
    return f"{f'{sheet} ' if sheet else ''}第 {row} 行 row {row}" + (f" · {column}" if column else "")


def _one(app: App, contract: Contract, path: Path, delivery: str, dry_run: bool, sink: Sink, progress: bool) -> Report:
    raw_layout = app.catalog.layouts[contract.dataset]
    layout = read_layout(raw_layout, contract.dataset)
    source = open_source(path, raw_layout, contract)
    with _bar(progress, path.name) as step:
        job = Publication(
            log=None if dry_run else app.log,
            contract=contract,
            keys=app.keys,
            encode=app.codec.encoder(contract.subject),
            state=app.settings.state if dry_run else state_of_log(app.settings, app.log),
            delivery=delivery,
            secret_markers=layout.secret_markers,
            partitions=app.settings.partitions,
            raw_days=app.settings.raw_days,
            batch_rows=app.settings.batch_records,
            sink=sink,
            progress=step,
            pace=_nothing if dry_run else _lead(app, contract.dataset),
            waiting=lambda: say.note("另一发布进程正在处理该数据集，等待中…… Another publisher of this dataset is at work; waiting."),
        )
        return check_only(job, source) if dry_run else publish_file(job, source)


def _lead(app: App, dataset: str) -> Lead:
    """As far ahead of the steps as the settings allow."""
    note = "等待处理步骤跟上…… Waiting for the steps to come closer."
    return Lead(app.log, topics.raw(dataset), _ON_RAW, app.settings.lead_records, lambda: say.note(note))


def _nothing() -> None:
    """A dry run is ahead of nobody."""


class _Step:
    """Moves the bar; does nothing without one."""

    def __init__(self, bar: Progress | None, name: str) -> None:
        self._bar = bar
        self._task = bar.add_task(name, total=None) if bar else None

    def __call__(self, done: int, of_all: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=of_all)


@contextmanager
def _bar(wanted: bool, name: str) -> Iterator[_Step]:
    if not wanted or not sys.stderr.isatty():
        yield _Step(None, name)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Step(bar, name)
