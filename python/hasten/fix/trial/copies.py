"""Proof at the call: the process is forked, one copy runs the old function, another the new one.

Both copies start from the very same state, addresses included, so everything that the call can be seen
to change is comparable (inside.py). The real process then runs the old function and goes on, untouched.
"""

import marshal
import os
import select
import signal
import sys
import time

import _socket

_monotonic = time.monotonic
_os_write = os.write


class Copies:
    """Runs one call in a forked copy and tells what came of it.

    side: (target, variant or None for the old version) inside a copy, None outside. signal_mask: what a copy blocks; None: what the
    process blocks.
    """

    def __init__(self, effects, parts, call_state, is_own_module, fence, report):
        self.side = None
        self.signal_mask = None
        self.effects = effects
        self.parts = parts
        self.call_state = call_state
        self.is_own_module = is_own_module
        self.libc = parts.memory.load_libc()
        self.fence = parts.fence.Fence(fence, report, self.libc)

    def run(self, variant, call, limit_s, **how):
        """What a forked copy tells of one call. how: as Inside.answer has it."""
        reader, writer = _socket.socketpair()
        self.effects.quiet = True
        # The random module seeds itself anew in every forked child; a copy must not see that.
        shared_random = getattr(sys.modules.get("random"), "_inst", None)
        random_state = shared_random.getstate() if shared_random is not None else None
        set_loop, loop = running_loop()
        pid = os.fork()
        if pid == 0:
            try:
                if self.signal_mask is not None:
                    signal.pthread_sigmask(signal.SIG_SETMASK, self.signal_mask)
                if loop is not None:
                    set_loop(loop)
                if shared_random is not None:
                    shared_random.setstate(random_state)
                reader.close()
                raw = self.parts.inside.Inside(self, writer).answer(variant, call, **how)
                while raw:
                    raw = raw[_os_write(writer.fileno(), raw):]
            finally:
                os._exit(0)
        writer.close()
        try:
            raw, stopped = self._hear(reader, pid, limit_s)
            if raw is None:
                os.kill(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
        finally:
            self.effects.quiet = False
            reader.close()
        who = "the old version" if variant is None else "the new version"
        if stopped:
            return {"stopped": stopped, "verdict": "refused"}
        if raw is None:
            return {"stopped": f"{who} was still running after {limit_s:.1f} s", "verdict":
                    "cannot tell" if variant is None else "refused"}
        if os.WIFSIGNALED(status):
            if os.WTERMSIG(status) == signal.SIGSYS:
                return {"stopped": self.parts.fence.KILLED_TEXT, "verdict": "refused"}
            return {"stopped": f"{who} died by signal {os.WTERMSIG(status)}", "verdict": "refused"}
        if len(raw) <= 2:
            return {"stopped": f"{who} ended the process", "verdict": "cannot tell"}
        return marshal.loads(raw[2:])

    def _hear(self, reader, pid, limit_s):
        """(all that a copy says until it ends, what it was stopped at); without the former when the time is up."""
        poll = select.poll()
        poll.register(reader.fileno(), select.POLLIN | select.POLLHUP)
        end = _monotonic() + limit_s
        parts, listener, stopped = [], -1, None
        try:
            while True:
                left = end - _monotonic()
                ready = dict(poll.poll(int(min(left, 1e5) * 1000) + 1)) if left > 0 else {}
                if not ready:
                    return None, None
                if reader.fileno() in ready:
                    part, rights, _, _ = reader.recvmsg(1 << 20, _socket.CMSG_SPACE(4))
                    if not part:
                        return b"".join(parts), None
                    if not parts:
                        self.fence.was_put_up(chr(part[0]), part[1] if len(part) > 1 else 0)
                    parts.append(part)
                    if rights:
                        listener = int.from_bytes(rights[0][2][:4], sys.byteorder)
                        poll.register(listener, select.POLLIN)
                elif ready[listener] & select.POLLIN:
                    stopped = self.fence.answer(listener, pid)
                    if stopped:
                        return None, stopped
                else:
                    poll.unregister(listener)
        finally:
            if listener >= 0:
                os.close(listener)


def running_loop():
    """(the function that says which event loop runs, the one that runs now); None for both without asyncio.

    A loop belongs to the process in which it began to run: asyncio says in a copy that none does.
    """
    events = sys.modules.get("asyncio.events")
    set_loop, get_loop = (getattr(events, f"_{verb}_running_loop", None) for verb in ("set", "get"))
    if set_loop is None or get_loop is None:  # they are no promise of asyncio's
        return None, None
    return set_loop, get_loop()
