"""Avro's long: zigzag, seven bits a byte, low first (Avro specification 1.12, "Binary Encoding"). Strict both ways."""

from __future__ import annotations


class Malformed(ValueError):
    """These bytes are not of this schema: what is wrong, English and Chinese, and never a value of them."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


class Truncated(Malformed):
    """The body ends inside a value."""

    def __init__(self) -> None:
        super().__init__("it ends too early", "内容不完整")


def read_long(b: bytes, p: int) -> tuple[int, int]:
    """(value, next position). Refuses spellings longer than needed and more than 64 bits. IndexError at the end."""
    byte = b[p]
    p += 1
    n = byte & 127
    shift = 7
    while byte > 127:
        byte = b[p]
        p += 1
        n |= (byte & 127) << shift
        shift += 7
        if shift > 70:
            raise Malformed("a number longer than ten bytes", "变长整数超过十个字节")
    if shift > 7 and byte == 0:
        raise Malformed("a number written longer than needed", "变长整数存在多余字节")
    if n >> 64:
        raise Malformed("a number of more than 64 bits", "整数超过 64 位")
    return (n >> 1) ^ -(n & 1), p


def read_int(b: bytes, p: int) -> tuple[int, int]:
    """As `read_long`, of 32 bits."""
    n, p = read_long(b, p)
    if not -0x80000000 <= n <= 0x7FFFFFFF:
        raise Malformed("an int of more than 32 bits", "int 超过 32 位")
    return n, p


def read_size(b: bytes, p: int) -> tuple[int, int]:
    """As `read_long`, never negative: a length or an index."""
    n, p = read_long(b, p)
    if n < 0:
        raise Malformed("a negative length or index", "长度或索引为负")
    return n, p


def read_count(b: bytes, p: int) -> tuple[int, int]:
    """Items in the next block of an array or map; each takes a byte at least, so more than are left is a lie."""
    n, p = read_long(b, p)
    if n < 0:
        n = -n
        _, p = read_size(b, p)  # the block's size in bytes, for those who skip
    if n > len(b) - p:
        raise Malformed("a block counts more items than there are bytes", "数据块声明的元素数超过剩余字节数")
    return n, p


def write_long(n: int) -> bytes:
    """The bytes of a long, as short as they can be."""
    n = (n << 1) ^ (n >> 63)
    if n < 128:
        return bytes((n,))
    if n < 16384:
        return bytes((n & 127 | 128, n >> 7))
    out = bytearray()
    while n > 127:
        out.append((n & 127) | 128)
        n >>= 7
    out.append(n)
    return bytes(out)
