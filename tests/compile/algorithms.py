"""Some forty ordinary functions, as people write them, none made for a compiler. CALLS names the arguments.

The first call of each entry is large enough to be timed; the others are edges. Each entry is a text, because every
call needs fresh arguments.
"""

import cmath
import math


def sieve(n):
    flags = [True] * (n + 1)
    flags[0] = flags[1] = False
    i = 2
    while i * i <= n:
        if flags[i]:
            for j in range(i * i, n + 1, i):
                flags[j] = False
        i += 1
    count = 0
    for flag in flags:
        if flag:
            count += 1
    return count, flags[-1]


def lu_decompose(a):
    n = len(a)
    sign = 1.0
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i][k]) > abs(a[pivot][k]):
                pivot = i
        if pivot != k:
            a[k], a[pivot] = a[pivot], a[k]
            sign = -sign
        for i in range(k + 1, n):
            factor = a[i][k] / a[k][k]
            a[i][k] = factor
            for j in range(k + 1, n):
                a[i][j] -= factor * a[k][j]
    determinant = sign
    for k in range(n):
        determinant *= a[k][k]
    return determinant


def collatz_longest(limit):
    best, best_start = 0, 0
    for start in range(1, limit):
        n, steps = start, 0
        while n != 1:
            if n % 2 == 0:
                n //= 2
            else:
                n = 3 * n + 1
            steps += 1
        if steps > best:
            best, best_start = steps, start
    return best, best_start


def knapsack(weights, values, capacity):
    best = [0] * (capacity + 1)
    for i in range(len(weights)):
        for c in range(capacity, weights[i] - 1, -1):
            candidate = best[c - weights[i]] + values[i]
            if candidate > best[c]:
                best[c] = candidate
    return best[capacity]


