"""Every other call of a function that changed nothing so far: old and new run in the program itself.

Cheaper than a fork by a thousand, so that rare late inputs are seen too; only the outcomes are compared.
"""

import marshal
import os
import time
from _thread import _count as thread_count

_perf_counter_ns = time.perf_counter_ns
_EXACT = frozenset({type(None), bool, int, str, bytes})  # == means the same; not so for floats
_ATOMS = _EXACT | {float, complex}


class Shadow:
    """Compares outcomes for at most so many seconds. drop(target, variant, why, ...) as the judge has it."""

    def __init__(self, seconds, report, effects, copies, snapshot_module, is_own_module, drop):
        self._ns_left = int(seconds * 1e9)
        self._report = report
        self._effects = effects
        self._copies = copies
        self._snapshot = snapshot_module
        self._is_own_module = is_own_module
        self._drop = drop
        self._pid = os.getpid()

    def call(self, target, function, implementation, args, kwargs):
        """Runs old and new on a real call and compares the outcomes; for functions proven without effects
        on the judged calls."""
        target.shadow_next = target.count + target.shadow_stride
        alive = [v for v in target.variants if v.alive and v.same_pure_count >= 3]
        if not alive or self._ns_left <= 0 or target.depth or os.getpid() != self._pid or thread_count():
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
                    self._variant(target, variant, implementation, args, kwargs, before, old_outcome)
        finally:
            target.depth -= 1
            self._ns_left -= _perf_counter_ns() - start
        raised, result = old_outcome
        if raised is not None:
            raise raised.with_traceback(raised.__traceback__.tb_next)
        return result

    def _variant(self, target, variant, implementation, args, kwargs, before, old_outcome):
        effects = self._effects
        effects.inside_copy = True
        self._copies.side = (target, variant)
        try:
            new_outcome = self._outcome(implementation(variant), args, kwargs)
        finally:
            effects.inside_copy = False
            self._copies.side = None
        if effects.reason is not None:
            reason, effects.reason = effects.reason, None
            self._drop(target, variant, reason)
            return
        if not before and same_atom(old_outcome, new_outcome):
            self._count(target, variant)
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
            self._count(target, variant)

    def _count(self, target, variant):
        variant.shadow_count = getattr(variant, "shadow_count", 0) + 1
        count = variant.shadow_count
        if count & (count - 1) == 0 or count % 1000 == 0:
            self.report_counts([target])

    def report_counts(self, targets):
        """Called at intervals and at the end, so that a run cut short still states what it compared."""
        for target in targets:
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
