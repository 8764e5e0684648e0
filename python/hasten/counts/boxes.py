"""Counts the number objects that one execution of a line makes. Runs inside the program, before tally.py in its namespace.

CPython makes every float and every complex number in one function each. A hardware breakpoint of the kernel's (perf_event_open)
counts how often a thread comes there, while it is on: exactly, and at some 10 us a time. So it is on for single
executions of a line, drawn at random: all of the first 200, then ever fewer, each of which stands for those that it was drawn from.

Wrong when the compiler put a copy of that function into its callers. Five operations whose results are known try that
beforehand; what fails is not counted. Integers are not counted: no function makes them all.
"""

import struct

KINDS = (("floats", "PyFloat_FromDouble", (1.5, 2.5)), ("complexes", "PyComplex_FromCComplex", (1.5j, 2.5j)))

_PERF_EVENT_OPEN = 298  # x86-64
_ENABLE, _DISABLE, _WHOLE_GROUP = 0x2400, 0x2401, 1
_ATTR_BYTES = 128
_BREAKPOINT, _EXECUTION = 5, 4
_DISABLED_USER_ONLY = 1 << 0 | 1 << 5 | 1 << 6
_CLOSE_ON_EXEC = 8
_FD_FLOOR = 700  # out of the way of the program's own
_ALWAYS = 200  # so many executions of a line are all looked at


class Boxes:
    """The counters of the thread that makes this. Raises: OSError."""

    def __init__(self, kinds):
        import ctypes
        import fcntl
        import os

        libc = ctypes.CDLL(None, use_errno=True)
        self._ioctl = fcntl.ioctl
        self._read = os.read
        self._fds = []
        for _, function, _ in kinds:
            attr = bytearray(_ATTR_BYTES)
            address = ctypes.cast(getattr(ctypes.pythonapi, function), ctypes.c_void_p).value
            struct.pack_into("<II", attr, 0, _BREAKPOINT, _ATTR_BYTES)
            struct.pack_into("<QIIQQ", attr, 40, _DISABLED_USER_ONLY if not self._fds else _DISABLED_USER_ONLY - 1, 0, _EXECUTION, address, 8)
            leader = self._fds[0] if self._fds else -1
            fd = libc.syscall(_PERF_EVENT_OPEN, bytes(attr), 0, -1, leader, _CLOSE_ON_EXEC)
            if fd < 0:
                number = ctypes.get_errno()
                self.close()
                raise OSError(number, os.strerror(number))
            self._fds.append(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FD_FLOOR))
            os.close(fd)
        self._before = self._values()

    def begin(self):
        self._ioctl(self._fds[0], _ENABLE, _WHOLE_GROUP)

    def end(self):
        """How many of each kind were made since begin()."""
        self._ioctl(self._fds[0], _DISABLE, _WHOLE_GROUP)
        before, self._before = self._before, self._values()
        return [now - then for now, then in zip(self._before, before)]

    def close(self):
        import os

        for fd in self._fds:
            os.close(fd)

    def _values(self):
        return [int.from_bytes(self._read(fd, 8), "little") for fd in self._fds]


def usable_kinds():
    """Those of KINDS that are counted right here, and why not the others: (kinds, reason or "")."""
    kinds = []
    for kind in KINDS:
        try:
            boxes = Boxes([kind])
        except OSError as error:
            return (), f"the kernel gives no hardware breakpoint ({error.strerror}; it needs kernel.perf_event_paranoid of 2 or less)"
        except (ImportError, AttributeError) as error:
            return (), f"this Python cannot ask for a hardware breakpoint ({error})"
        made = set()
        for _ in range(30):  # by then the instructions are specialised
            boxes.begin()
            _known(*kind[2])
            made.update(boxes.end())
        boxes.close()
        if made == {5}:
            kinds.append(kind)
    return tuple(kinds), "" if kinds else "this build of CPython makes numbers in more places than one"


def _known(x, y):
    return x * y, x + y, x - y, x / y, -x


class Draw:
    """Which executions of the lines are looked at, and for how many each of them stands."""

    def __init__(self):
        self._random = int.from_bytes(struct.pack("d", id(self) * 0.7), "little") | 1  # not the program's own generator

    def next_after(self, count):
        """(the execution to look at next, for how many it stands), after one at `count`."""
        gap = max(1, count // _ALWAYS)
        self._random = (self._random * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return count + 1 + (self._random >> 33) % (2 * gap - 1), gap
