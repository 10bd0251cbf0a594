"""A repair of kafka-python 3.0.12: an answer to a join that arrives between two polls is taken up by the next poll.

Its `join_group_async` does not look at a join that *ended* since the last poll. Then one of two things happens, each seen on a real broker:

- It starts a new join instead, which makes the whole group join again, which may take as long as the slowest member's poll, and so on:
  two members that poll in short turns went on for minutes.
- Where the join was for changed metadata alone, the assignment has noted by then that it knows them, `need_rejoin` says no, and the member,
  whose heartbeat rests while it joins, polls nothing for ever.
"""

from __future__ import annotations

from typing import Any

from kafka.structs import MemberState


def keep_answers(consumer: Any) -> None:
    """Repair this consumer. Touches private names of the pinned version."""
    coordinator = consumer._coordinator
    join = coordinator._do_join_and_sync_async
    kept: list[tuple[Any, bytes]] = []  # the generation and the assignment that the last join ended with

    async def join_or_take_up() -> bytes:
        # Only who takes an answer up clears this and leaves the state; so it stays due until then.
        coordinator.rejoin_needed = True
        if kept and kept[0][0] is coordinator._generation and coordinator.state is MemberState.REBALANCING:
            return kept[0][1]
        kept.clear()
        answer: bytes = await join()
        kept.append((coordinator._generation, answer))
        return answer

    coordinator._do_join_and_sync_async = join_or_take_up
