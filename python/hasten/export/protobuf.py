"""Protocol buffers, as far as writing needs them: https://protobuf.dev/programming-guides/encoding/."""

from __future__ import annotations

from collections.abc import Iterable

_VARINT = 0
_BYTES = 2
_ONE_BYTE = [bytes([value]) for value in range(0x80)]


class Message:
    """The bytes of one message, written field by field. Numbers of fields are the schema's business.

    Begins with the fields of `start`, if given.
    """

    def __init__(self, start: Message | None = None) -> None:
        self._bytes = bytearray(start._bytes) if start is not None else bytearray()

    def number(self, field: int, value: int) -> None:
        """A bool, enum, int32, int64, uint32 or uint64 (not sint: those are zigzag)."""
        self._bytes += _varint(field << 3 | _VARINT) + _varint(value)

    def numbers(self, field: int, values: Iterable[int]) -> None:
        """A repeated number, packed: what proto3 writes, and every parser of proto2 reads as well."""
        self._delimited(field, b"".join(map(_varint, values)))

    def text(self, field: int, value: str) -> None:
        """A string, or bytes that hold UTF-8."""
        self._delimited(field, value.encode("utf-8", "replace"))

    def message(self, field: int, value: Message) -> None:
        """A message inside this one."""
        self._delimited(field, value._bytes)

    def __bytes__(self) -> bytes:
        return bytes(self._bytes)

    def _delimited(self, field: int, value: bytes | bytearray) -> None:
        self._bytes += _varint(field << 3 | _BYTES) + _varint(len(value))
        self._bytes += value


def _varint(value: int) -> bytes:
    """Seven bits a byte, lowest first; the top bit says that more follow. Negative: as 64 bits of two's complement."""
    if 0 <= value <= 0x7F:  # nearly always
        return _ONE_BYTE[value]
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
