#!/usr/bin/env python3
"""Ordinary loops under hasten.jit against the same functions under CPython, in one process, turn by turn.

    .venv/bin/python benchmarks/compile/kernels.py [--rounds 7] [--json FILE]

Every turn checks its answer: a known constant where there is one, else what CPython gave. The ratio is of medians of
CPU time; the first call (front end, types, LLVM, the run itself) is shown apart. The bars: no kernel slower than
CPython, and each at least 10 times as fast unless a note beside it says why not.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time

import hasten


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def count_primes(limit):
    count = 0
    for candidate in range(2, limit):
        divisor = 2
        is_prime = True
        while divisor * divisor <= candidate:
            if candidate % divisor == 0:
                is_prime = False
                break
            divisor += 1
        if is_prime:
            count += 1
    return count


def sieve(limit):
    flags = [True] * limit
    flags[0] = flags[1] = False
    for i in range(2, limit):
        if i * i >= limit:
            break
        if flags[i]:
            for k in range(i * i, limit, i):
                flags[k] = False
    count = 0
    for flag in flags:
        if flag:
            count += 1
    return count


def longest_collatz(limit):
    best = best_start = 0
    for start in range(1, limit):
        n = start
        steps = 0
        while n != 1:
            n = 3 * n + 1 if n % 2 else n // 2
            steps += 1
        if steps > best:
            best, best_start = steps, start
    return best_start


def matrix_product(a, b):
    size = len(a)
    product = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(size):
            total = 0.0
            for k in range(size):
                total += a[i][k] * b[k][j]
            product[i][j] = total
    return product


def diffuse(grid, steps):
    rows = len(grid)
    columns = len(grid[0])
    for _ in range(steps):
        after = [[0.0] * columns for _ in range(rows)]
        for i in range(rows):
            for j in range(columns):
                vertical = grid[(i + 1) % rows][j] + grid[(i - 1) % rows][j] - 2.0 * grid[i][j]
                level = grid[i][(j + 1) % columns] + grid[i][(j - 1) % columns] - 2.0 * grid[i][j]
                after[i][j] = grid[i][j] + (vertical + level) * 0.1
        grid = after
    return grid


def gravity(positions, velocities, masses, steps):
    count = len(masses)
    for _ in range(steps):
        for i in range(count):
            for j in range(i + 1, count):
                dx = positions[i][0] - positions[j][0]
                dy = positions[i][1] - positions[j][1]
                dz = positions[i][2] - positions[j][2]
                squared = dx * dx + dy * dy + dz * dz
                pull = 0.01 / (squared * math.sqrt(squared))
                for axis, d in ((0, dx), (1, dy), (2, dz)):
                    velocities[i][axis] -= d * masses[j] * pull
                    velocities[j][axis] += d * masses[i] * pull
        for i in range(count):
            for axis in range(3):
                positions[i][axis] += 0.01 * velocities[i][axis]
    return positions


def edit_distance(a, b):
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        previous = row
        row = [i + 1] + [0] * len(b)
        for j in range(len(b)):
            cost = 0 if a[i] == b[j] else 1
            row[j + 1] = min(row[j] + 1, previous[j + 1] + 1, previous[j] + cost)
    return row[len(b)]


def mandelbrot(size, limit):
    inside = 0
    for row in range(size):
        for column in range(size):
            c = complex(column * 3.0 / size - 2.0, row * 2.0 / size - 1.0)
            z = 0j
            n = 0
            while abs(z) <= 2.0 and n < limit:
                z = z * z + c
                n += 1
            if n == limit:
                inside += 1
    return inside


def numbers(count, seed):
    values = []
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) % 2147483648
        values.append(seed % 26)
    return values


def grid_of(rows, columns):
    return [[float(i * j % 7) for j in range(columns)] for i in range(rows)]


KERNELS = {  # function: (arguments made anew for each turn, the known answer or None)
    fib: (lambda: (24,), 46368),
    count_primes: (lambda: (20000,), 2262),
    sieve: (lambda: (200000,), 17984),
    longest_collatz: (lambda: (6000,), 3711),
    matrix_product: (lambda: (grid_of(60, 60), grid_of(60, 60)), None),
    diffuse: (lambda: (grid_of(60, 60), 8), None),
    gravity: (lambda: ([[float(i), i * i * 0.5, 1.0 - i] for i in range(5)], [[0.0] * 3 for _ in range(5)],
                       [1.0, 0.5, 0.25, 0.125, 2.0], 200), None),
    edit_distance: (lambda: (numbers(300, 1), numbers(300, 2)), None),
    mandelbrot: (lambda: (80, 60), None),
}


def timed(function, make_arguments, expected):
    arguments = make_arguments()
    begun = time.thread_time()
    answer = function(*arguments)
    seconds = time.thread_time() - begun
    if answer != expected:
        sys.exit(f"{function.__name__}: wrong answer {str(answer)[:80]}, expected {str(expected)[:80]}")
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    plain = {function.__name__: function for function in KERNELS}
    table = []
    print(f"{'kernel':16} {'CPython ms':>11} {'hasten ms':>10} {'faster':>8} {'first call ms':>14}")
    for function, (make_arguments, known) in KERNELS.items():
        expected = known if known is not None else function(*make_arguments())
        compiled = hasten.jit(function)
        globals()[function.__name__] = compiled  # a function that calls itself calls the compiled one
        first = timed(compiled, make_arguments, expected)
        ours, theirs = [], []
        for _ in range(options.rounds):
            globals()[function.__name__] = plain[function.__name__]
            theirs.append(timed(function, make_arguments, expected))
            globals()[function.__name__] = compiled
            ours.append(timed(compiled, make_arguments, expected))
        row = {"kernel": function.__name__, "cpython_s": statistics.median(theirs), "hasten_s": statistics.median(ours),
               "first_call_s": first, "tier": compiled.report()["tier"]}
        row["ratio"] = row["cpython_s"] / row["hasten_s"]
        table.append(row)
        print(f"{row['kernel']:16} {row['cpython_s'] * 1e3:11.2f} {row['hasten_s'] * 1e3:10.3f} {row['ratio']:7.1f}x "
              f"{first * 1e3:14.1f}", flush=True)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"python": sys.version, "kernels": table}, file, indent=1)
    slower = [row["kernel"] for row in table if row["ratio"] < 1]
    if slower:
        sys.exit(f"slower than CPython: {', '.join(slower)}")


if __name__ == "__main__":
    main()
