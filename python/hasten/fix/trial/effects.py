"""Watches what a program does to the world outside itself, and forbids it inside a forked copy.

One audit hook, installed before the program starts. Outside a copy it writes down the first sight of
each effect (a file opened for writing, a connection, a process started, the terminal read). Inside a
copy the same events, and the clock functions, raise Forbidden: what a copy did could not be taken back,
and two copies would read two different times. Only audited runs carry the hook, never a timed one.
"""

import _thread
import os
import posix
import sys
import time

_CLOCKS = ("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time",
           "process_time_ns", "thread_time", "thread_time_ns", "clock_gettime", "clock_gettime_ns")
_CLOCKS_WITHOUT_ARGUMENT = {"localtime": 0, "gmtime": 0, "ctime": 0, "asctime": 0, "strftime": 1}

_NETWORK = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
            "socket.gethostbyname")
_PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty",
              "pty.spawn", "os.startfile")
_FILES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
          "os.chown", "os.utime", "os.setxattr", "os.removexattr", "os.mkfifo", "os.lchown")
_OTHERS = {"os.kill": "sends a signal", "os.killpg": "sends a signal", "signal.pthread_kill": "sends a signal",
           "sqlite3.connect": "opens a database", "builtins.input": "reads the terminal"}
# No audit event tells of these in every version.
_THREAD_STARTERS = ("start_new_thread", "start_new", "start_joinable_thread")


class Forbidden(BaseException):
    """Raised inside a copy; a BaseException, so that `except Exception` in the program does not hide it."""


class Effects:
    def __init__(self, report):
        self._report = report        # called as report(dict), outside a copy
        self._seen = set()
        self._pid = os.getpid()
        self.inside_copy = False
        self.is_fenced = False       # system calls are filtered (fence.py): descriptors are looked at there
        self.quiet = False           # our own file accesses
        self.reason = None           # why the copy was stopped, even if the program swallowed Forbidden

    def install(self):
        sys.addaudithook(self._hook)

    def forbid(self, reason):
        if self.reason is None:
            self.reason = reason
        raise Forbidden(reason)

    def _hook(self, event, args):
        effect = _classify(event, args)
        if effect is None or self.quiet:
            return
        kind, detail = effect
        if self.inside_copy:
            self.forbid(_sentence(kind, detail))
        if (kind, detail) not in self._seen and len(self._seen) < 500:
            self._seen.add((kind, detail))
            self._report({"event": "effect", "kind": kind, "detail": detail, "child": os.getpid() != self._pid})

    def wrap_functions(self):
        """Replaces functions that read clock or entropy, start threads or use descriptors, before the program
        can bind them by name."""
        for name in _CLOCKS:
            if hasattr(time, name):
                setattr(time, name, self._guarded(getattr(time, name), f"reads the clock (time.{name})"))
        for name, free_arguments in _CLOCKS_WITHOUT_ARGUMENT.items():
            setattr(time, name, self._guarded(getattr(time, name), f"reads the clock (time.{name})", free_arguments))
        for name in ("urandom", "getrandom"):
            if hasattr(os, name):
                guarded = self._guarded(getattr(os, name), f"reads the system's random numbers (os.{name})")
                setattr(os, name, guarded)
                setattr(posix, name, guarded)
        for name in _THREAD_STARTERS:
            if hasattr(_thread, name):
                guarded = self._guarded(getattr(_thread, name), "starts a thread")
                setattr(_thread, name, guarded)
                if hasattr(sys.modules.get("threading"), f"_{name}"):
                    setattr(sys.modules["threading"], f"_{name}", guarded)
        for name in ("write", "writev", "pwrite", "sendfile"):
            self._guard_descriptor(name, allowed=(1, 2))
        for name in ("read", "readv", "pread"):
            self._guard_descriptor(name, allowed=())

    def _guarded(self, function, reason, arguments_that_make_it_pure=None):
        def guarded(*args, **kwargs):
            if self.inside_copy and (arguments_that_make_it_pure is None or len(args) <= arguments_that_make_it_pure):
                self.forbid(reason)
            return function(*args, **kwargs)
        guarded.__name__ = guarded.__qualname__ = function.__name__
        guarded.__module__ = function.__module__
        guarded.__doc__ = function.__doc__
        return guarded

    def _guard_descriptor(self, name, allowed):
        function = getattr(os, name, None)
        if function is None:
            return

        def guarded(fd, *args, **kwargs):
            # Descriptors are shared with the real program: reading or writing one moves its offset there.
            if self.inside_copy and not self.is_fenced and fd not in allowed and not self.quiet:
                self.forbid(f"uses an open descriptor (os.{name})")
            return function(fd, *args, **kwargs)
        guarded.__name__ = guarded.__qualname__ = name
        guarded.__module__ = function.__module__
        setattr(os, name, guarded)
        setattr(posix, name, guarded)


def _classify(event, args):
    """(kind, detail) of an audit event that leaves a trace outside the process, else None."""
    if event == "open":
        return _classify_open(*args)
    if event in _NETWORK:
        return "network", _address(args)
    if event in _PROCESSES:
        return "process", _command(event, args)
    if event in _FILES:
        # Of a rename the new name matters: that is how a file is replaced.
        named = [a for a in args[:2] if isinstance(a, (str, bytes, os.PathLike))]
        return "file", os.path.abspath(_text(named[-1])) if named else event
    if event in _OTHERS:
        return "other", _OTHERS[event]
    return None


def _classify_open(path, mode, flags):
    if isinstance(path, int):
        return ("other", "reads the terminal") if path == 0 else None
    writes = (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
              or isinstance(mode, str) and any(c in mode for c in "wax+"))
    if not writes:
        return None
    text = _text(path)
    if text == os.devnull or text.endswith(".pyc") or "__pycache__" in text:
        return None
    return "file", os.path.abspath(text)


def _text(value):
    try:
        return os.fsdecode(value)
    except TypeError:
        return str(type(value).__name__)


def _address(args):
    address = args[-1] if args else ""
    if isinstance(address, tuple):
        return ":".join(str(part) for part in address[:2])
    return str(args[0]) if args and isinstance(args[0], (str, int)) else str(address)[:80]


def _command(event, args):
    if event == "os.fork" or event == "os.forkpty":
        return "fork"
    first = args[0] if args else ""
    return _text(first) if isinstance(first, (str, bytes, os.PathLike)) else str(first)[:80]


def _sentence(kind, detail):
    return {"file": f"writes to a file ({detail})", "network": f"uses the network ({detail})",
            "process": f"starts a process ({detail})"}.get(kind, detail)
