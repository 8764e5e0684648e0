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
import functools
import marshal
import os
import resource
import select
import signal
import sys
import time
import types
from _thread import _count as thread_count

_perf_counter_ns = time.perf_counter_ns
_process_time_ns = time.process_time_ns
_monotonic = time.monotonic
_os_read, _os_write, _os_pread = os.read, os.write, os.pread

_NOT_A_PLAIN_FUNCTION = 0x20 | 0x80 | 0x100 | 0x200  # generator, coroutine, iterable coroutine, async generator
_MADV_POPULATE_WRITE = 23
_POPULATE_BYTES_MAX = 1 << 30
DIFFERENT_COUNT_MAX = 8
EXPLAINED_COUNT_MAX = 4  # each costs two more copies
_COLD_NS_MAX = 200_000_000  # a call that takes longer hides the time to compile
_EXACT = frozenset({type(None), bool, int, str, bytes})  # == means the same; not so for floats
_ATOMS = _EXACT | {float, complex}


class Variant:
    def __init__(self, spec, code):
        self.id = spec["id"]
        self.decorator = spec["decorator"]
        self.text = spec["text"]
        self.requires = spec["requires"]  # {name: type names} that the rule's reasoning rests on
        self.group = spec.get("group")    # variants of one group are one change: they run together
        self.code = code
        self.alive = True
        self.same_pure_count = 0
        self.different_count = 0


class Target:
    """One function under trial: its variants and which of its calls are judged."""

    def __init__(self, spec, codes):
        self.key = spec["key"]
        self.name = spec["qualname"].rpartition(".")[2]
        self.variants = [Variant(v, code) for v, code in zip(spec["variants"], codes)]
        self.schedule = iter(spec["schedule"])
        self.pair_count = spec["pairs_per_call"]
        self.shadow_stride = spec["shadow_stride"]
        self.count = 0
        self.next_index = next(self.schedule, -1)
        self.shadow_next = 0
        self.depth = 0
        self.by_group = {v.group: v for v in self.variants if v.group is not None}

    def side(self, other, variant):
        """The variant of this function that runs inside a copy in which `variant` of the target `other` is tried."""
        return variant if other is self or variant is None else self.by_group.get(variant.group)

    def is_done(self):
        """No call will be judged or compared any more."""
        alive = [v for v in self.variants if v.alive]
        return not alive or self.next_index < 0 and not (self.shadow_next or self.shadow_stride and any(
            v.same_pure_count for v in alive))


