"""The likeliest path through a hidden Markov model (Viterbi), with logarithms."""

from __future__ import annotations

from math import log

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(2, 3), (4, 12)]
LARGE = (16, 6000)


def main(states: int, length: int) -> int:
    move = [[log(1.0 + (i * 5 + j * 3) % 7) for j in range(states)] for i in range(states)]
    emit = [[log(1.0 + (i * 3 + j) % 5) for j in range(5)] for i in range(states)]
    best = [0.0] * states
    come_from = [[0] * states for _ in range(length)]
    for t in range(length):
        seen = t * t % 5
        after = [0.0] * states
        for state in range(states):
            top = best[0] + move[0][state]
            origin = 0
            for before in range(1, states):
                score = best[before] + move[before][state]
                if score > top:
                    top = score
                    origin = before
            after[state] = top + emit[state][seen]
            come_from[t][state] = origin
        best = after
    state = 0
    for other in range(1, states):
        if best[other] > best[state]:
            state = other
    signature = state
    for t in range(length - 1, 0, -1):
        state = come_from[t][state]
        signature = (signature * 31 + state) % 1000003
    return signature
