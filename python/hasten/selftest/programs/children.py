"""Children by fork, by exec and in a pool of processes, one of which kills itself. Each reads its own CPU clock."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time


def burn(turns):
    s = 0
    for i in range(turns):
        s += i % 7
    return s


def timed(turns):
    """The process's id and the CPU time that it spent here."""
    begin = time.thread_time()
    burn(turns)
    return os.getpid(), time.thread_time() - begin


def forked(turns, killed):
    """The same in a forked child, which ends as it should or is killed."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        with os.fdopen(writer, "w") as pipe:
            json.dump(timed(turns), pipe)
        os.kill(os.getpid(), signal.SIGKILL) if killed else os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = json.load(pipe)
    os.wait()
    return answer


if __name__ == "__main__":
    turns = 1000 * int(sys.argv[1])
    if sys.argv[2:] == ["child"]:
        print(json.dumps(timed(turns)))
        sys.exit()
    children = {"forked": forked(turns, killed=False), "killed": forked(2 * turns, killed=True)}
    command = [sys.executable, __file__, sys.argv[1], "child"]
    children["subprocess"] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        children["pool"] = pool.apply(timed, (turns,))
    seconds = {name: cpu_s for name, (_, cpu_s) in children.items()}
    print(json.dumps({"seconds": seconds, "pids": {name: pid for name, (pid, _) in children.items()}}))
