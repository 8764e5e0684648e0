"""What the small things cost here: constants measured once per machine and interpreter, and kept.

They decide where a rule keeps silent with a figure ("n is 3; a set pays from 12 here"). Measuring takes some 0.2 s; the
table lies in $XDG_CACHE_HOME/hasten (or ~/.cache/hasten), one file for each CPU and interpreter.
"""

import hashlib
import json
import math
import os
import platform
import sys
import tempfile
import time

from hasten.fix.rules import break_even

SCHEMA = 2
_LONG = 64
_FEW = 4  # so many are never worth a set, whatever a busy machine measures
_known = {}


def table():
    """{"set_pays_from": {"int": n, "str": n}, "compare_ns": {...}, "set_ns": {...}, "pays_from": {way: {kind: n or None}}},
    from the cache or measured now.

    Cost: a file read; the first time on this machine and interpreter some 0.2 s. A cache that cannot be read or written is
    no error: then the table is measured again by the next process.
    """
    if not _known:
        _known.update(kept() or measure_and_keep())
    return _known


def kept():
    """The table as it was measured before on this machine and interpreter; None if it was not."""
    return _read(path())


def measure_and_keep():
    """The table, measured now and written to the cache, for this process and later ones."""
    found = measure()
    _known.clear()
    _known.update(found)
    _keep(found, path())
    return found


def set_pays_from(kind):
    """From how many elements a constant set answers `in` twice as fast as a constant list, for "int" or "str"."""
    return table()["set_pays_from"][kind]


def pays_from(way, kinds=None):
    """From how many elements of these kinds a way pays ("set", or a key of break_even.WAYS); None where nobody knows, or never.

    kinds: type names; None: of whatever was measured.
    """
    known = table()["set_pays_from"] if way == "set" else table()["pays_from"][way]
    kinds = known if "any" in known or kinds is None else kinds
    if not kinds or not set(kinds) <= set(known) or None in [known[kind] for kind in kinds]:
        return None
    return max(known[kind] for kind in kinds)


def pays_text(way, kinds=None):
    """`a deque pays from 73 here`; "" where there is no such figure."""
    least = pays_from(way, kinds)
    return "" if least is None else f"{name_of(way)} pay{'' if way == 'min' else 's'} from {least} here"


def name_of(way):
    return "a set" if way == "set" else break_even.WAYS[way].name


def measure():
    """The constants, measured now: searches that fail through 2 and 64 elements, and looks into a set.

    A set pays where the test is twice as fast: below, the line around it hides the difference, and a search that finds
    the very same object at the front of a list is the faster one.
    """
    found = {"schema": SCHEMA, "set_pays_from": {}, "compare_ns": {}, "set_ns": {}}
    for kind, make in (("int", lambda i: 1000 + i), ("str", lambda i: f"word{1000 + i}")):
        short, long = (tuple(make(i) for i in range(n)) for n in (2, _LONG))
        short_ns, long_ns, set_ns = (_best_ns(container, make) for container in (short, long, frozenset(long)))
        step_ns = max((long_ns - short_ns) / (_LONG - 2), 0.1)
        # A search that finds looks at half of the elements on average; half of all searches are taken to find.
        mean_step_ns = 0.75 * step_ns
        start_ns = short_ns - 2 * step_ns
        found["compare_ns"][kind] = round(step_ns, 2)
        found["set_ns"][kind] = round(set_ns, 2)
        found["set_pays_from"][kind] = min(_LONG, max(_FEW, math.ceil((2 * set_ns - start_ns) / mean_step_ns)))
    found["pays_from"] = break_even.measure()
    return found


def _best_ns(container, make):
    """Nanoseconds for one `in`, with the loop around it, as a program has one too."""
    best = float("inf")
    for _ in range(25):
        # New objects each time: neither identity nor a hash that was kept may answer.
        asked = [make(_LONG + i) for i in range(256)]
        start = time.perf_counter_ns()
        for x in asked:
            x in container  # noqa: B015 its time is the result
        best = min(best, (time.perf_counter_ns() - start) / len(asked))
    return best


def path():
    """Where the table of this machine and interpreter lies."""
    from hasten import machine

    facts = [sys.implementation.cache_tag, platform.python_version(), machine.detect().cpu_model]
    name = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(folder, "hasten", f"prices-{sys.implementation.cache_tag}-{name}.json")


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            kept = json.load(file)
        whole = kept["schema"] == SCHEMA and {"int", "str"} <= set(kept["set_pays_from"]) and all(
            set(way.kinds) <= set(kept["pays_from"][name]) for name, way in break_even.WAYS.items())
        return kept if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(found, path):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        fd, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump(found, file)
        os.replace(temporary, path)
    except OSError:
        pass  # then the next process measures again
