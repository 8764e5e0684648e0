"""Which calls are judged, and what comes of the answers of forked copies (copies.py)."""

import functools
import os
import signal
import sys
import time
import types

_monotonic = time.monotonic
_NOT_A_PLAIN_FUNCTION = 0x20 | 0x80 | 0x100 | 0x200  # generator, coroutine, iterable coroutine, async generator
DIFFERENT_COUNT_MAX = 8
MADE_TEXT = "differs on an input made from recorded ones"
EXPLAINED_COUNT_MAX = 4  # each costs two more copies


class Judge:
    def __init__(self, spec, report, effects, parts, is_own_module):
        """parts: the modules of this directory, by name."""
        self._report = report
        self._versions = parts.versions
        self._snapshot = parts.snapshot
        self._difference = parts.difference
        self._deadline = _monotonic() + spec["seconds"]
        call_state = parts.state.CallState(parts.snapshot, is_own_module, set(spec["additions"]))
        self._copies = parts.copies.Copies(effects, parts, call_state, is_own_module, spec["fence"], report)
        self._nearness = parts.nearness.Nearness(spec.get("tolerance", 0.0), spec.get("ulp", 0))
        self._shadow = parts.shadow.Shadow(spec["shadow_seconds"], report, effects, self._copies, parts, is_own_module,
                                           self._drop, spec["call_s_min"], self._nearness)
        self._coverage = parts.coverage.Coverage(spec["seconds"], self._copies, report, parts.branches.told)
        self._generated = parts.generated.Generated(spec["seconds"], self._copies, self._coverage, parts.difference, report,
                                                    self._nearness)
        self._may_stop = spec.get("may_stop", False)
        self._collects = spec.get("collects", False)  # differences are looked for further, so that a small one is found
        self._call_s_min = spec["call_s_min"]
        self._dice = spec["seed"]  # our own generator: importing `random` here would bind the unguarded os.urandom
        self._pid = os.getpid()
        self.targets = [parts.versions.Target(t, parts.observe.variant_codes(t)) for t in spec["targets"]]

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
                news[variant] = self._versions.make_new(function, variant)
            return news[variant]

        @functools.wraps(function)
        def judged(*args, **kwargs):
            if self._copies.side is not None:
                return implementation(target.side(*self._copies.side))(*args, **kwargs)
            target.count += 1
            if target.count == target.next_index:
                mask = _hold_handlers()
                try:
                    self._judge_call(self._versions.Call(target, function, judged, implementation, args, kwargs), mask)
                finally:
                    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                    self._copies.signal_mask = None
            elif 0 < target.shadow_next <= target.count:
                return self._shadow.call(self._versions.Call(target, function, judged, implementation, args, kwargs))
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

    def _judge_call(self, call, signal_mask):
        target = call.target
        target.next_index = next(target.schedule, -1)
        if os.getpid() != self._pid:
            return
        alive = [v for v in target.variants if v.alive]
        if not alive or _monotonic() > self._deadline:
            return
        if self._shadow.other_threads() > 0:
            self._refuse_all(target, "other threads run at the call, and a forked copy has only one", "cannot tell")
            return
        for variant in alive:
            missing = self._missing_requirement(variant, call)
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
        self._copies.signal_mask = signal_mask
        start = _monotonic()
        old = self._copies.run(None, call, limit_s=1e6)  # the whole run has its limit outside
        old["copy_s"] = _monotonic() - start
        if old.get("stopped"):
            self._refuse_all(target, old["stopped"], old.get("verdict", "refused"))
            return
        for variant in alive:
            self._judge_variant(variant, old, call)
        self._coverage.look(call, [v for v in alive if v.alive])
        self._generated.judge(call, old, lambda *found: self._made_input_differs(call, *found))
        if target.shadow_stride and not target.shadow_next and any(v.same_pure_count >= 3 for v in target.variants):
            target.shadow_next = target.count + 1
        if self._may_stop and all(t.is_done() for t in self.targets):
            # Nothing is left to be judged, and the program leaves no trace: the rest of the run says nothing.
            self._report({"event": "stopped"})
            os._exit(0)

    def _judge_variant(self, variant, old, call):
        target = call.target
        limit_s = max(self._call_s_min, 20e-9 * old["first_ns"]) + 3 * old["copy_s"]
        new = self._copies.run(variant, call, limit_s)
        if "stopped" in new:
            self._drop(target, variant, new["stopped"], new["verdict"], of="new")
            return
        found = self._difference.differences(old, new, self._nearness)
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
            times = {side: self._copies.run(side, call, limit_s) for side in sides}
            if any(t.get("stopped") for t in times.values()):
                break
            pairs.append((times[None]["ns"], times[variant]["ns"]))
        self._report({"event": "call", "key": target.key, "variant": variant.id, "index": target.count,
                      "pairs": pairs, "pure": pure, "cold_ns": new["first_ns"], "ulp": self._nearness.largest_ulp})

    def _made_input_differs(self, call, variant, found, shown):
        target = call.target
        if self._collects:
            found.sharpen(found.place, found.old, found.new, f"{MADE_TEXT}: {shown}: {found.sentence()}")
            self._collect(target, variant, [found], call, is_made=True)
        else:
            self._drop(target, variant, f"{MADE_TEXT}: {shown}: {found.sentence()}", of="difference")

    def _collect(self, target, variant, found, call, is_made=False):
        """Says how one call differs, and goes on: a later call may show it on smaller values."""
        first = found[0]
        if variant.different_count < EXPLAINED_COUNT_MAX and not is_made:
            self._explain(first, variant, call)
        self._report({"event": "different", "key": target.key, "variant": variant.id, "index": target.count,
                      "place": first.place, "old": first.old, "new": first.new, "why": first.sentence(),
                      "also": [d.place for d in found[1:4]], "made": is_made})
        variant.different_count += 1
        variant.alive = variant.different_count < DIFFERENT_COUNT_MAX

    def _explain(self, found, variant, call):
        """Finds out where inside a value the difference lies: both copies once more, listing what it holds."""
        sides = [self._copies.run(side, call, max(self._call_s_min, 10.0), wanted=found.place) for side in (None, variant)]
        lists = [side.get("leaves") for side in sides]
        if None in lists:
            return
        inside = self._difference.first_difference(*lists, self._nearness.texts_agree)
        if inside is None:
            if lists[0] == lists[1] and len(lists[0]) < self._difference.LEAF_COUNT_MAX:
                found.sharpen(found.place, found.old, found.new, f"{found.place} is equal in value, but shares other objects with the "
                              f"arguments or globals, or is in another order inside ({found.old})")
            return
        place, was, is_ = inside
        found.sharpen(f"{found.place}, {place}" if place.startswith((".", "[")) else found.place + place, was, is_)

    def _missing_requirement(self, variant, call):
        """Why this call does not have the types that a rule's reasoning rests on, or None."""
        if not variant.requires:
            return None
        function, code = call.function, call.function.__code__
        bound = dict(zip(code.co_varnames[:code.co_argcount], call.args))
        bound.update(call.kwargs)
        for name, kinds in variant.requires.items():
            value = bound[name] if name in bound else function.__globals__.get(name, self)
            if value is not self and type(value).__name__ not in kinds:
                return f"`{name}` is a {type(value).__name__} in call {call.target.count}, not a {' or '.join(kinds)}"
        return None

    def report_shadow_counts(self):
        self._shadow.report_counts(self.targets)


def _hold_handlers():
    """Until the call is judged, the program's signals wait: a handler that ran between two copies would give them two states.
    Ctrl-C does not wait. Returns the signals that were blocked before."""
    return signal.pthread_sigmask(signal.SIG_BLOCK, {number for number in signal.valid_signals() if number != signal.SIGINT
                                                     and callable(signal.getsignal(number))})
