"""CRC-32 with a table that is made first."""

from __future__ import annotations

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(b"",), (b"123456789",)]
LARGE = (b"In the beginning the Universe was created. " * 30_000,)


def make_table() -> list[int]:
    table = [0] * 256
    for number in range(256):
        value = number
        for _ in range(8):
            if value & 1:
                value = (value >> 1) ^ 0xEDB88320
            else:
                value >>= 1
        table[number] = value
    return table


def main(data: bytes) -> int:
    table = make_table()
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
