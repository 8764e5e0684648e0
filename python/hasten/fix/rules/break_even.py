"""From how many elements the other way pays: two ways to do the same are timed at growing sizes, on this machine and interpreter.

A size pays where the new way is so much faster (`margin`) that the line around it does not hide it. Inputs are those on which
the new way does best (random order, a search that fails as often as it finds), so that below the size that is found it does not
pay on others either. Kinds are the types of the first elements, as the watched run sees them; "any" where they make no difference.
"""

import collections
import heapq
import math
import random
import time

SIZE_MIN, SIZE_MAX = 4, 8192
_TIMED_NS = 100_000  # so long at least is one timing
_TIMINGS = 3
HEAD = 5             # so many of the smallest are asked for


class Way:
    """name: "a deque", as it is told; what: all of the change in words; margin: so many times faster it must be; kinds: {kind: element(i)}; old and new:
    functions that make(list of n elements) prepares input for, each of which may be called any number of times on it."""

    def __init__(self, name, what, margin, kinds, make, old, new):
        self.name, self.what, self.margin = name, what, margin
        self.kinds, self.make, self.old, self.new = kinds, make, old, new


def _number(i):
    return 1000 + i


def _text(i):
    return f"word{1000 + i}"


def _shuffled(elements):
    random.Random(7).shuffle(elements)
    return elements


# -- the ways: what each is given, the old one, the new one ---------------------------------------------------


def _pairs(elements):
    known = [(e, i) for i, e in enumerate(elements)]
    missing = [_text(10 * SIZE_MAX + i) for i in range(len(elements))]
    asked = [e for pair in zip(elements, missing) for e in pair]
    return known, dict(known), _shuffled(asked)[:64]


def _search_pairs(given):
    known, _, asked = given
    for key in asked:
        for k, v in known:
            if k == key:
                v  # noqa: B018 its time is the result
                break


def _look_up(given):
    _, known, asked = given
    for key in asked:
        if key in known:
            known[key]


def _both_queues(elements):
    return elements, collections.deque(elements)


def _turn_list(given):
    queue = given[0]
    for _ in range(64):
        queue.append(queue.pop(0))


def _turn_deque(given):
    queue = given[1]
    for _ in range(64):
        queue.append(queue.popleft())


class _Page:
    text = ""


def _grow_attribute(pieces):
    page = _Page()
    for piece in pieces:
        page.text += piece
    return page.text


def _grow_local(pieces):
    text = ""
    for piece in pieces:
        text += piece
    return text


def _join(pieces):
    parts = []
    for piece in pieces:
        parts.append(piece)
    return "".join(parts)


_BOTH = {"int": _number, "str": _text}
WAYS = {
    "dict": Way("a dict", "a dict for a search through pairs pays", 2.0, {"tuple": _text}, _pairs, _search_pairs, _look_up),
    "deque": Way("a deque", "a deque for pop(0) and insert(0, x) pays", 1.25, {"any": _number}, _both_queues, _turn_list, _turn_deque),
    "min": Way("min or max", "min or max for sorted(x)[0] pays", 1.25, _BOTH, _shuffled, lambda x: sorted(x)[0], min),
    "heap": Way(f"a heap of {HEAD}", f"heapq.nsmallest({HEAD}, x) for sorted(x)[:{HEAD}] pays", 1.25, _BOTH, _shuffled, lambda x: sorted(x)[:HEAD], lambda x: heapq.nsmallest(HEAD, x)),
    "join_attribute": Way("a join", "a join for += on an attribute or element pays", 1.25, {"any": lambda i: "twenty characters, so"}, list, _grow_attribute, _join),
    "join": Way("a join", "a join for += on a local text pays", 1.25, {"any": lambda i: "twenty characters, so"}, list, _grow_local, _join),
}


def measure():
    """{way: {kind: n}}: n is None where the way does not pay up to SIZE_MAX elements."""
    return {name: {kind: _from(way, element) for kind, element in way.kinds.items()} for name, way in WAYS.items()}


def _from(way, element):
    """The least size at which the new way is faster by the margin: doubled until it is, then between the last two on a
    straight line of the logarithms."""
    size, before = SIZE_MIN, None
    while size <= SIZE_MAX:
        given = way.make([element(i) for i in range(size)])
        ahead = math.log(_ns(way.old, given) / _ns(way.new, given) / way.margin)
        if ahead >= 0:
            if before is None:
                return size
            return math.ceil(size * 2 ** (-ahead / (ahead - before)))
        size, before = 2 * size, ahead
    return None


def _ns(function, given):
    """Nanoseconds of one call, the best of some timings."""
    best, count = math.inf, 1
    for _ in range(_TIMINGS):
        while True:
            start = time.perf_counter_ns()
            for _ in range(count):
                function(given)
            spent = time.perf_counter_ns() - start
            if spent >= _TIMED_NS:
                break
            count = max(2 * count, math.ceil(1.2 * count * _TIMED_NS / max(spent, 1)))
        best = min(best, spent / count)
    return best
