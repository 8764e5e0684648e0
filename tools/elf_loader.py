"""Gives a program another dynamic loader, and a place for its libraries: two names in its ELF file.

The names are longer than those that they replace, so they go, with a copy of the string table, to the end of the file.
One of the program's notes, which nothing needs at run time, becomes the segment that maps them. (patchelf 0.18 moves the
headers instead, and breaks programs that are linked to a fixed address, as Debian's Pythons are.)
"""

from __future__ import annotations

import struct
from pathlib import Path

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE = 1, 2, 3, 4
_DT_NULL, _DT_STRTAB, _DT_STRSZ, _DT_RPATH = 0, 5, 10, 15
_READABLE = 4
_PAGE = 0x1000
_SEGMENT = struct.Struct("<IIQQQQQQ")  # kind, flags, offset, address, physical, bytes in file, in memory, alignment
_ENTRY = struct.Struct("<QQ")


class Unsuitable(Exception):
    """A file of another kind than this can change."""


def set_loader(program: Path, loader: Path, libraries: Path) -> None:
    """Make `program` start by `loader`, and it and what it loads find their libraries in `libraries` first.

    DT_RPATH, not DT_RUNPATH: the libraries of its extension modules must be found there as well.

    Raises: Unsuitable.
    """
    data = bytearray(program.read_bytes())
    if data[:6] != b"\x7fELF\x02\x01":
        raise Unsuitable(f"{program} is no 64-bit ELF file")
    (table,) = struct.unpack_from("<Q", data, 0x20)
    (count,) = struct.unpack_from("<H", data, 0x38)
    segments = [list(_SEGMENT.unpack_from(data, table + i * _SEGMENT.size)) for i in range(count)]
    loads = [i for i, segment in enumerate(segments) if segment[0] == _PT_LOAD]
    notes = [i for i, segment in enumerate(segments) if segment[0] == _PT_NOTE and i > loads[-1]]
    dynamic = next((segment for segment in segments if segment[0] == _PT_DYNAMIC), None)
    interpreter = next((segment for segment in segments if segment[0] == _PT_INTERP), None)
    if dynamic is None or interpreter is None or not notes:
        raise Unsuitable(f"{program} is no dynamic program with a note behind its segments")

    entries = [_ENTRY.unpack_from(data, dynamic[2] + at) for at in range(0, dynamic[5], _ENTRY.size)]
    values = dict(entries)
    end = entries.index((_DT_NULL, 0))
    if end + 1 >= len(entries):
        raise Unsuitable(f"{program} has no room for one more dynamic entry")
    table_address = values[_DT_STRTAB]
    holder = next(s for s in segments if s[0] == _PT_LOAD and s[3] <= table_address < s[3] + s[5])
    strings_at = holder[2] + table_address - holder[3]
    strings = bytes(data[strings_at : strings_at + values[_DT_STRSZ]]) + bytes(libraries) + b"\0"

    added = bytes(loader) + b"\0" + strings
    data += bytes(-len(data) % _PAGE)
    offset = len(data)
    highest = max(segments[i][3] + segments[i][6] for i in loads)
    address = highest + -highest % _PAGE + _PAGE
    data += added
    segments[notes[0]] = [_PT_LOAD, _READABLE, offset, address, address, len(added), len(added), _PAGE]
    interpreter[2:7] = [offset, address, address, len(bytes(loader)) + 1, len(bytes(loader)) + 1]
    strings_address = address + len(bytes(loader)) + 1
    new = {_DT_STRTAB: strings_address, _DT_STRSZ: len(strings)}
    entries = [(kind, new.get(kind, value)) for kind, value in entries]
    entries[end] = (_DT_RPATH, values[_DT_STRSZ])
    for i, entry in enumerate(entries):
        _ENTRY.pack_into(data, dynamic[2] + i * _ENTRY.size, *entry)
    for i, segment in enumerate(segments):
        _SEGMENT.pack_into(data, table + i * _SEGMENT.size, *segment)
    program.write_bytes(data)
