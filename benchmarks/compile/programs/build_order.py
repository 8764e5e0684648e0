"""Tasks in an order that respects what they need (Kahn), or the cycle that forbids it."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 30, -1]
LARGE = 60_000


def given(size: int) -> tuple[dict[str, list[str]]]:
    if size < 0:
        return ({"a": ["b"], "b": ["c"], "c": ["a"]},)
    return ({f"t{i}": [f"t{j}" for j in (i // 2, i // 3, i - 1) if 0 <= j < i] for i in range(size)},)


def main(needs: dict[str, list[str]]) -> list[str]:
    waiting: dict[str, int] = {}
    wanted_by: dict[str, list[str]] = {}
    for task, before in needs.items():
        waiting[task] = len(before)
        for other in before:
            wanted_by.setdefault(other, []).append(task)
    ready = [task for task, count in waiting.items() if count == 0]
    order: list[str] = []
    while ready:
        task = ready.pop()
        order.append(task)
        for other in wanted_by.get(task, []):
            waiting[other] -= 1
            if waiting[other] == 0:
                ready.append(other)
    if len(order) < len(needs):
        stuck = sorted(task for task, count in waiting.items() if count > 0)
        raise ValueError("in a cycle: " + ", ".join(stuck))
    return order
