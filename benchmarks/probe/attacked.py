#!/usr/bin/env python3
"""The program whose profiler kills.py kills: it computes, starts threads, polls, and has children of its own.

    attacked.py serve         until standard input ends; commands on it, answers as lines of JSON
    attacked.py once ROUNDS   so many rounds, then its answer

Everything that it computes is x -> (A x + C) mod P over and over, whose value after any number of steps is known by arithmetic
(kills.py). Commands: `strip STEPS` computes with all else at rest and tells its CPU time; `work` and `rest` start and
pause the rest; `answer` tells how far everything has come.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import threading
import time

A, C, P = 6364136223846793005, 1442695040888963407, 2**61 - 1
THREAD_STEPS = 500
CHILD_STEPS = 2_000
POLL_MS = 5


def advance(x: int, steps: int) -> int:
    for _ in range(steps):
        x = (A * x + C) % P
    return x


class Worker:
    """A thread that computes for some milliseconds and sleeps for some."""

    def __init__(self) -> None:
        self.steps = self.state = 0
        self.working, self.ended = threading.Event(), False
        self.rested = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.ended:
            if not self.working.is_set():
                self.rested.set()
                self.working.wait()
                continue
            self.state = advance(self.state, 2_000)
            self.steps += 2_000
            time.sleep(0.002)

    def rest(self) -> None:
        if self.working.is_set():
            self.rested.clear()
            self.working.clear()
            self.rested.wait()

    def end(self) -> None:
        self.ended = True
        self.working.set()
        self.thread.join()


class Program:
    """All that it has: the worker, threads that come and go, a child that stays and others that end."""

    def __init__(self) -> None:
        self.worker = Worker()
        self.worker.working.set()
        self.child = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, "child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.child_state = self.child_steps = 0
        self.threads = self.thread_sum = self.children = self.child_sum = self.polls = 0

    def round(self, number: int) -> None:
        states: list[int] = []
        thread = threading.Thread(target=lambda: states.append(advance(self.threads, THREAD_STEPS)))
        thread.start()
        thread.join()
        self.threads += 1
        self.thread_sum += states[0]
        if number % 5 == 0:
            self.child.stdin.write(f"{CHILD_STEPS}\n")
            self.child_state = int(self.child.stdout.readline())
            self.child_steps += CHILD_STEPS
        if number % 50 == 0:
            command = [sys.executable, "-I", "-S", __file__, "short", str(self.children)]
            self.child_sum += int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            self.children += 1

    def answer(self) -> dict:
        self.worker.rest()
        return {
            "worker": [self.worker.steps, self.worker.state],
            "child": [self.child_steps, self.child_state],
            "threads": [self.threads, self.thread_sum],
            "children": [self.children, self.child_sum],
            "polls": self.polls,
        }

    def end(self) -> int:
        self.worker.end()
        self.child.stdin.close()
        return self.child.wait()


def serve() -> int:
    program = Program()
    poll = select.poll()
    poll.register(0, select.POLLIN)
    number = 0
    at_work = True
    strip_state = strip_steps = 0
    while True:
        program.polls += 1
        if not poll.poll(POLL_MS):
            if at_work:
                program.round(number)
                number += 1
            continue
        words = sys.stdin.readline().split()
        if not words:
            return program.end()
        said: dict = {}
        if words[0] == "strip":
            begin = time.thread_time()
            strip_state = advance(strip_state, int(words[1]))
            said = {"cpu_s": time.thread_time() - begin}
            strip_steps += int(words[1])
        elif words[0] == "rest":
            program.worker.rest()
            at_work = False
        elif words[0] == "work":
            program.worker.working.set()
            at_work = True
        elif words[0] == "answer":
            at_work = False
            said = {**program.answer(), "strips": [strip_steps, strip_state]}
        print(json.dumps(said), flush=True)


def once(rounds: int) -> int:
    program = Program()
    poll = select.poll()
    for number in range(rounds):
        program.round(number)
        program.polls += 1
        poll.poll(POLL_MS)
    print(json.dumps(program.answer()), flush=True)
    return program.end()


def child() -> int:
    state = 0
    for line in sys.stdin:
        state = advance(state, int(line))
        print(state, flush=True)
    return 0


if __name__ == "__main__":
    what = sys.argv[1]
    if what == "short":
        print(advance(int(sys.argv[2]), THREAD_STEPS))
        sys.exit(0)
    sys.exit(serve() if what == "serve" else once(int(sys.argv[2])) if what == "once" else child())
