"""From one word to another by one letter at a time, through words of a list."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [20, 200]
LARGE = 7_700


def given(size: int) -> tuple[list[str], str, str]:
    words = sorted({"".join("abcdef"[(i * 5 // 4 // 6**k) % 6] for k in range(6)) for i in range(size)})
    return words, words[0], words[-1]


def main(words: list[str], start: str, goal: str) -> list[str]:
    left = set(words)
    came_from: dict[str, str] = {start: ""}
    here = [start]
    while here and goal not in came_from:
        following: list[str] = []
        for word in here:
            for i in range(len(word)):
                for letter in "abcdef":
                    other = word[:i] + letter + word[i + 1 :]
                    if other in left and other not in came_from:
                        came_from[other] = word
                        following.append(other)
        here = following
    if goal not in came_from:
        return []
    path = [goal]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    path.reverse()
    return path
