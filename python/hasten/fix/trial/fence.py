"""The fence of a forked copy: its filter is put up inside, and whoever waits outside answers what stops at it.

The filter itself is made by src/fix/fence.cc and comes with the spec, so that any Python can put it up. What a filter cannot
see (a path, whose process a signal is for) is looked at from here. Where the kernel has no supervisors the copy is
killed at such a call, and where it refuses filters there is no fence: that is reported once, and the audit hook
(effects.py) is all there is.
"""

import ctypes
import errno
import fcntl
import os
import stat
import struct

import _socket

_SECCOMP, _SET_MODE_FILTER, _NEW_LISTENER = 317, 1, 8
_NO_NEW_PRIVS = 38
_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV and _SEND
_NOTICE = struct.Struct("<QIIiIQ6Q")      # id, thread, flags, number, architecture, instruction, arguments
_ANSWER = struct.Struct("<QqiI")          # id, value, error, flags
_CONTINUE = 1
_AT_FDCWD = -100
_PATH_BYTES_MAX = 4096
_HOLES_MAX = 1024
_NO_DESCRIPTOR = 0x7FFFFFFF
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_FLAGS = [(name, getattr(os, name)) for name in ("O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND", "O_NONBLOCK")]
_ACCESS = ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_RDWR")
_TO_ITSELF = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")  # as abort() does
_HARMLESS_DEVICES = (b"/dev/null", b"/dev/zero", b"/dev/full")
KILLED_TEXT = "makes a system call that reaches outside (this kernel does not say which)"


class Fence:
    """spec: {"ask" and "kill": a filter with its holes, "calls": {number: (name, reason, arguments)}}, or None."""

    def __init__(self, spec, report, libc):
        self._calls = spec["calls"] if spec else {}
        self._filters = [(kind, spec[kind]) for kind in ("ask", "kill")] if spec else []
        self._report = report
        self._libc = libc
        if libc is None or not spec:
            self._filters = []
            self.is_missing("this machine is not x86-64" if libc is not None else "ctypes cannot be loaded")

    def is_missing(self, why):
        self._filters = []
        self._report({"event": "unfenced", "why": why})

    # -- inside the copy ----------------------------------------------------------------------------

    def is_none(self):
        """Whether there is none, which was reported."""
        return not self._filters

    def put_up(self, channel, first):
        """Says over the channel which filter stands (two bytes, a listener beside them); True if one does.

        first: the lowest descriptor that the copy opened itself.
        """
        number = 0
        for kind, filter_ in self._filters:
            listener = self._filter_from_here(kind, filter_, channel, first)
            if listener < 0:
                number = ctypes.get_errno()
            elif kind == "ask":
                _hand_over(listener, channel)
                os.close(listener)
                return True
            else:
                channel.send(b"k\0")
                return True
        channel.send(b"n" + bytes([number]))
        return False

    def put_up_in_thread(self, channel):
        """The same around the calling thread alone. Its listener, for another thread to close, or -1 where there are no supervisors.

        No descriptor counts as its own by its number: the process shares them all.
        """
        for kind, filter_ in self._filters:
            if kind == "ask" and (listener := self._filter_from_here(kind, filter_, channel, _NO_DESCRIPTOR)) >= 0:
                _hand_over(listener, channel)
                return listener
        return -1

    def _filter_from_here(self, kind, filter_, channel, first):
        program, answer_holes, first_holes = filter_
        filled = bytearray(program)
        for holes, value in ((answer_holes, channel.fileno()), (first_holes, first)):
            for hole in holes:
                struct.pack_into("<I", filled, 8 * hole + 4, value)
        held = (ctypes.c_char * len(filled)).from_buffer(filled)
        header = struct.pack("<HxxxxxxQ", len(filled) // 8, ctypes.addressof(held))
        self._libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        return self._libc.syscall(_SECCOMP, _SET_MODE_FILTER, _NEW_LISTENER if kind == "ask" else 0, header)

    # -- outside ------------------------------------------------------------------------------------

    def was_put_up(self, kind, number):
        """What a copy said; the next ones do not try again what this one could not."""
        if kind == "k":
            self._filters = [f for f in self._filters if f[0] == "kill"]
        elif kind == "n" and self._filters:
            self.is_missing(f"the kernel refuses a filter ({errno.errorcode.get(number, number)})")

    def answer(self, listener, pid, tell=None, own=None):
        """Lets one waiting call go on (None), or says what it would have done; the copy then has to be ended.

        tell: with it, the text is told and the call gets EPERM, so that whoever made it can go on. own: of a thread, whose
        filter cannot know which descriptors it opened (fenced_thread.py).
        """
        notice = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, notice)
        except OSError:
            return None  # the copy ended in the meantime
        id_, thread, _, number, _, _, *arguments = _NOTICE.unpack(notice)
        name, reason, letters = self._calls.get(number, (f"system call {number}", "reaches outside", ""))
        text = self._objection(name, reason, letters, arguments, thread, pid, own)
        if text is not None and tell is not None:
            tell(text)
        if text is None or tell is not None:
            said = (0, 0, _CONTINUE) if text is None else (0, -errno.EPERM, 0)
            try:
                fcntl.ioctl(listener, _SEND, bytearray(_ANSWER.pack(id_, *said)))
            except OSError:
                pass
        return text

    def _objection(self, name, reason, letters, arguments, thread, pid, own):
        if own is not None and own.may(name, arguments, thread):
            return None
        if name in _TO_ITSELF and (arguments[0] == pid or name == "kill" and arguments[1] == 0 or
                                   name == "tkill" and arguments[0] == thread):
            return None
        told = _told(letters, arguments, thread)
        if name in ("open", "openat"):
            place = letters.index("p")
            path, flags = _text_at(thread, arguments[place]), arguments[place + 1]
            if path in _HARMLESS_DEVICES:
                return None
            if path in (b"/dev/urandom", b"/dev/random"):
                reason = "reads the system's random numbers"
            elif not flags & _WRITING:
                found = _stat_of(path, arguments[0] if place else _AT_FDCWD, thread)
                if found is None:
                    return None
                if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
                    if own is not None:
                        own.opens(thread, found)
                    return None
                reason = "reads from a device or a pipe"
        return f"{reason}: {name}({', '.join(told)})"


