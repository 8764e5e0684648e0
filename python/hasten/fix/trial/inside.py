"""What happens inside a forked copy: the state before, the call, the state after, and the time that the call took.

Compared are the outcome (result or exception), the arguments, the globals of the program's own modules, closures and defaults,
what was printed, random and decimal state, environment and current directory, shared memory.

Time: each side is measured in its own copy, after every writable page has been made private to the copy
(copy-on-write faults then count for neither side). A call that changed nothing is repeated in the copy
until clock and cache noise are small. Wrong when: a library keeps state that none of the sections
below reads; docs/guide/fix.md names what is not compared.
"""

import ctypes
import itertools
import marshal
import os
import resource
import signal
import sys
import time

_perf_counter_ns = time.perf_counter_ns
_process_time_ns = time.process_time_ns
_os_pread = os.pread

_COLD_NS_MAX = 200_000_000  # a call that takes longer hides the time to compile


_GENERATED_BYTES_MAX = 1 << 30  # so much more may a call on a made input take
_ITEMS_MOST = 10_000  # of an iterator that a call gives, which need not end
_ITEMS_S = 2.0        # so long may they take


class Stopped(Exception):
    """The call is not judged. Arguments: why, and the verdict."""


class _TookTooLong(TimeoutError):
    """The copy's own alarm."""


