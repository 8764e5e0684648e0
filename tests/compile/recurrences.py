"""Loops that hand sums of three from round to round; test_recurrences.py compares them, plain and compiled."""

EDGES = (1, -5, 2**62, -(2**62), 2**63 - 1, -(2**63))
PATTERNS = ((3, -7, 40), (2**62, -(2**62), 5), (2**63 - 1, -(2**63), 1, -1), (-(2**62), -(2**62), 2**62, 2**62))


def stretch(values, other, step):
    best = running = 0
    for value in values:
        running = max(running + value - step, 0)
        if running > best:
            best = running
    return best


def less_and_more(values, other, step):
    total = 0
    for value in values:
        total = total - value + step
    return total


def from_the_right(values, other, step):
    total = 5
    for value in values:
        total = step + (value + total)
    return total


def twice_less(values, other, step):
    total = 5
    for value in values:
        total = total - value - step
    return total


def two_lists(values, other, step):
    total = 5
    for k in range(len(values)):
        total = values[k] + total - other[k]
    return total


def kept_lists(n):
    """Lists that hold no objects: then nothing but loads lies between the sums of two_lists."""
    return two_lists([k % 7 for k in range(n)], [k % 5 for k in range(n)], 0)


def turned(values, other, step):
    """What is handed on comes out with its sign changed."""
    total = 5
    for value in values:
        total = step - (total + value)
    return total


def seen_between(values, other, step):
    """What lies between the two sums is seen."""
    total, seen = 5, []
    for value in values:
        between = total + step
        total = between - value
        if value == step:
            seen.append(between)
    return total, seen


def raised(values, other, step):
    """Ends in the middle, with what has been summed up until then."""
    total = 5
    try:
        for value in values:
            total = total + value - step
            total // (value - other[0])
    except ZeroDivisionError:
        return "ended", total
    return total


FUNCTIONS = (stretch, less_and_more, from_the_right, twice_less, two_lists, turned, seen_between, raised)


def inputs():
    """(values, other, step) of many shapes, the longest first: a short one would be compiled quickly."""
    for length in (3000, 50, 1):
        for pattern in PATTERNS:
            for step in EDGES:
                values = [pattern[k % len(pattern)] for k in range(length)]
                yield values, [pattern[k * 3 % len(pattern)] + k % 2 for k in range(length)], step
