"""A thread of the program itself behind the fence of the copies (fence.py): a call costs some 50 us there, a copy 20 ms.

A filter on system calls belongs to the thread that puts it up, so that the program's own threads stay free. What a call would
do outside gets EPERM and is named. The supervisor is a process, for a thread that holds the GIL while it waits would keep a
supervisor in the same process from answering. Stricter than in a copy: of descriptors only those of files that the call opened
may be used, and only for reading. From memory a thread cannot be kept; whoever calls looks after that. The thread ends before every fork, which
would find a second thread otherwise, and begins again when it is needed.
"""

import os
import select
import signal
import struct
import time
from _thread import _count as thread_count
from _thread import allocate_lock, get_ident, get_native_id, stack_size
from _thread import start_new_thread as _start_new_thread

import _socket

try:
    from _contextvars import copy_context
except ImportError:
    copy_context = None

_monotonic = time.monotonic
_sleep = time.sleep
_STACK_BYTES = 64 << 20  # address space, not memory: as deep as the main thread may go, a call must go here too
_END_S = 1.0             # so long may it take to break off a call
_TEXT_BYTES_MAX = 1000


class Lost(Exception):
    """No call can be run there (any more); the message says why."""


class OwnDescriptors:
    """Which descriptors the thread opened itself. The supervisor sees what is opened, but not which number that gets: it
    is the one that was not there before and leads to the file."""

    _READS = {"read", "readv", "pread64", "preadv", "preadv2", "lseek", "getdents", "getdents64"}
    _ASKS = {0x5401, 0x5450, 0x5451}  # of ioctl: TCGETS, FIONCLEX, FIOCLEX, as opening a file in Python or C does

    def __init__(self):
        self._own = {}  # number: (device, inode)
        self._before, self._file = frozenset(), None

    def opens(self, thread, found):
        """The thread waits to open what os.stat() found."""
        self._file = found.st_dev, found.st_ino
        self._before = frozenset(os.listdir(f"/proc/{thread}/fd"))

    def may(self, name, arguments, thread):
        """Whether the call reads from such a descriptor."""
        if name not in self._READS and not (name == "ioctl" and arguments[1] in self._ASKS):
            return False
        number = arguments[0] & 0xFFFFFFFF
        try:
            found = os.stat(f"/proc/{thread}/fd/{number}")
        except OSError:
            return False
        file = found.st_dev, found.st_ino
        if self._own.get(number) == file:
            return True
        if file != self._file or str(number) in self._before:
            return False
        self._own[number], self._file = file, None
        return True


class FencedThread:
    """copies: whose fence it is, and in whose child processes there is none. Not to be used from two threads at once."""

    def __init__(self, copies):
        self._fence, self._effects = copies.fence, copies.effects
        self._pid = os.getpid()
        self._go = self._done = None  # locks, while it runs: released for each call, and when it has come back
        self._work = self._outcome = None
        self._channel = None          # to the supervisor, which says there what it has refused
        self._listener = -1
        self._task = ""
        os.register_at_fork(before=self.end)

    def other_threads(self):
        """How many threads run beside this one and the caller's."""
        return thread_count() - (self._go is not None)

    def run(self, function, args, kwargs, limit_s):
        """((exception or None, result), what the call tried outside or None). Raises Lost."""
        if self._go is None:
            self._begin()
        self._work = function, args, kwargs, copy_context() if copy_context else None
        self._go.release()
        objection = None
        if not self._done.acquire(timeout=limit_s):
            objection = f"was still running after {limit_s:.1f} s"
            self._break_off(objection)
        try:
            while self._told.poll(0):
                text = self._channel.recv(_TEXT_BYTES_MAX)
                if not text:
                    raise Lost("its supervisor ended")
                objection = objection or text.decode("utf-8", "replace")
        except OSError:
            raise Lost("the program closed its descriptors") from None
        outcome, self._outcome = self._outcome, None
        return outcome, objection

    @classmethod
    def unfenced(cls, function, args, kwargs):
        """The same in the caller's own thread: for machines without filters, where the audit hook is all there is."""
        return cls._call(function, args, kwargs, None), None

    # -- beginning and end ----------------------------------------------------------------------------

    def _begin(self):
        quiet, self._effects.quiet = self._effects.quiet, True
        size = stack_size()
        try:
            self._start_supervisor()
            self._told = select.poll()
            self._told.register(self._channel.fileno(), select.POLLIN)
            self._go, self._done = allocate_lock(), allocate_lock()
            self._go.acquire()
            self._done.acquire()
            stack_size(_STACK_BYTES)
            _start_new_thread(self._serve, ())
            self._done.acquire()
        finally:
            stack_size(size)
            self._effects.quiet = quiet
        if self._listener < 0:
            self.end()
            raise Lost("this kernel has no supervised filters")
        os.close(self._listener)  # the supervisor has it: where that ends, nothing waits for an answer

    def end(self):
        """Ends the thread, if it runs; returns when the kernel has it no more."""
        if self._go is None or os.getpid() != self._pid:
            return
        self._work = None
        self._go.release()
        give_up = _monotonic() + _END_S
        while os.path.exists(self._task) and _monotonic() < give_up:
            _sleep(0)
        self._go = self._outcome = None
        self._channel.close()

    def _break_off(self, why):
        """A call that does not end gets an exception; where it waits outside Python, that never comes to it."""
        import ctypes

        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._ident), ctypes.py_object(TimeoutError))
        if not self._done.acquire(timeout=_END_S):
            raise Lost(why)

    # -- in the thread --------------------------------------------------------------------------------

    def _serve(self):
        # The program's signals are for its own threads.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self._ident, self._task = get_ident(), f"/proc/self/task/{get_native_id()}"
        go, done = self._go, self._done
        # What the C library opens before a thread's first large block (the number of CPUs) would wait for a supervisor that
        # has no listener yet.
        bytearray(1 << 16)
        self._listener = self._fence.put_up_in_thread(self._channel)
        is_fenced = self._listener >= 0
        done.release()
        while is_fenced:
            go.acquire()
            if self._work is None:
                return
            self._outcome = self._call(*self._work)
            self._work = None
            done.release()

    @staticmethod
    def _call(function, args, kwargs, context):
        try:
            return None, context.run(function, *args, **kwargs) if context else function(*args, **kwargs)
        except BaseException as error:
            return error, None

    # -- the supervisor -------------------------------------------------------------------------------

    def _start_supervisor(self):
        """A process that waits for a listener. It is no child of the program, which might wait for its own."""
        self._channel, its = _socket.socketpair()
        pid = os.fork()
        if pid == 0:
            try:
                if os.fork() == 0:
                    self._supervise(its)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        its.close()

    def _supervise(self, channel):
        """Names what stops, and refuses it; until the program closes the channel."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        # A pipe of the program's ends when the program closes it.
        os.closerange(0, channel.fileno())
        os.closerange(channel.fileno() + 1, 1 << 20)
        _, rights, _, _ = channel.recvmsg(2, _socket.CMSG_SPACE(4))
        listener = struct.unpack("i", rights[0][2][:4])[0]
        own = OwnDescriptors()
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(channel.fileno(), select.POLLIN)
        while True:
            ready = dict(poll.poll())
            if channel.fileno() in ready or not ready[listener] & select.POLLIN:
                return
            # None of its signals are its own business: they would reach the program.
            self._fence.answer(listener, -1, lambda text: channel.send(text.encode("utf-8", "replace")[:_TEXT_BYTES_MAX]), own)
