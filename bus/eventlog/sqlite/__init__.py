"""The embedded log: one SQLite file, no server, several processes on one machine.

Beyond the port: gapless offsets, durable against a power cut (`synchronous=FULL`), a dead process of the same machine
is noticed at once, and `SqliteLog.maintain`, `backup` and `check` for whoever looks after it.
"""

from bus.eventlog.sqlite.log import SqliteLog

__all__ = ["SqliteLog"]
