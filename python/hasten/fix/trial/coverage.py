"""How much of a function's branches the judged calls took, of the old version and of each new one."""

import time

_monotonic = time.monotonic
_CALL_S_MAX = 1.0   # after so long a watched call is broken off; what it took until then counts
_SHARE = 0.08       # of the judge's time


class Coverage:
    """Watches calls in copies of their own, until all branches are taken or the time for it is spent."""

    def __init__(self, seconds, copies, report, told):
        self._seconds_left = _SHARE * seconds
        self._copies = copies
        self._report = report
        self._told = told    # branches.told
        self._known = {}     # (target's key, variant's id or None for the old version): (possible, taken)

    def look(self, call, variants, **how):
        """One more judged call, of the old version and these variants."""
        for variant in (None, *variants):
            if variant is not None and variant.decorator is not None:
                continue  # what runs is not its bytecode, or not always
            key = call.target.key, variant and variant.id
            possible, taken = self._known.get(key, ({}, set()))
            if self._seconds_left <= 0 or key in self._known and len(taken) == len(possible):
                continue
            start = _monotonic()
            found = self._copies.run(variant, call, 5 * _CALL_S_MAX, known=taken, watched_s=_CALL_S_MAX, **how)
            self._seconds_left -= _monotonic() - start
            if "stopped" in found:
                continue
            now = found["taken"] | taken
            if key not in self._known or now != taken:
                self._known[key] = found["possible"], now
                count, total, never = self._told(*self._known[key])
                self._report({"event": "branches", "key": key[0], "variant": key[1], "taken": count, "total": total,
                              "never": never[:50]})
