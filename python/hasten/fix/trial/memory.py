"""The memory of a forked copy: made its own before the call, so that nothing that is written to it is seen outside.

Pages that fork shares until they are written become private now, so that no copy-on-write fault is timed. Memory that processes share
on purpose (a mapped file, multiprocessing's arrays) would carry every write outside, past any filter: in the copy the same
addresses get private memory with the same content, and what the call leaves there is compared.
"""

import ctypes
import os

_MADV_POPULATE_WRITE = 23
_POPULATE_BYTES_MAX = 1 << 30
_SHARED_BYTES_MAX = 1 << 30
_READ, _WRITE = 1, 2
_PRIVATE, _FIXED, _ANONYMOUS = 2, 0x10, 0x20
_FAILED = ctypes.c_void_p(-1).value


class Refused(Exception):
    """Shared memory that the copy cannot have a copy of; the message says which."""


def load_libc():
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.madvise.restype = ctypes.c_int
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
        return libc
    except (OSError, AttributeError):
        return None


def populate(libc):
    """Makes every writable page private to this copy now."""
    try:
        with open("/proc/self/statm") as statm:
            if int(statm.read().split()[1]) * 4096 > _POPULATE_BYTES_MAX or libc is None:
                return
        areas = list(_areas("rw-p"))
    except OSError:
        return
    for start, end, name in areas:
        if not name.startswith("[vv"):
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_POPULATE_WRITE)


def is_shared():
    """Whether any memory that others see too can be written."""
    try:
        return next(_areas("rw-s"), None) is not None
    except OSError:
        return True


def take_over_shared(libc):
    """[(name, address, bytes)] of the memory that was shared and writable and now is the copy's own. Raises Refused."""
    try:
        shared = list(_areas("rw-s"))
    except OSError:
        return []
    if not shared:
        return []
    if libc is None or sum(end - start for start, end, _ in shared) > _SHARED_BYTES_MAX:
        raise Refused(f"more than {_SHARED_BYTES_MAX >> 30} GiB of shared memory is mapped")
    memory = os.open("/proc/self/mem", os.O_RDONLY)
    try:
        for start, end, name in shared:
            if name.startswith("/dev/") and not name.startswith(("/dev/shm/", "/dev/zero")):
                raise Refused(f"memory of a device is mapped ({name})")
            content = _content(memory, start, end)
            if libc.mmap(start, end - start, _READ | _WRITE, _PRIVATE | _FIXED | _ANONYMOUS, -1, 0) in (None, _FAILED):
                raise Refused(f"shared memory ({name or 'anonymous'}) cannot be copied")
            ctypes.memmove(start, content, len(content))
    finally:
        os.close(memory)
    return [(name, start, end - start) for start, end, name in shared]


def _content(memory, start, end):
    """What lies there, as far as it can be read: a mapping may be longer than its file."""
    parts = []
    while start < end:
        try:
            part = os.pread(memory, min(end - start, 1 << 24), start)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def _areas(rights):
    with open("/proc/self/maps") as maps:
        for line in maps:
            area, found, _, _, _, *name = line.split(None, 5)
            if found == rights:
                start, end = (int(x, 16) for x in area.split("-"))
                yield start, end, name[0].rstrip("\n") if name else ""
