"""Proof at the call: the process is forked, one copy runs the old function, another the new one.

Both copies start from the very same state, addresses included, so everything that the call can be seen
to change is comparable: the outcome (result or exception), the arguments, the globals of the program's
own modules, closures and defaults, what was printed, random and decimal state, environment and current
directory. The real process then runs the old function and goes on, untouched.

Time: each side is measured in its own copy, after every writable page has been made private to the copy
(copy-on-write faults then count for neither side). A call that changed nothing is repeated in the copy
until clock and cache noise are small. Wrong when: a library keeps state that none of the sections
below reads; docs/guide/fix.md names what is not compared.
"""

import ctypes
import marshal
import os
import resource
import select
import signal
import sys
import time

import _socket

_perf_counter_ns = time.perf_counter_ns
_process_time_ns = time.process_time_ns
_monotonic = time.monotonic
_os_write, _os_pread = os.write, os.pread

_COLD_NS_MAX = 200_000_000  # a call that takes longer hides the time to compile


class Copies:
    """Runs one call in a forked copy and tells what came of it.

    side: (target, variant or None for the old version) inside a copy, None outside.
    """

    def __init__(self, effects, parts, call_state, is_own_module, fence, report):
        self.side = None
        self._effects = effects
        self._parts = parts
        self._call_state = call_state
        self._is_own_module = is_own_module
        self._libc = parts.memory.load_libc()
        self._fence = parts.fence.Fence(fence, report, self._libc)

    def run(self, variant, call, limit_s, wanted=None):
        """What a forked copy tells of one call. wanted: a section that is listed instead of being compared."""
        reader, writer = _socket.socketpair()
        self._effects.quiet = True
        # The random module seeds itself anew in every forked child; a copy must not see that.
        shared_random = getattr(sys.modules.get("random"), "_inst", None)
        random_state = shared_random.getstate() if shared_random is not None else None
        pid = os.fork()
        if pid == 0:
            self._channel, self._has_said = writer, False
            try:
                if shared_random is not None:
                    shared_random.setstate(random_state)
                try:
                    reader.close()
                    self._parts.snapshot.Snapshot.wanted = wanted
                    message = self._inside(variant, call)
                except BaseException as error:  # our own failure inside the copy must reach a person
                    message = {"stopped": f"the copy could not be compared ({type(error).__name__}: {error})"[:300],
                               "verdict": "cannot tell"}
                raw = marshal.dumps(message)
                if not self._has_said:
                    raw = b"-\0" + raw
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
            self._effects.quiet = False
            reader.close()
        who = "the old version" if variant is None else "the new version"
        if stopped:
            return {"stopped": stopped, "verdict": "refused"}
        if raw is None:
            return {"stopped": f"{who} was still running after {limit_s:.1f} s", "verdict":
                    "cannot tell" if variant is None else "refused"}
        if os.WIFSIGNALED(status):
            if os.WTERMSIG(status) == signal.SIGSYS:
                return {"stopped": self._parts.fence.KILLED_TEXT, "verdict": "refused"}
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
                        self._fence.was_put_up(chr(part[0]), part[1] if len(part) > 1 else 0)
                    parts.append(part)
                    if rights:
                        listener = int.from_bytes(rights[0][2][:4], sys.byteorder)
                        poll.register(listener, select.POLLIN)
                elif ready[listener] & select.POLLIN:
                    stopped = self._fence.answer(listener, pid)
                    if stopped:
                        return None, stopped
                else:
                    poll.unregister(listener)
        finally:
            if listener >= 0:
                os.close(listener)

    def _inside(self, variant, call):
        """Runs in the copy: state before, the call, state after. Never returns to the program."""
        effects, parts = self._effects, self._parts
        snapshot, versions = parts.snapshot, parts.versions
        function, args, kwargs = call.function, call.args, call.kwargs
        effects.quiet = False
        try:
            callee = call.implementation(variant)
        except versions.Unchanged as error:
            return {"stopped": str(error), "verdict": "cannot tell"}
        self.side = (call.target, variant)
        tokens = {id(f): "candidate" for f in (function, call.wrapper, callee)}
        versions.rebind(function, call.wrapper, callee, args)
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # a copy that dies leaves no file
        first = parts.fence.close_ranks()
        out, err = _capture_output()
        try:
            shared = parts.memory.take_over_shared(self._libc)
        except parts.memory.Refused as error:
            return {"stopped": str(error), "verdict": "cannot tell"}
        reach = parts.state.Reach(function, [*args, *kwargs.values()], self._is_own_module)
        if reach.clock:
            return {"stopped": f"may read the clock ({reach.clock})", "verdict": "refused"}

        def state():
            taken = self._call_state.take(tokens, function, args, kwargs, reach)
            for name, address, size in shared:
                taken.add(f"the shared memory {name or 'without a name'}", ctypes.string_at(address, size))
            return taken

        try:
            before = state()
        except snapshot.CannotTell as error:
            live = isinstance(error, snapshot.LiveHandle)
            return {"stopped": str(error), "verdict": "refused" if live else "cannot tell"}
        parts.memory.populate(self._libc)
        effects.quiet = True  # the listener goes over the channel: nobody answers yet what stops before
        effects.is_fenced = self._fence.put_up(self._channel, first)
        effects.quiet, self._has_said = False, True
        nvcsw = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
        outcome, first_ns = self._timed(callee, args, kwargs)
        waited = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw > nvcsw
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        printed = _read_file(out), _read_file(err)
        if effects.reason is not None:
            return {"stopped": effects.reason, "verdict": "refused"}
        if isinstance(outcome[0], RecursionError):
            return {"stopped": "the recursion is too deep to be judged", "verdict": "cannot tell"}
        try:
            after = state()
            unchanged = after.sections == before.sections and after.floats == before.floats and not any(printed)
            raised = outcome[0] is not None
            after.add("the exception" if raised else "the result", outcome[0] if raised else outcome[1])
            after.add("standard output", printed[0])
            after.add("standard error", printed[1])
        except snapshot.CannotTell as error:
            return {"stopped": str(error), "verdict":
                    "refused" if isinstance(error, snapshot.LiveHandle) else "cannot tell"}
        if snapshot.Snapshot.wanted is not None:
            kept = snapshot.Snapshot.wanted_value
            return {"leaves": self._parts.difference.leaves_of(kept[0], snapshot.preview) if kept else None}
        ns = first_ns[1] if waited else first_ns[0]
        if unchanged and not raised:
            ns = self._repeat(callee, args, kwargs, ns, waited)
        elif effects.reason is None and ns < _COLD_NS_MAX:
            # Nothing of what follows is compared any more. The first call may have compiled something, which the
            # program pays once: both sides are timed on a second call, from the state that the first one left.
            ns = self._second(callee, args, kwargs, ns, waited)
        if effects.reason is not None:
            return {"stopped": effects.reason, "verdict": "refused"}
        return {"sections": after.sections, "floats": after.floats, "raised": raised, "pure": unchanged, "ns": ns,
                "first_ns": first_ns[1]}

    def _timed(self, callee, args, kwargs):
        """((exception or None, result), (CPU ns, wall ns)) of one call."""
        self._effects.inside_copy = True
        raised = result = None
        wall = _perf_counter_ns()
        cpu = _process_time_ns()
        try:
            result = callee(*args, **kwargs)
        except BaseException as error:
            cpu = _process_time_ns() - cpu
            wall = _perf_counter_ns() - wall
            raised = error
        else:
            cpu = _process_time_ns() - cpu
            wall = _perf_counter_ns() - wall
        self._effects.inside_copy = False
        return (raised, result), (cpu, wall)

    def _second(self, callee, args, kwargs, first_ns, waited):
        """Time of one more call; of the first where the second does not come to its end."""
        def stop(signum, frame):
            raise TimeoutError

        reason = self._effects.reason
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, max(0.05, 50e-9 * first_ns))
        try:
            (raised, _), spent = self._timed(callee, args, kwargs)
        except TimeoutError:
            return first_ns
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if self._effects.reason is not reason or isinstance(raised, TimeoutError):
            self._effects.reason = reason
            return first_ns
        return spent[waited]

    def _repeat(self, callee, args, kwargs, first_ns, waited):
        """Mean ns of a call that changes nothing, over at least 3 ms; the first, cold one is left out."""
        if first_ns > 1_000_000_000:
            return first_ns
        clock = _perf_counter_ns if waited else _process_time_ns
        self._effects.inside_copy = True
        try:
            # The first call may have compiled something: the second tells how many fit into the time.
            start = clock()
            callee(*args, **kwargs)
            warm_ns = max(clock() - start, 1)
            repeat_count = min(2000, 3_000_000 // warm_ns)
            if not repeat_count:
                return warm_ns
            start = clock()
            for _ in range(repeat_count):
                callee(*args, **kwargs)
            return (clock() - start) / repeat_count
        finally:
            self._effects.inside_copy = False


def _capture_output():
    """Standard output and error of the copy go to memory; standard input gives an error, not the terminal."""
    files = []
    for fd in (1, 2):
        memory = os.memfd_create(f"hasten-{fd}")
        os.dup2(memory, fd)
        files.append(memory)
    reader, writer = os.pipe()
    os.dup2(writer, 0)
    os.close(reader)
    return files


def _read_file(fd):
    size = os.fstat(fd).st_size
    parts = []
    offset = 0
    while offset < size:
        part = _os_pread(fd, size - offset, offset)
        if not part:
            break
        parts.append(part)
        offset += len(part)
    return b"".join(parts)
