"""Calls on inputs that are made from recorded ones: where the program itself calls a function too rarely to show much.

Only what the old version returns normally counts against the new one. Where it raises, the type of the exception is compared and
told, because a program hardly ever relies on it. Inputs that a rule says that it is not for are left to its page.
"""

import time

_monotonic = time.monotonic
_OLD_S_MIN, _OLD_TIMES = 0.3, 10   # so long may the old version take, or so many times its recorded call
_NEW_S_MIN, _NEW_TIMES = 3.0, 20   # and the new one, its first run included, or so many times the old
_TRIES = 3                         # inputs are made for each that is wanted: some are like earlier ones
_LONG_NS = 20_000_000               # of a recorded call that takes longer, smaller inputs are made
_SHARE = 0.15                      # of the judge's time


class Generated:
    """drop(target, variant, why, ...) and collect(target, variant, differences, call, ...) as the judge has them."""

    def __init__(self, seconds, copies, coverage, difference_module, report, nearness):
        self._seconds_left = _SHARE * seconds
        self._copies = copies
        self._coverage = coverage
        self._difference = difference_module
        self._report = report
        self._nearness = nearness

    def judge(self, call, recorded, differs):
        """Makes inputs from one judged call. recorded: what its copy of the old version told; differs(variant, difference,
        shown) is called for each difference that counts."""
        target = call.target
        target.given.add(tuple(recorded["given"]))
        target.optional |= {i for i, value in enumerate(call.args) if value is None}
        target.optional |= {name for name, value in call.kwargs.items() if value is None}
        wanted = target.generated_per_call
        is_long = recorded["first_ns"] > _LONG_NS
        for number in range(_TRIES * wanted):
            alive = [v for v in target.variants if v.alive and not v.different_count]
            if not wanted or not alive or self._seconds_left <= 0:
                break
            start = _monotonic()
            made = self._one(call, alive, (number, is_long), recorded, differs)
            self._seconds_left -= _monotonic() - start
            if made is None:
                break
            wanted -= made
        if target.generated_per_call:
            for variant in target.variants:
                same, raised, otherwise = variant.generated
                self._report({"event": "generated", "key": target.key, "variant": variant.id, "same": same, "raised": raised,
                              "raised_otherwise": otherwise, "ulp": self._nearness.largest_ulp})

    def _one(self, call, variants, made, recorded, differs):
        """Whether one more input was compared; None if no input can be made from this call."""
        target = call.target
        limit_s = max(_OLD_S_MIN, _OLD_TIMES * 1e-9 * recorded["first_ns"]) + recorded["copy_s"]
        start = _monotonic()
        old = self._copies.run(None, call, limit_s, generated=made)
        if "stopped" in old:
            return None if old["verdict"] == "nothing to make" else False
        given = tuple(old["given"])
        if given in target.given:
            return False
        target.given.add(given)
        limit_s = max(_NEW_S_MIN, _NEW_TIMES * (_monotonic() - start))
        compared = []
        for variant in variants:
            if variant.not_for.intersection(old["traits"]) or variant.requires and "None" in old["traits"]:
                continue
            new = self._copies.run(variant, call, limit_s, generated=made)
            if self._is_same(variant, old, new):
                compared.append(variant)
            elif not old["raised"] and not self._cannot_tell(new):
                differs(variant, self._first(old, new), old["shown"])
        self._coverage.look(call, compared, generated=made)
        return bool(compared)

    def _is_same(self, variant, old, new):
        counts = variant.generated
        if old["raised"]:
            like = new.get("raised") and new["kind"] == old["kind"]
            counts[2] += not like
        else:
            like = "stopped" not in new and not self._difference.differences(old, new, self._nearness)
        counts[0] += bool(like)
        counts[1] += bool(like and old["raised"])
        return like

    @staticmethod
    def _cannot_tell(new):
        return new.get("verdict") == "cannot tell"

    def _first(self, old, new):
        if "stopped" in new:
            return self._difference.Difference("the call", "", "", new["stopped"])
        return self._difference.differences(old, new, self._nearness)[0]