def edit_distance(a, b):
    previous = [j for j in range(len(b) + 1)]
    for i in range(1, len(a) + 1):
        current = [i] + [0] * len(b)
        for j in range(1, len(b) + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            current[j] = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
        previous = current
    return previous[len(b)]


def matrix_multiply(a, b):
    n, m, p = len(a), len(b), len(b[0])
    c = [[0.0] * p for _ in range(n)]
    for i in range(n):
        for j in range(p):
            total = 0.0
            for k in range(m):
                total += a[i][k] * b[k][j]
            c[i][j] = total
    return c


def fft(x):
    n = len(x)
    if n <= 1:
        return [v + 0j for v in x]
    even = fft(x[0::2])
    odd = fft(x[1::2])
    result = [0j] * n
    for k in range(n // 2):
        t = cmath.exp(-2j * math.pi * k / n) * odd[k]
        result[k] = even[k] + t
        result[k + n // 2] = even[k] - t
    return result


def mandelbrot(width, height, limit):
    rows = []
    for y in range(height):
        row = []
        for x in range(width):
            c = complex(3.0 * x / width - 2.0, 2.0 * y / height - 1.0)
            z = 0j
            n = 0
            while n < limit and z.real * z.real + z.imag * z.imag <= 4.0:
                z = z * z + c
                n += 1
            row.append(n)
        rows.append(row)
    return rows


def queens(n, row=0, columns=0, left=0, right=0):
    if row == n:
        return 1
    count = 0
    free = ~(columns | left | right) & ((1 << n) - 1)
    while free:
        bit = free & -free
        free ^= bit
        count += queens(n, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return count


def binary_search_all(values, wanted):
    found = 0
    for w in wanted:
        low, high = 0, len(values)
        while low < high:
            middle = (low + high) // 2
            if values[middle] < w:
                low = middle + 1
            else:
                high = middle
        if low < len(values) and values[low] == w:
            found += 1
    return found


def sift_down(heap, start, end):
    root = start
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and heap[child] < heap[child + 1]:
            child += 1
        if heap[root] < heap[child]:
            heap[root], heap[child] = heap[child], heap[root]
            root = child
        else:
            return


def heap_sort(values):
    n = len(values)
    for start in range(n // 2 - 1, -1, -1):
        sift_down(values, start, n)
    for end in range(n - 1, 0, -1):
        values[0], values[end] = values[end], values[0]
        sift_down(values, 0, end)
    return values


def gcd_sum(n):
    total = 0
    for a in range(1, n):
        for b in range(1, n):
            x, y = a, b
            while y:
                x, y = y, x % y
            total += x
    return total


def modular_power(base, exponent, modulus):
    result = 1
    base %= modulus
    while exponent > 0:
        if exponent & 1:
            result = result * base % modulus
        base = base * base % modulus
        exponent >>= 1
    return result


def modular_power_many(n, modulus):
    total = 0
    for i in range(n):
        total ^= modular_power(i + 3, 1000003 + i, modulus)
    return total


def newton_root(x, turns):
    guess = x
    for _ in range(turns):
        better = 0.5 * (guess + x / guess)
        if better == guess:
            break
        guess = better
    return guess


def newton_many(n):
    total = 0.0
    for i in range(1, n):
        total += newton_root(float(i), 60)
    return total


def simpson(a, b, n):
    h = (b - a) / n
    total = math.sin(a) * math.exp(-a) + math.sin(b) * math.exp(-b)
    for i in range(1, n):
        x = a + i * h
        total += (4 if i % 2 else 2) * math.sin(x) * math.exp(-x)
    return total * h / 3


def lcg64(seed, n):
    hits = 0
    for _ in range(n):
        seed = (6364136223846793005 * seed + 1442695040888963407) % 2**64
        if seed >> 33 & 1:
            hits += 1
    return seed, hits


def xorshift32(state, n):
    for _ in range(n):
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
    return state


def life(grid, turns):
    rows, columns = len(grid), len(grid[0])
    for _ in range(turns):
        new = [[0] * columns for _ in range(rows)]
        for r in range(rows):
            for c in range(columns):
                around = 0
                for dr in (-1, 0, 1):
                    for dc in (-1, 0, 1):
                        if dr or dc:
                            around += grid[(r + dr) % rows][(c + dc) % columns]
                new[r][c] = 1 if around == 3 or (around == 2 and grid[r][c]) else 0
        grid = new
    return grid


def prefix_sums(values):
    out = []
    running = 0
    for v in values:
        running += v
        out.append(running)
    return out


def floyd_warshall(d):
    n = len(d)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                if d[i][k] + d[k][j] < d[i][j]:
                    d[i][j] = d[i][k] + d[k][j]
    return d


def bubble_sort(values):
    n = len(values)
    swapped = True
    while swapped:
        swapped = False
        for i in range(1, n):
            if values[i - 1] > values[i]:
                values[i - 1], values[i] = values[i], values[i - 1]
                swapped = True
        n -= 1
    return values


def quick_sort(values, low, high):
    if low >= high:
        return values
    pivot = values[(low + high) // 2]
    i, j = low, high
    while i <= j:
        while values[i] < pivot:
            i += 1
        while values[j] > pivot:
            j -= 1
        if i <= j:
            values[i], values[j] = values[j], values[i]
            i += 1
            j -= 1
    quick_sort(values, low, j)
    quick_sort(values, i, high)
    return values


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def fibonacci_loop(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def pi_digits_sum(n):
    total = 0.0
    sign = 1.0
    for k in range(n):
        total += sign / (2 * k + 1)
        sign = -sign
    return 4 * total


def mean_and_deviation(values):
    n = len(values)
    mean = sum(values) / n
    variance = 0.0
    for v in values:
        variance += (v - mean) ** 2
    return mean, math.sqrt(variance / (n - 1))


def polynomial(coefficients, xs):
    out = []
    for x in xs:
        y = 0.0
        for c in coefficients:
            y = y * x + c
        out.append(y)
    return out


def trapezoid(ys, h):
    total = 0.5 * (ys[0] + ys[-1])
    for y in ys[1:-1]:
        total += y
    return total * h


def heat(u, turns, k):
    n = len(u)
    for _ in range(turns):
        new = u[:]
        for i in range(1, n - 1):
            new[i] = u[i] + k * (u[i + 1] - 2 * u[i] + u[i - 1])
        u = new
    return u


def runge_kutta(y, t, h, n):
    for _ in range(n):
        k1 = -2.0 * y + t
        k2 = -2.0 * (y + 0.5 * h * k1) + t + 0.5 * h
        k3 = -2.0 * (y + 0.5 * h * k2) + t + 0.5 * h
        k4 = -2.0 * (y + h * k3) + t + h
        y += h * (k1 + 2 * k2 + 2 * k3 + k4) / 6
        t += h
    return y


def n_body_step(px, py, vx, vy, mass, dt, turns):
    n = len(px)
    for _ in range(turns):
        for i in range(n):
            for j in range(i + 1, n):
                dx, dy = px[i] - px[j], py[i] - py[j]
                d2 = dx * dx + dy * dy + 0.01
                magnitude = dt / (d2 * math.sqrt(d2))
                vx[i] -= dx * mass[j] * magnitude
                vy[i] -= dy * mass[j] * magnitude
                vx[j] += dx * mass[i] * magnitude
                vy[j] += dy * mass[i] * magnitude
        for i in range(n):
            px[i] += dt * vx[i]
            py[i] += dt * vy[i]
    return px[0], py[0]


def digits_sum(n):
    total = 0
    while n:
        n, digit = divmod(n, 10)
        total += digit
    return total


def digits_many(first, count):
    total = 0
    for n in range(first, first + count):
        total += digits_sum(n)
    return total


def perfect_numbers(limit):
    found = []
    for n in range(2, limit):
        total = 1
        for d in range(2, int(math.sqrt(n)) + 1):
            if n % d == 0:
                total += d
                if d != n // d:
                    total += n // d
        if total == n:
            found.append(n)
    return found


def crc32_bits(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xEDB88320 if crc & 1 else crc >> 1
    return ~crc & 0xFFFFFFFF


def longest_increasing(values):
    tails = []
    for v in values:
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) >> 1
            if tails[middle] < v:
                low = middle + 1
            else:
                high = middle
        if low == len(tails):
            tails.append(v)
        else:
            tails[low] = v
    return len(tails)


def moving_median(values, width):
    out = []
    for i in range(len(values) - width + 1):
        window = sorted(values[i : i + width])
        out.append(window[width // 2])
    return out


def bisect_root(low, high, turns):
    for _ in range(turns):
        middle = (low + high) / 2
        if middle * middle * middle - 2 * middle - 5 > 0:
            high = middle
        else:
            low = middle
    return low


def convolve(signal, kernel):
    out = [0] * (len(signal) + len(kernel) - 1)
    for i, s in enumerate(signal):
        for j, k in enumerate(kernel):
            out[i + j] += s * k
    return out


def dot(a, b):
    total = 0
    for x, y in zip(a, b):
        total += x * y
    return total


NOISE = "[(i * 7919 + 13) % 1009 for i in range({n})]"
REALS = "[((i * 7919 + 13) % 1009) / 37.0 for i in range({n})]"

CALLS = {
    sieve: ["(60000,)", "(1,)", "(0,)", "(2,)"],
    lu_decompose: [
        "([[((i * 31 + j * 17) % 23) + 0.5 * (i == j) for j in range(40)] for i in range(40)],)",
        "([[0.0, 1.0], [1.0, 0.0]],)",
        "([[1, 2], [3, 4]],)",
        "([[0, 0], [0, 0]],)",
        "([],)",
    ],
    collatz_longest: ["(4000,)", "(1,)"],
    knapsack: [
        f"({NOISE.format(n=40)}, {NOISE.format(n=40)}, 2000)",
        "([], [], 0)",
        "([3], [2.5], 7)",
    ],
    edit_distance: [
        f"({NOISE.format(n=150)}, [i % 9 for i in range(150)])",
        "([], [1])",
        "([1, 2.0], [1.0, 2])",
    ],
    matrix_multiply: [
        "([[i * 0.5 + j for j in range(40)] for i in range(40)], [[i - j * 0.25 for j in range(40)] for i in range(40)])",
        "([[1, 2]], [[3], [2**62]])",
        "([[1.0]], [[]])",
    ],
    fft: [
        "([complex(i % 7, -i % 5) for i in range(512)],)",
        "([1, 2, 3, 4],)",
        "([],)",
        "([1, 2, 3],)",
    ],
    mandelbrot: ["(60, 40, 80)", "(0, 3, 3)"],
    queens: ["(7,)", "(1,)", "(6, 0, 0, 0, 0)"],
    binary_search_all: [
        "([i * 3 for i in range(5000)], [i * 7 for i in range(5000)])",
        "([], [1])",
        "([1.5, 2.5], [2.5, 1])",
    ],
    heap_sort: [
        f"({REALS.format(n=3000)},)",
        f"({NOISE.format(n=50)},)",
        "([],)",
        "([2, 1.5, True],)",
    ],
    gcd_sum: ["(150,)", "(1,)"],
    modular_power_many: ["(400, 1000000007)", "(40, 2**61 - 1)", "(40, 2**40 - 87)", "(3, 1)"],
    newton_many: ["(3000,)", "(1,)"],
    simpson: ["(0.0, 3.0, 20000)", "(0, 3, 10)", "(0.0, 0.0, 1)", "(0.0, 1.0, 0)"],
    lcg64: ["(12345, 20000)", "(-1, 10)"],
    xorshift32: ["(2463534242, 30000)", "(0, 5)"],
    life: [
        "([[(i * j + i) % 3 % 2 for j in range(24)] for i in range(24)], 5)",
        "([[1]], 1)",
        "([], 1)",
    ],
    prefix_sums: [
        f"({NOISE.format(n=20000)},)",
        f"({REALS.format(n=500)},)",
        "([2**62] * 5,)",
        "([1, 0.5, 2],)",
        "([],)",
    ],
    floyd_warshall: [
        "([[0.0 if i == j else (math.inf if (i * j) % 3 else float(i + 2 * j)) for j in range(35)] for i in range(35)],)",
        "([[0, 3], [2, 0]],)",
        "([[0, math.inf, 2], [1, 0, 5.5], [math.nan, 1, 0]],)",
    ],
    bubble_sort: [f"({NOISE.format(n=250)},)", "([1.5, -0.0, 0.0, 2],)", "([],)"],
    quick_sort: [f"({NOISE.format(n=3000)}, 0, 2999)", "([2.5, 1.0], 0, 1)"],
    fibonacci: ["(19,)", "(1,)", "(10.0,)"],
    fibonacci_loop: ["(90,)", "(94,)", "(300,)", "(0,)"],
    ackermann: ["(2, 60)", "(2, 3)", "(1, 0)"],
    pi_digits_sum: ["(50000,)", "(0,)"],
    mean_and_deviation: [
        f"({REALS.format(n=20000)},)",
        "([1, 2, 4],)",
        "([1.0],)",
        "([2**70, 1],)",
    ],
    polynomial: [
        f"([1.5, -2.0, 0.25, 3.0], {REALS.format(n=5000)})",
        "([1, 2], [2, 2.5])",
        "([], [1.0])",
    ],
    trapezoid: [f"({REALS.format(n=20000)}, 0.01)", "([1, 2], 1)", "([], 1)"],
    heat: [
        "([0.0] * 20 + [100.0] * 20 + [0.0] * 20, 200, 0.1)",
        "([1, 2, 3], 2, 1)",
        "([], 3, 0.1)",
    ],
    runge_kutta: ["(1.0, 0.0, 0.001, 10000)", "(1, 0, 0.5, 3)"],
    n_body_step: [
        "([1.0, 0.0, -1.0, 0.5], [0.0, 1.0, 0.0, -1.0], [0.0, 0.5, 0.1, 0.0], [0.5, 0.0, -0.5, 0.2], [1.0, 2.0, 0.5, 1.5], 0.01, 500)",
        "([1, 0], [0, 1], [0, 0], [0, 0], [1, 1], 0.5, 3)",
    ],
    digits_many: ["(10**9, 1000)", "(2**63 - 50, 100)", "(0, 1)"],
    perfect_numbers: ["(1200,)", "(2,)"],
    crc32_bits: ["([i * 7 % 256 for i in range(2000)],)", "([],)"],
    longest_increasing: [f"({NOISE.format(n=4000)},)", "([1.5, 1, 2],)", "([],)"],
    moving_median: [f"({REALS.format(n=1500)}, 5)", "([1, 2.5, 0], 3)", "([], 3)"],
    bisect_root: ["(2.0, 3.0, 20000)", "(2, 3, 5)"],
    convolve: [f"({NOISE.format(n=800)}, [1, 2, 3, 2, 1])", "([0.5], [2**62, 2**63])", "([], [])"],
    dot: [
        f"({REALS.format(n=20000)}, {REALS.format(n=20000)})",
        "([2**40] * 9, [2**40] * 9)",
        "([1j, 2], [3, 0.5])",
    ],
}