def _hand_over(listener, channel):
    channel.sendmsg([b"a\0"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("i", listener))])


def close_ranks():
    """The lowest descriptor number that whatever is opened from now on gets: lower ones that are free are taken."""
    first = max(int(name) for name in os.listdir("/proc/self/fd")) + 1
    try:
        for _ in range(_HOLES_MAX):
            filler = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            if filler >= first:
                os.close(filler)
                break
    except OSError:
        pass  # no more descriptors: what is opened into a hole counts as open before, and is refused
    return first


def _told(letters, arguments, thread):
    out = []
    for letter, value in zip(letters, arguments):
        if letter == "p":
            path = _text_at(thread, value)
            out.append("..." if path is None else repr(os.fsdecode(path)))
        elif letter == "o":
            out.append("|".join([_ACCESS[value & 3], *(name for name, bit in _FLAGS if value & bit)]))
        elif letter in "dn":
            out.append(str(value - (1 << 32) if value & 0xFFFFFFFF == value and value >> 31 else value))
    return out


def _text_at(thread, address):
    """The text at an address of a waiting thread, or None where it cannot be read."""
    try:
        memory = os.open(f"/proc/{thread}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # Page by page: what lies behind the text need not be there.
        text = b""
        while len(text) < _PATH_BYTES_MAX and b"\0" not in text:
            text += os.pread(memory, 4096 - (address + len(text)) % 4096, address + len(text))
        return text.partition(b"\0")[0]
    except OSError:
        return None
    finally:
        os.close(memory)


def _stat_of(path, folder, thread):
    """The file that a thread names, None if there is none or it cannot be told."""
    if path is None:
        return None
    folder = folder & 0xFFFFFFFF
    base = f"/proc/{thread}/cwd/" if folder == _AT_FDCWD & 0xFFFFFFFF else f"/proc/{thread}/fd/{folder}/"
    path = path.replace(b"/proc/self/", b"/proc/%d/" % thread, 1)
    try:
        return os.stat(path if path.startswith(b"/") else base.encode() + path)
    except (OSError, ValueError):
        return None
