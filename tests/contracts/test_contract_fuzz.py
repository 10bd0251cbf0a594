"""A crash cannot be caught in the process it kills: mutated bodies of every contract are decoded in another one."""

from __future__ import annotations

import subprocess
import sys

_CHILD = """
import random, resource, sys
from bus.contracts import catalog
from bus.contracts.codec import Codec
from bus.errors import DecodeRefused

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
loaded = catalog.load()
codec, dice = Codec(loaded.registry), random.Random(20260930)
refused = taken = 0
for contract in loaded.datasets.values():
    row = {column.field: dice.choice(["", "澜州市", "19900000001", None]) for column in contract.columns.values()}
    source = {"delivery": "2026-09", "file": "a.csv", "sheet": None, "row": 70000}
    row |= {"bus_operation": "created", "bus_source": source, "bus_number_cells": ["a"], "bus_extra": {"b": "c"}}
    whole = codec.encode(contract.subject, row)
    for _ in range(1500):
        body = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(5, len(body))
            match dice.randrange(4):
                case 0: body[at] = dice.choice([0, 1, 2, 3, 127, 128, 255, dice.randrange(256)])
                case 1: del body[at : at + dice.randint(1, 30)]
                case 2: body[at:at] = bytes(dice.choices([0, 1, 128, 255], k=dice.randint(1, 12)))
                case 3: body[at:at] = body[5:at]
            if len(body) < 6:
                break
        try:
            codec.decode(bytes(body)); taken += 1
        except DecodeRefused:
            refused += 1
print(refused, taken)
"""


def test_mutated_bodies_of_every_contract_are_taken_or_refused_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", _CHILD], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    refused, taken = map(int, done.stdout.split())
    assert refused + taken == 17 * 1500
    assert refused > 5 * 1500
