"""What the tests of publishing share: publish a file as a command would, and read back what the log holds. Also run as a program,
so that tests can kill a publisher: `python publishing.py FOLDER DATASET FILE BATCH [HOW]`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bus import account
from bus.contracts import catalog
from bus.contracts.codec import Codec
from bus.event import Output, Record
from bus.eventlog import dead_letter, topics
from bus.eventlog.port import Writer
from bus.eventlog.sqlite import SqliteLog
from bus.keys import department_private, load_or_make
from bus.publish.publisher import Publication, check_only, publish
from bus.publish.report import Nowhere, Report, Sink
from bus.sealing import open_sealed
from connectors.files import open_source

CATALOG = catalog.load(Path(__file__).parents[2] / "schemas")
CODEC = Codec(CATALOG.registry)
MEMBER = tuple(CATALOG.datasets["civil.assistance_member"].columns) + tuple(CATALOG.datasets["civil.assistance_member"].dropped)


class Office:
    """A publisher's home and log. `state` may be another than the home's: then two publishers do not take turns."""

    def __init__(self, folder: Path, state: str = "state") -> None:
        self.folder, self.state = folder, folder / state
        self.log = SqliteLog(folder / "log.db")
        self.keys = load_or_make(folder, CATALOG.departments)
        self.ticks = 1_790_000_000

    def job(self, dataset: str, delivery: str = "2026-09", batch_rows: int = 2000, sink: Sink | None = None) -> Publication:
        contract = CATALOG.datasets[dataset]
        markers = tuple(CATALOG.layouts[dataset]["secret_markers"])
        return Publication(
            self.log,
            contract,
            self.keys,
            CODEC.encoder(contract.subject),
            self.state,
            delivery,
            markers,
            batch_rows=batch_rows,
            sink=sink or Nowhere(),
        )

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.folder / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def publish(self, dataset: str, content: bytes | str, name: str = "", **more: Any) -> Report:
        layout = CATALOG.layouts[dataset]
        path = self.write(name or layout["file"], content)
        report = publish(self.job(dataset, **more), open_source(path, layout, CATALOG.datasets[dataset]))
        assert report.balanced
        assert all(balance.balanced for balance in account.read(self.log).values())
        return report

    def dry_run(self, dataset: str, content: bytes | str) -> Report:
        layout = CATALOG.layouts[dataset]
        return check_only(self.job(dataset), open_source(self.write(layout["file"], content), layout, CATALOG.datasets[dataset]))

    def records(self, topic: str) -> list[Record]:
        return [record for batch in self.log.scan(topic) for record in batch.records]

    def raw(self, dataset: str) -> list[dict[str, Any]]:
        return [CODEC.decode(record.value or b"")[1] for record in self.records(topics.raw(dataset))]

    def operations(self, dataset: str) -> Counter[tuple[bytes | None, str]]:
        """How often each key was said, and as what."""
        return Counter((r.key, CODEC.decode(r.value or b"")[1]["bus_operation"]) for r in self.records(topics.raw(dataset)))

    def letters(self, department: str) -> list[dead_letter.Letter]:
        letters = (dead_letter.read(record.value or b"") for record in self.records(topics.dead_letter(department)))
        return [letter for letter in letters if letter is not None]

    def unsealed(self, letter: dead_letter.Letter) -> dict[str, str]:
        private = department_private(self.folder, letter.department)
        opened: dict[str, str] = json.loads(open_sealed(private, letter.id.encode(), letter.sealed))
        return opened

    def counts(self, dataset: str) -> dict[str, object]:
        return account.read(self.log)[dataset].as_dict()


def member(number: int, note: str = "", **cells: str) -> str:
    """A line of DB_MEMBER.csv."""
    row = dict.fromkeys(MEMBER, "") | {"MEMBER_ID": f"M{number:06d}", "FAMILY_ID": "F1", "NAME": f"张{number}", "REG_TIME": note} | cells
    return ",".join(f'"{row[name]}"' for name in MEMBER)


def members(lines: Sequence[str], header: Sequence[str] = MEMBER) -> bytes:
    """A whole DB_MEMBER.csv as civil affairs exports it."""
    return ("\r\n".join([",".join(f'"{name}"' for name in header), *lines]) + "\r\n").encode("gb18030")


class _DiesAfterAppend:
    """A writer whose process is killed once its n-th append has returned, before anybody notes it."""

    def __init__(self, writer: Writer, nth: int) -> None:
        self._writer, self._left = writer, nth

    def append(self, outputs: Sequence[Output]) -> None:
        self._writer.append(outputs)
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> _DiesAfterAppend:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Log(SqliteLog):
    nth = 0

    def writer(self, name: str) -> Writer:  # type: ignore[override]
        return _DiesAfterAppend(super().writer(name), self.nth)


def main(folder: str, dataset: str, file: str, batch: str, how: str = "", state: str = "state") -> None:
    """Publish `file`. `how`: "" to the end; "after:3" killed after the third append; "before:3" killed before the third batch."""
    office = Office(Path(folder), state)
    when, _, nth = how.partition(":")
    left = [int(nth or 0)]

    def pace() -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    job = office.job(dataset, batch_rows=int(batch))
    if when == "after":
        log = _Log(office.folder / "log.db")
        log.nth = int(nth)
        job = Publication(log, job.contract, job.keys, job.encode, job.state, job.delivery, batch_rows=job.batch_rows)
    elif when == "before":
        job = Publication(office.log, job.contract, job.keys, job.encode, job.state, job.delivery, batch_rows=job.batch_rows, pace=pace)
    report = publish(job, open_source(Path(file), CATALOG.layouts[dataset], job.contract))
    sys.stdout.write(json.dumps(report.summary(), ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
