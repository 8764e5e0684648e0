"""The difference of two versions of a text, line by line."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 2, 20]
LARGE = 800


def given(size: int) -> tuple[list[str], list[str]]:
    old = [f"line {i % 60} of the text" for i in range(size)]
    new = [line if i % 7 else f"changed {i}" for i, line in enumerate(old) if i % 11]
    return old, new


def main(old: list[str], new: list[str]) -> list[str]:
    length = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            if old[i] == new[j]:
                length[i][j] = length[i + 1][j + 1] + 1
            else:
                length[i][j] = max(length[i + 1][j], length[i][j + 1])
    result: list[str] = []
    i = 0
    j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and old[i] == new[j]:
            i += 1
            j += 1
        elif j < len(new) and (i == len(old) or length[i][j + 1] > length[i + 1][j]):
            result.append("+" + new[j])
            j += 1
        else:
            result.append("-" + old[i])
            i += 1
    return result