class Judge:
    def __init__(self, spec, report, effects, snapshot_module, state_module, difference_module, is_own_module):
        self._report = report
        self._effects = effects
        self._snapshot = snapshot_module
        self._state = state_module
        self._difference = difference_module
        self._is_own_module = is_own_module
        self._deadline = _monotonic() + spec["seconds"]
        self._shadow_ns_left = int(spec["shadow_seconds"] * 1e9)
        self._call_state = state_module.CallState(snapshot_module, is_own_module, set(spec["additions"]))
        self._may_stop = spec.get("may_stop", False)
        self._collects = spec.get("collects", False)  # differences are looked for further, so that a small one is found
        self._call_s_min = spec["call_s_min"]
        self._tolerance = spec.get("tolerance", 0.0)  # by which share floats may differ
        self._dice = spec["seed"]  # our own generator: importing `random` here would bind the unguarded os.urandom
        self._pid = os.getpid()
        self._side = None  # (target, variant or None) inside a copy
        self._libc = _load_libc()

    # -- the decorator that the judged source carries -----------------------------------------------

    def wrap(self, function, target):
        if type(function) is not types.FunctionType:
            self._refuse_all(target, "it is not a plain function where it is defined")
            return function
        if function.__code__.co_flags & _NOT_A_PLAIN_FUNCTION:
            self._refuse_all(target, "it is a generator or a coroutine: its calls cannot be judged one by one")
            return function
        news = {}

        def implementation(variant):
            if variant is None:
                return function
            if variant not in news:
                news[variant] = make_new(function, variant)
            return news[variant]

        @functools.wraps(function)
        def judged(*args, **kwargs):
            if self._side is not None:
                return implementation(target.side(*self._side))(*args, **kwargs)
            target.count += 1
            if target.count == target.next_index:
                self._judge_call(target, function, judged, implementation, args, kwargs)
            elif 0 < target.shadow_next <= target.count:
                return self._shadow_call(target, function, implementation, args, kwargs)
            return function(*args, **kwargs)

        self._snapshot.Snapshot.wrapper_code = judged.__code__
        return judged

    def _refuse_all(self, target, why, verdict="refused"):
        for variant in target.variants:
            if variant.alive:
                self._drop(target, variant, why, verdict)

    def _drop(self, target, variant, why, verdict="refused", judged=False, of="both"):
        """of: what the reason speaks of: "both" versions, the "new" one alone, or a "difference" between them."""
        variant.alive = False
        self._report({"event": "dropped", "key": target.key, "variant": variant.id, "why": why, "verdict": verdict,
                      "index": target.count, "judged": judged, "of": of})

    # -- one judged call ----------------------------------------------------------------------------

    def _judge_call(self, target, function, wrapper, implementation, args, kwargs):
        target.next_index = next(target.schedule, -1)
        if os.getpid() != self._pid:
            return
        alive = [v for v in target.variants if v.alive]
        if not alive or _monotonic() > self._deadline:
            return
        if thread_count() > 0:
            self._refuse_all(target, "other threads run at the call, and a forked copy has only one", "cannot tell")
            return
        for variant in alive:
            missing = self._missing_requirement(variant, target, function, args, kwargs)
            if missing:
                self._drop(target, variant, missing)
        alive = [v for v in alive if v.alive]
        if not alive:
            return
        try:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
        call = (target, function, wrapper, implementation, args, kwargs)
        start = _monotonic()
        old = self._run_copy(None, call, limit_s=1e6)  # the whole run has its limit outside
        old["copy_s"] = _monotonic() - start
        if old.get("stopped"):
            self._refuse_all(target, old["stopped"], old.get("verdict", "refused"))
            return
        for variant in alive:
            self._judge_variant(variant, old, call)
        if target.shadow_stride and not target.shadow_next and any(v.same_pure_count >= 3 for v in target.variants):
            target.shadow_next = target.count + 1
        if self._may_stop and all(t.is_done() for t in self.targets):
            # Nothing is left to be judged, and the program leaves no trace: the rest of the run says nothing.
            self._report({"event": "stopped"})
            os._exit(0)

    def _judge_variant(self, variant, old, call):
        target = call[0]
        limit_s = max(self._call_s_min, 20e-9 * old["first_ns"]) + 3 * old["copy_s"]
        new = self._run_copy(variant, call, limit_s)
        if "stopped" in new:
            self._drop(target, variant, new["stopped"], new["verdict"], of="new")
            return
        found = self._difference.differences(old, new, self._tolerance)
        if found and self._collects:
            self._collect(target, variant, found, call)
            return
        if found:
            self._drop(target, variant, found[0].sentence(), judged=True, of="difference")
            return
        pure = old["pure"] and new["pure"]
        variant.same_pure_count += pure
        pairs = [(old["ns"], new["ns"])]
        spent_from = _monotonic()
        # More pairs where they are cheap; which side goes first is diced, so that drift favours neither.
        for _ in range(target.pair_count - 1):
            if _monotonic() - spent_from > 0.1 * max(0.0, self._deadline - _monotonic()):
                break
            sides = [None, variant]
            self._dice = (self._dice * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            if self._dice >> 63:
                sides.reverse()
            times = {side: self._run_copy(side, call, limit_s) for side in sides}
            if any(t.get("stopped") for t in times.values()):
                break
            pairs.append((times[None]["ns"], times[variant]["ns"]))
        self._report({"event": "call", "key": target.key, "variant": variant.id, "index": target.count,
                      "pairs": pairs, "pure": pure, "cold_ns": new["first_ns"]})

    def _collect(self, target, variant, found, call):
        """Says how one call differs, and goes on: a later call may show it on smaller values."""
        first = found[0]
        if variant.different_count < EXPLAINED_COUNT_MAX:
            self._explain(first, variant, call)
        self._report({"event": "different", "key": target.key, "variant": variant.id, "index": target.count,
                      "place": first.place, "old": first.old, "new": first.new, "why": first.sentence(),
                      "also": [d.place for d in found[1:4]]})
        variant.different_count += 1
        variant.alive = variant.different_count < DIFFERENT_COUNT_MAX

    def _explain(self, found, variant, call):
        """Finds out where inside a value the difference lies: both copies once more, listing what it holds."""
        sides = [self._run_copy(side, call, max(self._call_s_min, 10.0), found.place) for side in (None, variant)]
        lists = [side.get("leaves") for side in sides]
        if None in lists:
            return
        inside = self._difference.first_difference(*lists, lambda a, b: self._difference.texts_agree(a, b, self._tolerance))
        if inside is None:
            if lists[0] == lists[1] and len(lists[0]) < self._difference.LEAF_COUNT_MAX:
                found.sharpen(found.place, found.old, found.new, f"{found.place} is equal in value, but shares other objects with the "
                              f"arguments or globals, or is in another order inside ({found.old})")
            return
        place, was, is_ = inside
        found.sharpen(f"{found.place}, {place}" if place.startswith((".", "[")) else found.place + place, was, is_)

    def _missing_requirement(self, variant, target, function, args, kwargs):
        """Why this call does not have the types that a rule's reasoning rests on, or None."""
        if not variant.requires:
            return None
        code = function.__code__
        bound = dict(zip(code.co_varnames[:code.co_argcount], args))
        bound.update(kwargs)
        for name, kinds in variant.requires.items():
            value = bound[name] if name in bound else function.__globals__.get(name, self)
            if value is not self and type(value).__name__ not in kinds:
                return f"`{name}` is a {type(value).__name__} in call {target.count}, not a {' or '.join(kinds)}"
        return None

    # -- a forked copy ------------------------------------------------------------------------------

    def _run_copy(self, variant, call, limit_s, wanted=None):
        """What a forked copy tells of one call. wanted: a section that is listed instead of being compared."""
        reader, writer = os.pipe()
        self._effects.quiet = True
        # The random module seeds itself anew in every forked child; a copy must not see that.
        shared_random = getattr(sys.modules.get("random"), "_inst", None)
        random_state = shared_random.getstate() if shared_random is not None else None
        pid = os.fork()
        if pid == 0:
            try:
                if shared_random is not None:
                    shared_random.setstate(random_state)
                try:
                    self._snapshot.Snapshot.wanted = wanted
                    message = self._inside(variant, *call)
                except BaseException as error:  # our own failure inside the copy must reach a person
                    message = {"stopped": f"the copy could not be compared ({type(error).__name__}: {error})"[:300],
                               "verdict": "cannot tell"}
                raw = marshal.dumps(message)
                while raw:
                    raw = raw[_os_write(writer, raw):]
            finally:
                os._exit(0)
        self._effects.quiet = False
        os.close(writer)
        who = "the old version" if variant is None else "the new version"
        raw = _read_all(reader, limit_s)
        os.close(reader)
        if raw is None:
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        if raw is None:
            return {"stopped": f"{who} was still running after {limit_s:.1f} s", "verdict":
                    "cannot tell" if variant is None else "refused"}
        if os.WIFSIGNALED(status):
            return {"stopped": f"{who} died by signal {os.WTERMSIG(status)}", "verdict": "refused"}
        if not raw:
            return {"stopped": f"{who} ended the process", "verdict": "cannot tell"}
        return marshal.loads(raw)

    def _inside(self, variant, target, function, wrapper, implementation, args, kwargs):
        """Runs in the copy: state before, the call, state after. Never returns to the program."""
        effects = self._effects
        snapshot = self._snapshot
        effects.quiet = False
        try:
            callee = implementation(variant)
        except Unchanged as error:
            return {"stopped": str(error), "verdict": "cannot tell"}
        self._side = (target, variant)
        tokens = {id(f): "candidate" for f in (function, wrapper, callee)}
        rebind(function, wrapper, callee, args)
        out, err = _capture_output()
        reach = self._state.Reach(function, [*args, *kwargs.values()], self._is_own_module)
        if reach.clock:
            return {"stopped": f"may read the clock ({reach.clock})", "verdict": "refused"}

        def state():
            return self._call_state.take(tokens, function, args, kwargs, reach)

        try:
            before = state()
        except snapshot.CannotTell as error:
            live = isinstance(error, snapshot.LiveHandle)
            return {"stopped": str(error), "verdict": "refused" if live else "cannot tell"}
        self._populate()
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
            return {"leaves": self._difference.leaves_of(kept[0], snapshot.preview) if kept else None}
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

    def _populate(self):
        """Makes every writable page private to this copy now, so that no copy-on-write fault is timed."""
        try:
            with open("/proc/self/statm") as statm:
                if int(statm.read().split()[1]) * 4096 > _POPULATE_BYTES_MAX or self._libc is None:
                    return
            with open("/proc/self/maps") as maps:
                lines = maps.readlines()
        except OSError:
            return
        for line in lines:
            area, rights = line.split()[:2]
            if rights == "rw-p" and "[vv" not in line:
                start, end = (int(x, 16) for x in area.split("-"))
                self._libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_POPULATE_WRITE)

    # -- every other call of a function that changed nothing so far ---------------------------------

    def _shadow_call(self, target, function, implementation, args, kwargs):
        """Runs old and new on a real call and compares the outcomes; for functions proven without effects
        on the judged calls. Cheaper than a fork by a thousand, so that rare late inputs are seen too."""
        target.shadow_next = target.count + target.shadow_stride
        alive = [v for v in target.variants if v.alive and v.same_pure_count >= 3]
        if not alive or self._shadow_ns_left <= 0 or target.depth or os.getpid() != self._pid or thread_count():
            return function(*args, **kwargs)
        start = _perf_counter_ns()
        target.depth += 1
        try:
            # Atoms cannot be changed by the call, so that only outcomes are compared.
            frozen = not kwargs and all(type(a) in _ATOMS for a in args)
            before = "" if frozen else self._brief((args, kwargs))
            old_outcome = self._outcome(function, args, kwargs)
            if before is not None and (frozen or self._brief((args, kwargs)) == before):
                for variant in alive:
                    self._shadow_variant(target, variant, implementation, args, kwargs, before, old_outcome)
        finally:
            target.depth -= 1
            self._shadow_ns_left -= _perf_counter_ns() - start
        raised, result = old_outcome
        if raised is not None:
            raise raised.with_traceback(raised.__traceback__.tb_next)
        return result

    def _shadow_variant(self, target, variant, implementation, args, kwargs, before, old_outcome):
        effects = self._effects
        effects.inside_copy = True
        self._side = (target, variant)
        try:
            new_outcome = self._outcome(implementation(variant), args, kwargs)
        finally:
            effects.inside_copy = False
            self._side = None
        if effects.reason is not None:
            reason, effects.reason = effects.reason, None
            self._drop(target, variant, reason)
            return
        if not before and same_atom(old_outcome, new_outcome):
            self._report_shadow(target, variant)
            return
        if isinstance(old_outcome[0], RecursionError) or isinstance(new_outcome[0], RecursionError):
            return
        old_digest, new_digest = self._brief(old_outcome), self._brief(new_outcome)
        if old_digest is None or new_digest is None:
            return
        preview = self._snapshot.preview
        if old_digest != new_digest:
            self._drop(target, variant, f"the new version {_outcome_text(new_outcome, preview)} where the old one "
                       f"{_outcome_text(old_outcome, preview)} (the result differs)", of="difference")
        elif _which_argument(old_outcome, args) != _which_argument(new_outcome, args):
            self._drop(target, variant, "the result is an argument itself in one version and a copy in the other",
                       of="difference")
        elif before and self._brief((args, kwargs)) != before:
            self._drop(target, variant, "the new version changed its arguments", of="difference")
        else:
            self._report_shadow(target, variant)

    def _report_shadow(self, target, variant):
        variant.shadow_count = getattr(variant, "shadow_count", 0) + 1
        count = variant.shadow_count
        if count & (count - 1) == 0 or count % 1000 == 0:
            self.report_shadow_counts()

    def report_shadow_counts(self, targets=None):
        """Called at intervals and at the end, so that a run cut short still states what it compared."""
        for target in targets or self.targets:
            for variant in target.variants:
                count = getattr(variant, "shadow_count", 0)
                if count:
                    self._report({"event": "shadow", "key": target.key, "variant": variant.id, "count": count})

    @staticmethod
    def _outcome(function, args, kwargs):
        try:
            return None, function(*args, **kwargs)
        except Exception as error:
            return error, None

    def _brief(self, value):
        """Bytes that are equal for equal values, or None if that cannot be told. Aliases are not looked at."""
        try:
            quick = marshal.dumps(value, 2)  # version 2 has neither references nor interning, and exact floats
            if b"s" not in quick:  # "s" may be a buffer of any type
                return quick
        except ValueError:
            pass
        taken = self._snapshot.Snapshot({}, self._is_own_module)
        try:
            taken.add("", value if not (isinstance(value, tuple) and len(value) == 2
                                        and isinstance(value[0], BaseException))
                      else (type(value[0]), value[0].args))
        except self._snapshot.CannotTell:
            return None
        return taken.sections[0][1]


