"""The reader of a running profile: a process of its own that looks at this one from outside (src/collect/attach.h).

It is started here, told to go, and told to stop. It is no child of the program (the program's own wait() must not meet
it) and not in its session (Ctrl-C is the program's), and it ends by itself when the program does.

Its other half is helper.py. What goes over the two pipes: "{"pid": N}" up, one byte down when it may read us, "ready" or an
error up, one byte down to stop, "{"failure": ...}" up once the capture is whole.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys

from hasten import _core
from hasten.errors import HastenError

_HELPER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "helper.py")
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_ANSWER_S_MAX = 60.0  # a machine that is that slow is not one to measure on


class Reader:
    """One look from outside at this process, from the constructor to stop().

    Args:
        capture: path of the capture to write; must not exist.
        rate_hz: looks a second at each running thread; 0: 200.
    Raises: HastenError if this process cannot be read, with the remedy.
    Cost: about 50 ms to start, no thread and no signal in this process.
    """

    def __init__(self, capture: str, rate_hz: float = 0.0) -> None:
        if not sys.executable:
            raise HastenError("there is no Python to read this process with", code="profile.no_python", hint="Set sys.executable")
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._pending = b""
        try:
            command = [sys.executable, "-I", "-S", _HELPER, _ROOT, str(os.getpid()), capture, str(rate_hz), str(orders), str(answers)]
            # The process that we see start ends at once; the reader is its child.
            subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=(orders, answers), start_new_session=True, check=False,
            )  # fmt: skip
        except OSError as error:
            self._close()
            raise HastenError(f"cannot start {sys.executable} to read this process with: {error}", code="profile.no_python") from None
        finally:
            os.close(orders)
            os.close(answers)
        try:
            self._pid = self._hear()["pid"]
            _core.let_read(self._pid)
            os.write(self._orders, b"g")
            self._hear()
        except BaseException:
            self._close()
            raise

    def stop(self) -> str:
        """Ends it and waits until the capture is whole. Returns "" or why it is not."""
        try:
            os.write(self._orders, b"s")
            return self._hear()["failure"]
        except BrokenPipeError:
            raise _gone() from None
        finally:
            _core.let_read(0)
            self._close()

    def leave(self) -> None:
        """In a forked child: it reads our parent, not us."""
        self._close()

    def _hear(self) -> dict:
        """The next line from the reader."""
        while b"\n" not in self._pending:
            ready = select.select([self._answers], [], [], _ANSWER_S_MAX)[0] if self._answers < 1024 else [self._answers]
            chunk = os.read(self._answers, 1 << 16) if ready else b""
            if not chunk:
                raise _gone()
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        if line == b"ready":
            return {}
        answer = json.loads(line)
        if "what" in answer:
            raise HastenError(answer["what"], code=answer["code"], hint=answer["hint"])
        return answer

    def _close(self) -> None:
        for fd in (self._orders, self._answers):
            if fd >= 0:
                os.close(fd)
        self._orders = self._answers = -1


def _gone() -> HastenError:
    return HastenError(
        "the process that reads this one is gone", code="profile.reader_gone", hint="It may have been killed; measure again"
    )
