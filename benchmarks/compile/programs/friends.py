"""Circles of friends: union-find on names in a dict."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 5, 40]
LARGE = 110_000


def given(size: int) -> tuple[list[tuple[str, str]]]:
    return ([(f"p{i * 7919 % (size + 1)}", f"p{i * i * 31 % (size + 1)}") for i in range(size)],)


def find(parent: dict[str, str], name: str) -> str:
    while parent[name] != name:
        parent[name] = parent[parent[name]]
        name = parent[name]
    return name


def main(pairs: list[tuple[str, str]]) -> tuple[int, int]:
    parent: dict[str, str] = {}
    for a, b in pairs:
        parent.setdefault(a, a)
        parent.setdefault(b, b)
        root_a = find(parent, a)
        root_b = find(parent, b)
        if root_a != root_b:
            parent[root_a] = root_b
    sizes: dict[str, int] = {}
    for name in parent:
        root = find(parent, name)
        sizes[root] = sizes.get(root, 0) + 1
    return len(sizes), max(sizes.values(), default=0)
