"""Loops whose next step depends on what they found or computed; test_selections.py compares them, plain and compiled."""

import random
from math import exp


def position(values, wanted):
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def positions(values, all_wanted):
    return [position(values, wanted) for wanted in all_wanted]


def sift(heap, at, end):
    """Leads the item at `at` down to its place."""
    item = heap[at]
    while 2 * at + 1 < end:
        child = 2 * at + 1
        if child + 1 < end and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= item:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = item


def heap_sorted(values, _unused):
    heap = [value for value in values]
    for at in range(len(heap) // 2 - 1, -1, -1):
        sift(heap, at, len(heap))
    for end in range(len(heap) - 1, 0, -1):
        heap[0], heap[end] = heap[end], heap[0]
        sift(heap, 0, end)
    return heap


def merged(values, others):
    i = j = 0
    out = []
    while i < len(values) and j < len(others):
        if values[i] <= others[j]:
            out.append(values[i])
            i += 1
        else:
            out.append(others[j])
            j += 1
    return out, i, j


def in_tree(values, all_wanted):
    """A search tree in lists; 0 is no child."""
    left, right = [0] * len(values), [0] * len(values)
    for k in range(1, len(values)):
        node = 0
        while True:
            child = left[node] if values[k] < values[node] else right[node]
            if child == 0:
                break
            node = child
        if values[k] < values[node]:
            left[node] = k
        else:
            right[node] = k
    return left, right


def of_floats(values, all_wanted):
    low, high = 0.0, 1e9
    table = [value * 1.5 for value in values]
    at = 0
    for wanted in all_wanted:
        first, last = 0, len(table)
        while first < last:
            at = (first + last) >> 1
            if table[at] < wanted:
                first = at + 1
                low = table[at]
            else:
                last = at
                high = table[at]
    return low, high, at


def bisected(values, others):
    """Where exp(x) is as large as wanted, if it is."""
    found = []
    for wanted in others:
        low, high = -50.0, 50.0
        for _ in range(40):
            middle = 0.5 * (low + high)
            if exp(middle) / 3.0 < wanted:
                low = middle
            else:
                high = middle
        found.append((low, high))
    return found


def least_above(values, others):
    """The least float above each of the bounds, and where it is; some are no numbers, some both zeros."""
    floats = [0.0, float("nan"), -0.0] + [value / 7.0 for value in values]
    found = []
    for bound in others[:20]:
        least, greatest, at = 1e300, -1e300, -1
        for i in range(len(floats)):
            if bound / 7.0 < floats[i] < least:
                least = floats[i]
                at = i
            if i % 3 and not floats[i] == 1.0 and floats[i] >= greatest and floats[i] < 1e200:
                greatest = floats[i]
        found.append(repr((least, greatest, at)))
    return found


def between(floats, low):
    least, at = 1e300, -1
    for i in range(len(floats)):
        if low < floats[i] < least:
            least = floats[i]
            at = i
    return least, at


FUNCTIONS = (least_above, bisected, positions, heap_sorted, merged, in_tree, of_floats)


def inputs():
    """(values, others): the longest first, a short one would be compiled quickly."""
    draw = random.Random(5)
    for count in (3000, 100, 7, 1):
        for most in (10**6, 5, 2**63 - 1, 2**70):
            values = [draw.randrange(-most, most) for _ in range(count)]
            yield sorted(values), sorted(draw.randrange(-most, most) for _ in range(count))
            yield values, values[::-1]
