"""A repair of kafka-python 3.0.12: an answer to a join that arrives between two polls is not thrown away.

Its `join_group_async` starts a new JoinGroup when it finds that the one under way has *ended* since the last poll, instead of
taking the answer up. The new one makes the whole group join again, which may take as long as the slowest member's poll,
and so on: two members that poll in short turns went on for minutes (seen on a real broker; `test_readers_of_a_group_
share_the_partitions_evenly_and_each_record_once`). Here the join under way ends only while a poll waits for it.
"""

from __future__ import annotations

import time
from typing import Any

_MARGIN_S = 0.02  # a poll that ends sooner than this may no longer hear of it


class JoinGate:
    """Holds back the end of a consumer's joins to when `poll` waits for it. Touches a private name of the pinned version."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._until = 0.0
        join, sleep = consumer._coordinator._do_join_and_sync_async, consumer._net.sleep

        async def join_while_polled() -> Any:
            answer = await join()
            while time.monotonic() > self._until - _MARGIN_S:
                await sleep(0.005)
            return answer

        consumer._coordinator._do_join_and_sync_async = join_while_polled

    def poll(self, timeout_ms: int, max_records: int) -> Any:
        """The consumer's own poll."""
        self._until = time.monotonic() + timeout_ms / 1000
        try:
            return self._consumer.poll(timeout_ms, max_records)
        finally:
            self._until = 0.0
