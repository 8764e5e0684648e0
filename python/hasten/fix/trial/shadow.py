"""Every other call of a function that changed nothing so far: old and new run in the program itself.

Cheaper than a fork by a hundred, so that rare late inputs are seen too; only the outcomes are compared. The new version runs in a thread
behind the fence (fenced_thread.py). What it was stopped at there, and what it gave there that is not what the old one gave, is looked at
again in a copy, and what the copy says counts: a copy may open a file and read it, the thread may not; and a thread has thread-local data
of its own, no event loop, and no use of a connection that another thread made.
"""

import marshal
import os
import time

_perf_counter_ns = time.perf_counter_ns
_EXACT = frozenset({type(None), bool, int, str, bytes})  # == means the same; not so for floats
_ATOMS = _EXACT | {float, complex}
_STOPPED_MOST = 3    # so often may the thread object to what a copy lets through: each costs two forks
_LOOKS_AT_MEMORY = 64  # calls after which it is looked again whether memory is shared with others: a thread would write to it


class Shadow:
    """Compares outcomes for at most so many seconds. drop(target, variant, why, ...) as the judge has it; call_s_min: so
    long may a call of the new version take at least."""

    def __init__(self, seconds, report, effects, copies, parts, is_own_module, drop, call_s_min, nearness):
        self._ns_left = int(seconds * 1e9)
        self._report = report
        self._effects = effects
        self._copies = copies
        self._snapshot = parts.snapshot
        self._memory = parts.memory
        self._is_own_module = is_own_module
        self._drop = drop
        self._call_s_min = call_s_min
        self._nearness = nearness
        self._difference = parts.difference
        self._pid = os.getpid()
        self._thread = parts.fenced_thread.FencedThread(copies)
        self._lost = parts.fenced_thread.Lost
        self._calls = 0

    def other_threads(self):
        return self._thread.other_threads()

    def call(self, call):
        """Runs old and new on a real call and compares the outcomes; for functions proven without effects
        on the judged calls."""
        target, function, args, kwargs = call.target, call.function, call.args, call.kwargs
        target.shadow_next = target.count + target.shadow_stride
        alive = [v for v in target.variants if v.alive and v.same_pure_count >= 3 and v.stopped_count < _STOPPED_MOST]
        if not alive or self._ns_left <= 0 or target.depth or os.getpid() != self._pid or self.other_threads():
            return function(*args, **kwargs)
        start = _perf_counter_ns()
        if not self._calls % _LOOKS_AT_MEMORY and self._memory.is_shared():
            self._ns_left = 0
            return function(*args, **kwargs)
        self._calls += 1
        target.depth += 1
        try:
            # Atoms cannot be changed by the call, so that only outcomes are compared.
            frozen = not kwargs and all(type(a) in _ATOMS for a in args)
            before = "" if frozen else self._brief((args, kwargs))
            old_ns = _perf_counter_ns()
            old_outcome = self._outcome(function, args, kwargs)
            old_ns = _perf_counter_ns() - old_ns
            if before is not None and (frozen or self._brief((args, kwargs)) == before):
                for variant in alive:
                    self._variant(call, variant, before, old_outcome, max(self._call_s_min, 20e-9 * old_ns))
        finally:
            target.depth -= 1
            self._ns_left -= _perf_counter_ns() - start
        raised, result = old_outcome
        if raised is not None:
            raise raised.with_traceback(raised.__traceback__.tb_next)
        return result

    def _fenced(self, call, variant, limit_s):
        """(outcome, what the version tried outside or None) of a call behind the fence; None for both if there is no such thread."""
        effects, copies = self._effects, self._copies
        effects.inside_copy = True
        copies.side = (call.target, variant)
        try:
            callee = call.implementation(variant)
            if copies.fence.is_none():  # as the copies are
                outcome, objection = self._thread.unfenced(callee, call.args, call.kwargs)
            else:
                outcome, objection = self._thread.run(callee, call.args, call.kwargs, limit_s)
        except self._lost:
            self._ns_left = 0
            return None, None
        finally:
            effects.inside_copy = False
            copies.side = None
        objection = objection or effects.reason
        effects.reason = None
        return outcome, objection

    def _variant(self, call, variant, before, old_outcome, limit_s):
        target, args, kwargs = call.target, call.args, call.kwargs
        new_outcome, objection = self._fenced(call, variant, limit_s)
        if new_outcome is None:
            return
        if objection is not None:
            self._look_again(call, variant, limit_s)
            return
        if not before and same_atom(old_outcome, new_outcome):
            self._count(target, variant)
            return
        if isinstance(old_outcome[0], RecursionError) or isinstance(new_outcome[0], RecursionError):
            return
        old_digest, new_digest = self._brief(old_outcome), self._brief(new_outcome)
        if old_digest is None or new_digest is None:
            return
        if before and self._brief((args, kwargs)) != before:
            # First of all, for copies made from now on have the changed ones.
            self._drop(target, variant, "the new version changed its arguments", of="difference")
        elif old_digest != new_digest or _which_argument(old_outcome, args) != _which_argument(new_outcome, args):
            if self._look_again(call, variant, limit_s):
                self._look_for_traces(call, variant, old_outcome, new_outcome, limit_s)
        else:
            self._count(target, variant)

    def _look_again(self, call, variant, limit_s):
        """Judges a call in copies, for the thread objects to it. Returns whether the copies found the versions the same."""
        target = call.target
        variant.stopped_count += 1
        copies = []
        for side, of in ((None, "both"), (variant, "new")):
            copies.append(self._copies.run(side, call, limit_s))
            if "stopped" in copies[-1]:
                self._drop(target, variant, copies[-1]["stopped"], copies[-1]["verdict"], of=of)
                return False
        found = self._difference.differences(*copies, self._nearness)
        if found:
            self._drop(target, variant, found[0].sentence(), of="difference")
        return not found

    def _look_for_traces(self, call, variant, old_outcome, new_outcome, limit_s):
        """The copies were made after the call in the thread: where that left something behind, they may have met it. Then the
        thread's second call gives something else than its first."""
        again, objection = self._fenced(call, variant, limit_s)
        if again is None or objection is not None:
            return
        digests = [self._brief(outcome) for outcome in (again, old_outcome, new_outcome)]
        if digests[0] == digests[1] != digests[2]:
            preview = self._snapshot.preview
            self._drop(call.target, variant, f"the new version {_outcome_text(new_outcome, preview)} where the old one "
                       f"{_outcome_text(old_outcome, preview)}, though not a second time (the result differs)", of="difference")

    def _count(self, target, variant):
        variant.shadow_count += 1
        count = variant.shadow_count
        if count & (count - 1) == 0 or count % 1000 == 0:
            self.report_counts([target])

    def report_counts(self, targets):
        """Called at intervals and at the end, so that a run cut short still states what it compared."""
        for target in targets:
            for variant in target.variants:
                count = variant.shadow_count
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
