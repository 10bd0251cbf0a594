"""With Kafka, records travel between threads: they have to share one heap, or memory grows with their number (glibc)."""

from __future__ import annotations

import subprocess
import sys

THREADS = """
import ctypes, sys, threading, time
from bus.eventlog.kafka.clients import share_memory
if sys.argv[1] == "shared":
    share_memory()
libc = ctypes.CDLL(None)
libc.fdopen.restype, libc.malloc.restype = ctypes.c_void_p, ctypes.c_void_p
busy = [threading.Thread(target=lambda: (libc.malloc(50_000), time.sleep(0.3))) for _ in range(4)]
for each in busy:
    each.start()
out = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(ctypes.c_void_p(out))
"""


def heaps(how: str) -> int:
    """How many heaps a process with four more threads has."""
    done = subprocess.run([sys.executable, "-c", THREADS, how], capture_output=True, text=True, check=True)
    return done.stdout.count("<heap nr=")


def test_all_threads_share_one_heap() -> None:
    assert heaps("own") > 1
    assert heaps("shared") == 1
