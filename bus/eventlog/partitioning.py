"""WHERE A RECORD GOES: the partition of its key, by murmur2 as Apache Kafka's own producers have it (`Utils.murmur2`,
`BuiltInPartitioner.partitionForKey`), so that both logs and stock clients agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import unpack, unpack_from

_MANY = 8  # keys from which on it pays to hash them together
_SEED, _M, _WORD = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF  # murmur2's own numbers, and 32 bits


def partition_of(key: bytes | None, partitions: int) -> int:
    """The partition of a key, toPositive(murmur2(key)) mod n; 0 of a record without one."""
    if key is None:
        return 0
    return (_murmur2(key) & 0x7FFFFFFF) % partitions


def partitions_of(keys: Sequence[bytes | None], partitions: int) -> list[int]:
    """`partition_of` for many keys at once, four times as fast where they are of one length."""
    there = [key for key in keys if key is not None]
    sizes = {*map(len, there)}
    if len(there) == len(keys) and len(sizes) == 1:  # as nearly always: nothing has to be put back to its place
        return [(hashed & 0x7FFFFFFF) % partitions for hashed in _hashes(there, sizes.pop())]
    found = [0] * len(keys)
    alike: dict[int, list[int]] = {}
    for at, key in enumerate(keys):
        if key is not None:
            alike.setdefault(len(key), []).append(at)
    for size, places in alike.items():
        for at, hashed in zip(places, _hashes([keys[at] or b"" for at in places], size), strict=True):
            found[at] = (hashed & 0x7FFFFFFF) % partitions
    return found


def _hashes(keys: Sequence[bytes], size: int) -> Iterable[int]:
    """`_murmur2` of keys that all have this length."""
    return _murmur2_of(keys, size) if len(keys) >= _MANY and size >= 4 else map(_murmur2, keys)


def _murmur2_of(keys: Sequence[bytes], size: int) -> Sequence[int]:
    """`_murmur2` of keys of this length: each of its steps once for all of them, on long numbers in which every key has 64 bits to itself,
    the lower half for what is left of a product."""
    pad = bytes(-size % 4)
    words, width = memoryview(pad.join(keys) + pad).cast("I"), (size + 3) // 4
    lanes = bytearray(8 * len(keys))
    lower = memoryview(lanes).cast("I")[::2]
    low = int.from_bytes(b"\xff\xff\xff\xff\0\0\0\0" * len(keys), "little")
    one = low // _WORD
    byte = one * 0xFF
    h = one * (_SEED ^ size)
    for at in range(size // 4):
        lower[:] = words[at::width]
        k = int.from_bytes(lanes, "little") * _M & low
        h = (h * _M & low) ^ ((k ^ k >> 24 & byte) * _M & low)
    if pad:
        lower[:] = words[width - 1 :: width]
        h = (h ^ int.from_bytes(lanes, "little")) * _M & low
    h = (h ^ h >> 13 & one * 0x7FFFF) * _M & low
    return unpack(f"<{len(keys)}Q", (h ^ h >> 15 & one * 0x1FFFF).to_bytes(len(lanes), "little"))


def _murmur2(data: bytes) -> int:
    """Apache Kafka's `Utils.murmur2`, as an unsigned number. Four bytes at a time."""
    h = _SEED ^ len(data)
    for k in unpack_from(f"<{len(data) >> 2}I", data):
        k = k * _M & _WORD
        h = (h * _M ^ (k ^ k >> 24) * _M) & _WORD
    if rest := data[len(data) & ~3 :]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _WORD
    h = (h ^ h >> 13) * _M & _WORD
    return h ^ h >> 15
