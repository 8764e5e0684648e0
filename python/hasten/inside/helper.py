"""Reads the program that started it, from outside: the other half of reader.py. A program, not a module.

    python -I -S helper.py ROOT PID CAPTURE RATE_HZ ORDERS_FD ANSWERS_FD
"""

import json
import os
import sys


def main(root, pid, capture, rate_hz, orders, answers):
    """Ends at once; its child does the work, so that the program has no child more."""
    if os.fork():
        os._exit(0)
    orders, answers = int(orders), int(answers)

    def say(answer):
        os.write(answers, json.dumps(answer).encode() + b"\n")

    say({"pid": os.getpid()})
    if not os.read(orders, 1):
        return  # the program ended meanwhile
    sys.path.insert(0, root)
    from hasten import _core, errors

    try:
        ended = _core.attach(int(pid), capture, rate_hz=float(rate_hz), stop_fd=orders, ready_fd=answers)
        say({"failure": ended.capture_failure})
    except errors.HastenError as error:
        say({"what": error.args[0], "code": error.code, "hint": error.hint})


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BrokenPipeError:
        pass  # the program is gone
