"""`civicbus identity estimate`: the weights of evidence, from what the log holds and nobody labelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
import yaml

from bus import yaml_file
from bus.cli.context import App, of
from bus.cli.say import note, out
from bus.eventlog import topics
from bus.resolver.evidence import Claim
from bus.resolver.homes import is_home
from bus.resolver.match import is_look
from bus.resolver.pairs import is_pair, sides
from bus.resolver.routing import ID_BYTES, split
from bus.step.memory import between

HEAD = """\
# How much evidence weighs (bus/resolver/weights.py): m, how often a level is met in pairs that are one person; u, in pairs that are not.
# 证据权重：m 为同一人的记录对中出现该级别的比例，u 为非同一人的记录对中的比例。
# Estimated by `civicbus identity estimate` (EM, no labels) on the fictional city (20 000 residents, seed 11).
# The bounds are set by hand.
"""


def estimate(
    ctx: typer.Context,
    write: Annotated[Path | None, typer.Option(metavar="FILE", help="write the weights there 写入权重文件")] = None,
) -> None:
    """Estimate the weights of evidence from the log, by EM. 由日志估计证据权重。The claims of one partition are held in memory."""
    from bus.resolver import estimate as em
    from bus.resolver import estimating

    app = of(ctx)
    pairs = estimating.patterns(_under_keys(app))
    before = yaml_file.parsed((app.schemas / "identity" / "resident.yaml").read_text(encoding="utf-8"))
    found = estimating.as_file(em.estimate(pairs, estimating.start()), before)
    text = HEAD + yaml.safe_dump(found, allow_unicode=True, sort_keys=False, width=140)
    if write is None:
        out(text.rstrip("\n"))
    else:
        write.write_text(text, encoding="utf-8")
    if write is not None:
        note("Once the steps were started anew with it: civicbus rebuild join. 用新权重重启各步骤后执行：civicbus rebuild join。")
    note(f"{sum(pairs.values()):,} pairs compared. 比较了 {sum(pairs.values()):,} 对。")


def _under_keys(app: App) -> Iterator[dict[bytes, Claim]]:
    """The claims under each key as they are now, a key (of a pair, a side of it) at a time."""
    ends = next((info.ends for info in app.log.topics() if info.name == topics.EVIDENCE), {})
    for partition in sorted(ends):
        kept: dict[bytes, dict[bytes, bytes]] = {}
        for batch in between(app.log, topics.EVIDENCE, partition, 0):
            for record in batch.records:
                key, item = split(record.key or b"")
                if is_look(record.key or b""):
                    continue
                if record.value is None:
                    kept.get(key, {}).pop(item, None)
                else:
                    kept.setdefault(key, {})[item] = record.value
        for items in kept.values():
            if is_pair(items):
                yield from sides(items)
            else:
                yield {item[:ID_BYTES]: Claim.decoded(value) for item, value in items.items() if not is_home(value)}
