"""Four processes that compute for so many seconds: text, numbers, recursion and sorting, in many functions and depths."""

import json
import multiprocessing
import random
import re
import sys
import time

WORDS = re.compile(r"[a-z]+")
TEXT = "the quick brown fox jumps over the lazy dog " * 40


def count_words():
    counts = {}
    for word in WORDS.findall(TEXT):
        counts[word] = counts.get(word, 0) + 1
    return counts["the"]


def through_json(order):
    rows = [{"name": f"row {i}", "values": [order.random() for _ in range(5)]} for i in range(40)]
    return len(json.loads(json.dumps(rows)))


def descend(depth):
    return 1 + descend(depth - 1) if depth else sum(i * i for i in range(20))


def sort_numbers(order):
    numbers = [order.random() for _ in range(400)]
    return sorted(numbers, key=lambda number: -number)


def primes(limit):
    found = []
    for number in range(2, limit):
        for prime in found:
            if number % prime == 0:
                break
        else:
            found.append(number)
    return len(found)


def compute(job):
    seed, seconds = job
    order = random.Random(seed)
    end = time.monotonic() + seconds
    turns = 0
    while time.monotonic() < end:
        if count_words() != 80 or through_json(order) != 40 or primes(100) != 25:
            raise SystemExit("wrong answer")
        descend(order.randrange(60))
        sort_numbers(order)
        turns += 1
    return turns


if __name__ == "__main__":
    seconds = float(sys.argv[1])
    with multiprocessing.Pool(4) as pool:
        print(json.dumps({"turns": pool.map(compute, [(seed, seconds) for seed in range(4)], chunksize=1)}))
