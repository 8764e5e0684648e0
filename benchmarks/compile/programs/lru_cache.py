"""A cache that forgets what was not used for longest, in an ordinary dict."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [(1, 5), (4, 60)]
LARGE = (500, 220_000)


def main(capacity: int, turns: int) -> tuple[int, int]:
    cache: dict[int, int] = {}
    hits = 0
    misses = 0
    seed = 3
    for _ in range(turns):
        seed = (seed * 1103515245 + 12345) % 2147483648
        key = (seed >> 16) % 1000
        if key in cache:
            hits += 1
            value = cache.pop(key)
            cache[key] = value
        else:
            misses += 1
            if len(cache) >= capacity:
                oldest = next(iter(cache))
                del cache[oldest]
            cache[key] = key * key
    return hits, misses
