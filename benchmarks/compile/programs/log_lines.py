"""Lines of a log: requests and slowest answer by path, and errors by hour."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 20]
LARGE = 100_000


def given(size: int) -> tuple[list[str]]:
    paths = ("/", "/login", "/cart", "/search")
    return (
        [f"2024-03-{i % 28 + 1:02d}T{i % 24:02d}:{i % 60:02d}:07 GET {paths[i * 7 % 4]} {(200, 200, 404, 500)[i % 4]} {i * 31 % 900}ms" for i in range(size)],
    )


def main(lines: list[str]) -> tuple[dict[str, tuple[int, int]], dict[int, int]]:
    by_path: dict[str, tuple[int, int]] = {}
    errors: dict[int, int] = {}
    for line in lines:
        stamp, _, path, status, duration = line.split(" ")
        took = int(duration[:-2])
        count, slowest = by_path.get(path, (0, 0))
        by_path[path] = (count + 1, max(slowest, took))
        if int(status) >= 400:
            hour = int(stamp[11:13])
            errors[hour] = errors.get(hour, 0) + 1
    return by_path, errors