def same_atom(old_outcome, new_outcome):
    """Two results are the same None, bool, int, str or bytes: the cheap way to the common answer."""
    old, new = old_outcome[1], new_outcome[1]
    return (old_outcome[0] is None and new_outcome[0] is None and type(old) is type(new) and type(old) in _EXACT
            and old == new)


def _which_argument(outcome, args):
    """The places of the arguments that the result is, the very same object; [] for an atom, which has no identity."""
    return [] if type(outcome[1]) in _ATOMS else [i for i, value in enumerate(args) if value is outcome[1]]


def _outcome_text(outcome, preview):
    return f"raised {preview(outcome[0])}" if outcome[0] is not None else f"returned {preview(outcome[1])}"


class Unchanged(Exception):
    """The new version is the old one."""


def make_new(function, variant):
    """The new version of a function object: same globals, defaults and closure, another body."""
    code = variant.code
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    if not set(code.co_freevars) <= set(cells):
        raise TypeError("the new body uses other variables of the enclosing function")
    made = types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__,
                              tuple(cells[name] for name in code.co_freevars) or None)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__qualname__ = function.__qualname__
    made.__annotations__ = function.__annotations__
    made.__doc__ = function.__doc__
    made.__dict__.update(function.__dict__)
    made.__module__ = function.__module__
    if variant.decorator is not None:
        plain = made
        loader = function.__globals__.get("__loader__")
        if hasattr(loader, "_raw"):
            loader._raw = variant.text  # hasten.jit reads the text that the code came from
        made = function.__globals__[variant.decorator](plain)
        if made is plain:
            raise Unchanged("hasten cannot be imported by the program's Python, so that @jit changes nothing there")
    return made


def rebind(function, wrapper, callee, args):
    """Inside a copy the name of the function leads straight to the side under trial: recursion pays no wrapper."""
    names = function.__globals__
    name = function.__name__
    if names.get(name) is wrapper:
        names[name] = callee
    if args:
        for base in type(args[0]).__mro__:
            if base.__dict__.get(name) is wrapper:
                setattr(base, name, callee)


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


def _read_all(fd, limit_s):
    """All bytes until the other end closes, or None when the time is up."""
    poll = select.poll()
    poll.register(fd, select.POLLIN | select.POLLHUP)
    end = _monotonic() + limit_s
    parts = []
    while True:
        left = end - _monotonic()
        if left <= 0 or not poll.poll(int(min(left, 1e5) * 1000) + 1):
            return None
        part = _os_read(fd, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _load_libc():
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.madvise.restype = ctypes.c_int
        return libc
    except (OSError, AttributeError):
        return None
