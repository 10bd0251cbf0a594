"""Our decoder and encoder, generated from the schemas, against fastavro, on the bytes of the setting's own records.

Raw records are decoded, canonical ones decoded first (outside the clock) and encoded. Both libraries handle the same Avro bodies, and
their results are compared before the clock starts.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import fastavro

from bench.measure import in_turn, measured, run_child
from bench.setting import Choice, city, decision_of, normalizer_of, open_bus, published
from bench.table import Line, line, ratio_line
from bus.cli.context import App
from bus.event import Batch

RECORDS = 12_000
COMMAND = "python -m bench codec"
VARIANTS = ("decode-ours", "decode-fastavro", "encode-ours", "encode-fastavro")


def take(choice: Choice) -> list[Line]:
    """The figures."""
    where, home = city(choice.residents), published(choice.residents)
    found = in_turn(choice.rounds, {name: partial(run_child, "bench.codec", name, home, where) for name in VARIANTS})
    lines = []
    for work, what in (("decode", "decoding a raw record"), ("encode", "encoding a canonical record")):
        ours, theirs = found[f"{work}-ours"], found[f"{work}-fastavro"]
        lines += [
            line(f"{what}, generated code", [run.micros for run in ours], "µs", COMMAND, digits=1),
            line(f"{what}, fastavro", [run.micros for run in theirs], "µs", COMMAND, digits=1),
            ratio_line("— generated ÷ fastavro, records per CPU-second", ours, theirs, COMMAND),
        ]
    return lines


def sample(app: App) -> list[Batch]:
    """The first records of each dataset, as many of each."""
    topics = [info.name for info in app.log.topics() if info.name.startswith("raw.")]
    return [next(iter(app.log.scan(topic, max_records=RECORDS // len(topics)))) for topic in topics]


def decoding(app: App, ours: bool) -> tuple[Callable[[Any], Any], list[Any]]:
    """(function, what to call it with)."""
    bodies = [record.value for batch in sample(app) for record in batch.records if record.value]
    ready = {version.id: fastavro.parse_schema(version.schema.raw) for version in _versions(app)}
    decode = app.codec.decoder()

    def theirs(body: bytes) -> Any:
        return fastavro.schemaless_reader(io.BytesIO(body[5:]), ready[int.from_bytes(body[1:5], "big")], None)

    assert all(decode(body)[1] == theirs(body) for body in bodies)
    return (decode if ours else theirs), bodies


def encoding(app: App, ours: bool) -> tuple[Callable[[Any], Any], list[Any]]:
    """(function, what to call it with)."""
    step, _ = normalizer_of(app)
    outputs = [output for output in decision_of(step)(sample(app)) if output.topic.startswith("canonical.")]
    ready = {version.subject: fastavro.parse_schema(version.schema.raw) for version in _versions(app)}
    decode, encoder = app.codec.decoder(), app.codec.encoder
    work = [(f"{o.topic}-value", encoder(f"{o.topic}-value"), decode(o.record.value or b"")[1]) for o in outputs]

    def mine(one: tuple[str, Callable[[dict[str, Any]], bytes], dict[str, Any]]) -> bytes:
        return one[1](one[2])

    def theirs(one: tuple[str, Callable[[dict[str, Any]], bytes], dict[str, Any]]) -> bytes:
        body = io.BytesIO()
        fastavro.schemaless_writer(body, ready[one[0]], one[2])
        return body.getvalue()

    assert all(mine(one)[5:] == theirs(one) for one in work)
    return (mine if ours else theirs), work


def _versions(app: App) -> list[Any]:
    return [app.registry.latest(subject) for subject in app.registry.subjects]


if __name__ == "__main__":
    variant, home, where = sys.argv[1:]
    bus = open_bus(Path(home), Path(where))
    function, arguments = (decoding if variant.startswith("decode") else encoding)(bus, variant.endswith("ours"))
    with measured() as clock:
        for argument in arguments:
            function(argument)
        clock.records = len(arguments)
    bus.close()