class Inside:
    """copies: what the copy was forked from; channel: over which it answers."""

    def __init__(self, copies, channel):
        self._copies = copies
        self._effects, self._parts, self._libc = copies.effects, copies.parts, copies.libc
        self._channel = channel
        self._has_said = False  # whether a fence stands

    def answer(self, variant, call, **how):
        """Bytes for the channel."""
        try:
            message = self._watched(variant, call, **how) if "known" in how else self._answer(variant, call, **how)
        except Stopped as stopped:
            message = {"stopped": stopped.args[0], "verdict": stopped.args[1]}
        except self._parts.snapshot.CannotTell as error:
            live = isinstance(error, self._parts.snapshot.LiveHandle)
            message = {"stopped": str(error), "verdict": "refused" if live else "cannot tell"}
        except BaseException as error:  # our own failure inside the copy must reach a person
            message = {"stopped": f"the copy could not be compared ({type(error).__name__}: {error})"[:300],
                       "verdict": "cannot tell"}
        return (b"" if self._has_said else b"-\0") + marshal.dumps(message)

    def _answer(self, variant, call, wanted=None, generated=None):
        """wanted: a section that is listed instead of being compared. generated: (number of an input that is made from
        the call's own, whether that is a long one); such a call is not timed."""
        effects, snapshot = self._effects, self._parts.snapshot
        callee, shared = self._enter(variant, call)
        traits = self._make_input(call, generated)
        args, kwargs = call.args, call.kwargs
        out, err = _capture_output()
        state = self._state_of(call, callee, shared)
        snapshot.Snapshot.wanted = wanted
        snapshot.Snapshot.iterators_before = None
        before = state()
        snapshot.Snapshot.iterators_before = before.iterators
        shown = generated is not None and snapshot.preview_call(call.target.name, args, kwargs)
        if generated is None:
            self._parts.memory.populate(self._libc)
        self._close()
        waits = _waits()
        outcome, first_ns = self._timed(callee, args, kwargs)
        waited = _waits() > waits
        items = None
        if snapshot.is_iterator(outcome[1]):
            items, more_ns = self._drained(outcome[1])
            first_ns = [a + b for a, b in zip(first_ns, more_ns)]
            makes, callee = callee, lambda *args, **kwargs: _items_of(makes(*args, **kwargs))
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        printed = _read_file(out), _read_file(err)
        self._check_effects()
        if isinstance(outcome[0], RecursionError):
            raise Stopped("the recursion is too deep to be judged", "cannot tell")
        after = state()
        unchanged = after.sections == before.sections and after.floats == before.floats and not any(printed)
        raised = outcome[0] is not None
        if items is not None:
            after.add("the list of what the result gives", items)
            outcome = None, type(outcome[1])
        after.add("the exception" if raised else "the result", outcome[0] if raised else outcome[1])
        after.add("standard output", printed[0])
        after.add("standard error", printed[1])
        if wanted is not None:
            kept = snapshot.Snapshot.wanted_value
            return {"leaves": self._parts.difference.leaves_of(kept[0], snapshot.preview) if kept else None}
        found = {"sections": after.sections, "floats": after.floats, "raised": raised, "pure": unchanged, "first_ns": first_ns[1],
                 "given": [digest for name, digest, _ in before.sections if name.startswith("the argument ")]}
        if generated is not None:
            kind = type(outcome[0])
            return found | {"traits": traits, "shown": shown, "kind": f"{kind.__module__}.{kind.__qualname__}"}
        ns = first_ns[1] if waited else first_ns[0]
        if unchanged and not raised:
            ns = self._repeat(callee, args, kwargs, ns, waited)
        elif effects.reason is None and ns < _COLD_NS_MAX:
            # Nothing of what follows is compared any more. The first call may have compiled something, which the
            # program pays once: both sides are timed on a second call, from the state that the first one left.
            ns = self._second(callee, args, kwargs, ns, waited)
        self._check_effects()
        return found | {"ns": ns}

    def _watched(self, variant, call, known, watched_s, generated=None):
        """Which branches the call takes, beside those that are known; nothing is compared and nothing timed."""
        callee, _ = self._enter(variant, call)
        self._make_input(call, generated)
        _capture_output()
        branches = self._parts.branches.Branches(call.function.__code__ if variant is None else variant.code)
        branches.taken |= known
        self._close()
        self._alarm(watched_s)
        end = branches.watch()
        self._timed(callee, call.args, call.kwargs)  # Enough may end it
        end()
        signal.setitimer(signal.ITIMER_REAL, 0)
        return {"possible": branches.possible, "taken": branches.taken}

    # -- making it a copy that nothing gets out of ----------------------------------------------------

    def _enter(self, variant, call):
        """(the function to be called, shared memory that was taken over)."""
        parts, versions = self._parts, self._parts.versions
        self._effects.quiet = False
        try:
            callee = call.implementation(variant)
        except versions.Unchanged as error:
            raise Stopped(str(error), "cannot tell") from None
        self._copies.side = (call.target, variant)
        versions.rebind(call.function, call.wrapper, callee, call.args)
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # a copy that dies leaves no file
        self._first = parts.fence.close_ranks()
        try:
            return callee, parts.memory.take_over_shared(self._libc)
        except parts.memory.Refused as error:
            raise Stopped(str(error), "cannot tell") from None

    def _make_input(self, call, generated):
        """Puts an input made from the call's own in its place. Returns what a rule may say that it is not for."""
        if generated is None:
            return []
        number, is_long = generated
        # A made number may ask for any amount of memory: that fails here and not on the whole machine.
        size = memory_size() + _GENERATED_BYTES_MAX
        resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))
        try:
            call.args, call.kwargs, traits = self._parts.inputs.made(call.args, call.kwargs, number, call.target.optional,
                                                                            is_long)
        except self._parts.inputs.NothingPlain:
            raise Stopped("nothing among its arguments is plain", "nothing to make") from None
        return traits

    def _close(self):
        """From here on no system call reaches outside."""
        effects = self._effects
        effects.quiet = True  # the listener goes over the channel: nobody answers yet what stops before
        effects.is_fenced = self._copies.fence.put_up(self._channel, self._first)
        effects.quiet, self._has_said = False, True

    def _check_effects(self):
        if self._effects.reason is not None:
            raise Stopped(self._effects.reason, "refused")

    def _state_of(self, call, callee, shared):
        """A function that takes a snapshot of all that the call can be seen to change."""
        function, args, kwargs = call.function, call.args, call.kwargs
        tokens = {id(f): "candidate" for f in (function, call.wrapper, callee)}
        reach = self._parts.state.Reach(function, [*args, *kwargs.values()], self._copies.is_own_module)
        if reach.clock:
            raise Stopped(f"may read the clock ({reach.clock})", "refused")

        def state():
            taken = self._copies.call_state.take(tokens, function, args, kwargs, reach)
            for name, address, size in shared:
                taken.add(f"the shared memory {name or 'without a name'}", ctypes.string_at(address, size))
            return taken
        return state

    # -- the call -----------------------------------------------------------------------------------

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

    def _drained(self, iterator):
        """(what an iterator gives, the time that took). What is computed when it is asked for was made by the call all the same."""
        handler = signal.getsignal(signal.SIGALRM)
        self._alarm(_ITEMS_S)
        try:
            (raised, items), spent_ns = self._timed(_items_of, (iterator,), {})
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            if handler is not None:
                signal.signal(signal.SIGALRM, handler)
        if raised is not None or items and isinstance(items[-1], _TookTooLong):
            raise Stopped(f"what its result gives, a {type(iterator).__name__}, took more than {_ITEMS_S:g} s", "refused")
        return items, spent_ns

    def _second(self, callee, args, kwargs, first_ns, waited):
        """Time of one more call; of the first where the second does not come to its end."""
        reason = self._effects.reason
        self._alarm(max(0.05, 50e-9 * first_ns))
        waits = _waits()
        try:
            (raised, _), spent = self._timed(callee, args, kwargs)
        except _TookTooLong:
            return first_ns
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if self._effects.reason is not reason or isinstance(raised, _TookTooLong):
            self._effects.reason = reason
            return first_ns
        return spent[waited and _waits() > waits]

    @staticmethod
    def _alarm(seconds):
        def stop(signum, frame):
            raise _TookTooLong

        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def _repeat(self, callee, args, kwargs, first_ns, waited):
        """Mean ns of a call that changes nothing, over at least 3 ms; the first, cold one is left out."""
        if first_ns > 1_000_000_000:
            return first_ns
        clocks = _process_time_ns, _perf_counter_ns
        self._effects.inside_copy = True
        try:
            # The first call may have compiled something: the second tells how many fit into the time; and whether calls wait, for
            # to read a file at the first call is to wait for the supervisor of the fence.
            waits = _waits()
            starts = [clock() for clock in clocks]
            callee(*args, **kwargs)
            spent = [max(clock() - start, 1) for clock, start in zip(clocks, starts)]
            waited = waited and _waits() > waits
            clock, warm_ns = clocks[waited], spent[waited]
            repeat_count = min(2000, 3_000_000 // warm_ns)
            if not repeat_count:
                return warm_ns
            start = clock()
            for _ in range(repeat_count):
                callee(*args, **kwargs)
            return (clock() - start) / repeat_count
        finally:
            self._effects.inside_copy = False


def _waits():
    """How often the process has given up its CPU."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def _items_of(iterator):
    """The items, at most so many, and the exception that ends them if one does."""
    items = []
    try:
        items.extend(itertools.islice(iterator, _ITEMS_MOST))
    except Exception as error:
        items.append(error)
    return items


def memory_size():
    """Bytes of address space that the process has."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * 4096


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
