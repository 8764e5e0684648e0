"""One program of pyperformance, or threads that fight for the GIL, a strip at a time.

    suite_program.py gil | SCRIPT BENCHMARK [ARGUMENTS ...]

Each line on standard input is a number of loops; each is answered with the wall time and the CPU time that they took.
The scripts are pyperformance's own: only what would start and time processes is replaced.
"""

import asyncio
import runpy
import sys
import threading
import time

THREADS = 4


def take_turns(loop):
    for word in sys.stdin:
        loops = int(word)
        wall, cpu = time.perf_counter(), time.process_time()
        loop(loops)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print("turn", wall, cpu, loops, flush=True)
    sys.exit(0)


def burn(turns):
    s = 0
    for i in range(turns):
        s += i % 7
    return s


class Fight:
    """Threads that live as long as the program and compute at the same time, so that each waits for the GIL."""

    def __init__(self):
        self.loops = 0
        self.begin, self.end = threading.Barrier(THREADS + 1), threading.Barrier(THREADS + 1)
        for _ in range(THREADS):
            threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            self.begin.wait()
            burn(20_000 * self.loops)
            self.end.wait()

    def loop(self, loops):
        self.loops = loops
        self.begin.wait()
        self.end.wait()


def play(script, wanted, arguments):
    import pyperf

    class Runner(pyperf.Runner):
        def bench_time_func(self, name, function, *args, **_):
            if name == wanted:
                take_turns(lambda loops: function(loops, *args))

        def bench_func(self, name, function, *args, **_):
            def loop(loops):
                for _ in range(loops):
                    function(*args)

            if name == wanted:
                take_turns(loop)

        def bench_async_func(self, name, function, *args, **_):
            def loop(loops):
                for _ in range(loops):
                    asyncio.run(function(*args))

            if name == wanted:
                take_turns(loop)

    pyperf.Runner = Runner
    sys.argv = [script, *arguments]
    runpy.run_path(script, run_name="__main__")
    raise SystemExit(f"{script} has no benchmark {wanted}")


if __name__ == "__main__":
    if sys.argv[1] == "gil":
        take_turns(Fight().loop)
    play(sys.argv[1], sys.argv[2], sys.argv[3:])
