"""Loops whose comparisons are known to hold for a while, and what ends that while. Run by test_unchecked_rounds.py."""


def table(n, k):
    values = [0] * n
    for i in range(n):
        values[i] = i * k % 1009
    return values


def down(n, gap):
    """Two indexes of one counter, downwards; the lower one wraps below 0."""
    best = [0] * n
    for k in range(3):
        for room in range(n - 1, -1, -1):
            candidate = best[room - gap] + room + k
            if candidate > best[room]:
                best[room] = candidate
    return best[0], best[n // 2], best[-1], sum(best)


def up(n, beyond):
    """Runs out of the list `beyond` items before its range ends."""
    values = table(n, 7)
    total = 0
    for i in range(n + beyond):
        total += values[i]
    return total


def from_below(n, low):
    values = table(n, 13)
    total = 0
    for i in range(low, n):
        total = (total * 3 + values[i]) % 10007
    return total


def in_steps(n, step, beyond):
    values = table(n, 5)
    total = 0
    for i in range(0, n + beyond, step):
        total = (total * 3 + values[i]) % 10007
    return total, i


def by_threes(n, beyond):
    values = table(n, 5)
    i = total = 0
    while i < n + beyond:
        total = (total * 3 + values[i]) % 10007
        i += 3
    return total, i


def down_by_twos(n, low):
    values = table(n, 5)
    i, total = n - 1, 0
    while i >= low:
        total = (total * 3 + values[i]) % 10007
        i -= 2
    return total, i


def leaves(n, at):
    """In the midst, with all counters."""
    values, other = table(n, 11), table(n, 3)
    values[at] = -1
    j, k = 5, n
    for i in range(n):
        j += 3
        k -= 1
        if values[i] + other[k] < other[k]:
            break
    return i, j, k


def overflows(n, by):
    values = table(n, 11)
    total = 1
    for i in range(n):
        total = total + total + values[i] if i < by else total + values[i]
    return total


def both_ways(n):
    values = table(n, 11)
    total = 0
    for i in range(n // 2):
        left, right = values[i], values[n - 1 - i]
        values[i], values[n - 1 - i] = right, left
        total = (total * 5 + left - right) % 10007
    return total, values[0], values[-1]


def differences(n, gap):
    seen = [False] * 16
    values = table(n, 1)
    for i in range(n - gap):
        seen[(values[i] ^ values[n - gap - i]) & 15] = True
    return seen.count(True), i


def searches(n, value):
    values = table(n, 1)
    values[-1] = value
    i = 0
    while values[i] != value:
        i += 1
    return i


def runs_out(n, value):
    values = table(n, 1)
    i = 0
    while values[i] != value:
        i += 1
    return i


def grows(n):
    values = [1]
    total = 0
    for i in range(n):
        total += values[i]
        values.append(total & 15)
    return total, len(values)


def nested(n, m):
    values = table(m, 3)
    total = 0
    for i in range(n):
        for j in range(i % m):
            total = (total * 3 + values[j] - values[m - 1 - j]) % 10007
    return total


def catches(n, beyond):
    values = table(n, 3)
    told = []
    for more in (0, beyond, 1):
        i = 0
        try:
            for i in range(n + more):
                values[i] += more
        except IndexError as error:
            told.append((i, str(error)))
    return told, sum(values)


SIZES = (1, 2, 8, 9, 10, 40, 4094, 4095, 4096, 4097, 4105, 9000)
def passes_over(n, beyond):
    """Rounds that end early leave as they are what the others count."""
    values = table(n, 7)
    seen = total = 0
    for i in range(n + beyond):
        if values[i] < 500:
            continue
        seen += 1
        if values[i] % 3 == 0:
            total -= 1
            continue
        total += values[i]
    return seen, total


CASES = [
    *((down, (n, gap)) for n in (8, 9, 40, 4097, 9000) for gap in (0, 1, 7)),
    (down, (40, 41)),
    (down, (9000, 9001)),
    *((up, (n, beyond)) for n in SIZES for beyond in (0, 1, 20)),
    *((passes_over, (n, beyond)) for n in SIZES for beyond in (0, 1, 20)),
    *((from_below, (n, low)) for n in (8, 40, 9000) for low in (0, -1, -8, -n, -n - 1, -n - 9)),
    *((in_steps, (n, step, beyond)) for n in SIZES for step in (1, 2, 3, 7) for beyond in (0, 25)),
    *((by_threes, (n, beyond)) for n in SIZES for beyond in (0, 1, 2, 3, 30)),
    *((down_by_twos, (n, low)) for n in SIZES for low in (0, -1, -2, -n, -n - 3)),
    *((leaves, (n, at)) for n in SIZES for at in (0, n // 2, n - 1)),
    (leaves, (9000, 4095)),
    (leaves, (9000, 4096)),
    *((overflows, (n, by)) for n in (40, 100, 9000) for by in (5, 61, 64, 70)),
    *((both_ways, (n,)) for n in (2, 17, 40, 9000)),
    *((differences, (n, gap)) for n in (9, 40, 9000) for gap in (1, 3)),
    *((searches, (n, 5000)) for n in SIZES),
    *((runs_out, (n, 5000)) for n in SIZES),
    *((grows, (n,)) for n in (5, 40, 9000)),
    *((nested, (n, m)) for n, m in ((3, 2), (60, 40), (30, 9000))),
    *((catches, (n, beyond)) for n in (3, 40, 9000) for beyond in (2, 30)),
]
