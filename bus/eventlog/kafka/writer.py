"""The exclusive, named writer: a transactional producer of that name."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from bus.errors import BusError, Fenced
from bus.event import Output
from bus.eventlog.kafka.causes import cause
from bus.eventlog.kafka.cluster import Cluster
from bus.eventlog.kafka.transaction import Transactions


class KafkaWriter:
    """See `bus.eventlog.port.Writer`. After an exception it takes nothing more: whoever goes on opens the name again.

    It is not opened again here, because that would fence the process that may have taken the name over meanwhile.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._transactions = Transactions(cluster, cluster.settings.prefix + name)
        self._ended: BusError | None = None
        self._transactions.open()

    def append(self, outputs: Sequence[Output]) -> None:
        if self._ended is not None:
            raise self._ended
        if not outputs:
            return
        try:
            self._transactions.run(outputs, {}, None)
        except BaseException as error:
            self._ended = cause(error, "appending")
            raise

    def close(self) -> None:
        self._ended = self._ended or Fenced("This writer is closed.", "该写入者已关闭。")
        self._transactions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
