"""Who reads what: the members of a group, their leases, and the sharing of partitions among them.

A member's number is never given twice and a claim names the member, so "do I still own what I polled?" is one look at the
claims inside the very transaction that commits: a zombie finds the claims gone, and nothing of it is kept.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import apsw

from bus.eventlog.sqlite.file import select


def now_ms() -> int:
    """The machine's time since it started, in ms: the same in all its processes, and nobody can set it back."""
    return time.monotonic_ns() // 1_000_000


def join(db: apsw.Connection, group: str, topics: Sequence[int], lease_ms: int) -> int:
    """Become a member of `group` reading `topics`; the member's number. Within a write."""
    db.execute(
        "INSERT INTO member(grp, topics, process, seen_ms, lease_ms) VALUES (?, ?, ?, ?, ?)",
        (group, json.dumps(sorted(topics)), this_process(), now_ms(), lease_ms),
    )
    return db.last_insert_rowid()


def heartbeat(db: apsw.Connection, member: int) -> bool:
    """Prolong the lease. False when the member was taken for dead, and has to join anew. Within a write."""
    db.execute("UPDATE member SET seen_ms = ? WHERE id = ?", (now_ms(), member))
    return db.changes() == 1


def leave(db: apsw.Connection, member: int) -> None:
    """Leave the group, and free what was claimed. Within a write."""
    db.execute("DELETE FROM claim WHERE member = ?", (member,))
    db.execute("DELETE FROM member WHERE id = ?", (member,))


def live_members(db: apsw.Connection, group: str) -> dict[int, frozenset[int]]:
    """Expel the dead members of `group`; of those that live, the topics they read. Within a write."""
    live = {}
    now = now_ms()
    for member, topics, process, seen, lease in select(
        db, "SELECT id, topics, process, seen_ms, lease_ms FROM member WHERE grp = ?", (group,)
    ):
        if seen <= now < seen + lease and may_live(process):
            live[member] = frozenset(json.loads(topics))
        else:
            leave(db, member)
    return live


def balance(db: apsw.Connection, group: str, member: int) -> set[int]:
    """Give up the claims of `member` that are due to others, take the free ones due to it; the lanes it now holds. Within a write.

    Cooperative: nobody takes a lane from a living member; it frees the lane itself, between two commits.
    """
    live = live_members(db, group)
    topics = sorted(set().union(*live.values()))
    lanes = dict(select(db, f"SELECT id, topic FROM lane WHERE topic IN ({','.join('?' * len(topics))}) ORDER BY topic, partition", topics))
    owners = dict(select(db, "SELECT lane, member FROM claim WHERE grp = ?", (group,)))
    due = {lane for lane, owner in share(lanes, live, owners).items() if owner == member}
    held = {lane for lane, owner in owners.items() if owner == member}
    db.executemany("DELETE FROM claim WHERE grp = ? AND lane = ?", [(group, lane) for lane in held - due])
    gained = due - owners.keys()
    db.executemany("INSERT INTO claim VALUES (?, ?, ?)", [(group, lane, member) for lane in gained])
    return (held & due) | gained


def share(lanes: Mapping[int, int], members: Mapping[int, frozenset[int]], owners: Mapping[int, int]) -> dict[int, int]:
    """Who should own each lane. Each topic's lanes are spread evenly, then the totals are; as few lanes move as possible.

    `lanes`: lane → topic; `members`: member → topics it reads; `owners`: lane → who holds it now. Pure, and the same for
    every member that asks, so all come to the same answer without talking.
    """
    of_topic: Counter[tuple[int, int]] = Counter()
    in_all: Counter[int] = Counter()
    due: dict[int, int] = {}

    def assign(lane: int, member: int) -> None:
        if lane in due:
            of_topic[lanes[lane], due[lane]] -= 1
            in_all[due[lane]] -= 1
        due[lane] = member
        of_topic[lanes[lane], member] += 1
        in_all[member] += 1

    def least_busy(topic: int) -> int | None:
        readers = [member for member in members if topic in members[member]]
        return min(readers, key=lambda member: (of_topic[topic, member], in_all[member], member), default=None)

    for lane, topic in lanes.items():
        owner = owners.get(lane)
        if owner is not None and topic in members.get(owner, ()):
            assign(lane, owner)
    for lane, topic in lanes.items():
        if lane not in due and (reader := least_busy(topic)) is not None:
            assign(lane, reader)
    moved = True
    while moved:  # each move makes the spread within a topic smaller, or that of the totals and not the other larger: it ends
        moved = False
        for lane, topic in lanes.items():
            reader = least_busy(topic)
            if reader is None or reader == due[lane]:
                continue
            more = of_topic[topic, due[lane]] - of_topic[topic, reader]
            if more >= 2 or (more == 1 and in_all[due[lane]] - in_all[reader] >= 2):
                assign(lane, reader)
                moved = True
    return due


def this_process() -> str:
    """A name that no other process has, before or after: start of the machine, pid namespace, pid, start of the process.
    Empty where the system does not say (not Linux); then only the lease tells."""
    machine = _machine()
    return f"{machine} {os.getpid()} {_process_start(os.getpid())}" if machine else ""


def may_live(process: str) -> bool:
    """Whether the process may still be there: False only when it certainly is not, so that what a killed process held
    is free at once, without waiting for its lease."""
    machine = _machine()
    if not process or not machine:
        return True
    boot, namespace, pid, started = process.split(" ")
    ours, our_namespace = machine.split(" ")
    if boot != ours:
        return False  # the machine was started anew since
    if namespace != our_namespace:
        return True  # in another container of this machine: its pids are not ours
    return _process_start(int(pid)) == started


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _process_start(pid: int) -> str:
    """When the process started, in clock ticks since boot (proc(5), stat field 22); "" when it is gone or only waits to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
