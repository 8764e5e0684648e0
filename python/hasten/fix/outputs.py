"""What a run wrote, and where two runs differ, line by line.

Lines that two unmodified runs do not agree on (times, addresses, process numbers) are set aside by their place, and the others
are compared still. Where only durations vary, the rest of the line is compared: `3 passed in 0.12s` must still be 3 passed.
Numbers that are floats may differ by a share if the user allows it.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass

from hasten.fix.trial.nearness import Nearness

LINEWISE_BYTES_MAX = 16 << 20  # what is longer is compared as a whole
_NAMED_MAX = 3
_SHOWN_CHARS = 60
_NUMBER = re.compile(rb"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?")  # with a point or an exponent: no integer

_DURATION = re.compile(r"\d+(?:\.\d+)?\s*(?:seconds?|secs?|s|ms|us|µs|ns)\b(?: \(\d+:\d\d:\d\d\))?")
_PADDING = re.compile(r"([=\-_*.# ])\1+")  # as wide as the duration leaves room for
# How pytest and unittest end. Their durations are known as such, even if two runs happen to take the same hundredth.
_RUNNER_LINE = re.compile(rb"^=* ?\d+ (?:passed|failed|error|skipped|deselected|xfailed|xpassed|warning)[^=]* in \d+\.\d\ds"
                          rb"|^Ran \d+ tests? in \d+\.\d+s$")


@dataclass
class Output:
    """The content of one stream or file. lines: None where only the digest is kept."""

    digest: str
    lines: list | None = None

    @classmethod
    def read(cls, path):
        try:
            with open(path, "rb") as file:
                if os.fstat(file.fileno()).st_size > LINEWISE_BYTES_MAX:
                    return cls(hashlib.file_digest(file, "sha256").hexdigest())
                raw = file.read()
        except OSError as error:
            return cls(f"unreadable ({error.strerror})")
        return cls(hashlib.sha256(raw).hexdigest(), raw.split(b"\n"))


class Channel:
    """One stream or file of the program: what it holds in the unmodified program, and which of its lines vary.

    name: as in a sentence, "standard output"; nearness: by how much floats may differ.
    """

    def __init__(self, key, name, reference, nearness=None):
        self.key = key
        self.name = name
        self.is_dropped = False  # nothing of it can be compared
        self._reference = reference
        self._nearness = nearness or Nearness()
        self._varying = set()    # line numbers from 0
        self._timed = {i for i, line in enumerate(reference.lines or ()) if _RUNNER_LINE.match(line)}  # compared but for durations

    def see_unmodified(self, output):
        """Sets aside what another unmodified run does not agree on."""
        if self.is_dropped or output.digest == self._reference.digest:
            return
        old, new = self._reference.lines, output.lines
        if old is None or new is None or len(old) != len(new):
            self.is_dropped = True
            return
        for i, (a, b) in enumerate(zip(old, new)):
            if self._line_agrees(i, a, b):
                continue
            if _without_durations(a) == _without_durations(b):
                self._timed.add(i)
            else:
                self._varying.add(i)
        self._timed -= self._varying
        self.is_dropped = not any(self._tells(i, line) for i, line in enumerate(old))

    def _tells(self, i, line):
        """Whether a difference of this line would be seen. Of `took 0.3 s` nothing is left that an answer could change."""
        if i in self._timed:
            return any(c in "0123456789" for c in _without_durations(line))
        return bool(line) and i not in self._varying

    def tells(self):
        """Whether something is left that could show a difference: not empty, and the same each time."""
        lines = self._reference.lines
        return not self.is_dropped and (lines is None or any(self._tells(i, line) for i, line in enumerate(lines)))

    def not_compared(self):
        """What is set aside, as words."""
        if self.is_dropped:
            return [self.name]
        places = sorted(self._varying | self._timed)
        named = [f"{'the duration in ' if i in self._timed else ''}line {i + 1} of {self.name} ({_shown(self._reference.lines[i])})"
                 for i in places[:_NAMED_MAX]]
        rest = places[_NAMED_MAX:]
        return named + ([f"{len(rest)} more lines of {self.name}"] if rest else [])

    def difference(self, output):
        """(place, what is, what was) of the first difference of a changed program's run; None if there is none."""
        if self.is_dropped or output.digest == self._reference.digest:
            return None
        old, new = self._reference.lines, output.lines
        if old is None or new is None:
            return self.name, "", ""
        for i, (a, b) in enumerate(zip(old, new)):
            if i not in self._varying and not self._line_agrees(i, a, b):
                return f"line {i + 1} of {self.name}", _shown(a), _shown(b)
        if len(old) != len(new):
            return f"the number of lines of {self.name}", str(len(old) - 1), str(len(new) - 1)
        return None

    def _line_agrees(self, i, old, new):
        return self._agree(old, new) or i in self._timed and _without_durations(old) == _without_durations(new)

    def _agree(self, old, new):
        if old == new:
            return True
        if self._nearness.is_exact or _NUMBER.split(old) != _NUMBER.split(new):
            return False
        return all(self._nearness.agree(float(a), float(b)) for a, b in zip(_NUMBER.findall(old), _NUMBER.findall(new)))


def only_durations(old, new):
    """Whether two lines are the same but for numbers of seconds."""
    return _DURATION.sub("", old) == _DURATION.sub("", new)


def _without_durations(line):
    return _PADDING.sub(r"\1", _DURATION.sub("", line.decode("utf-8", "replace")))


def _shown(line):
    text = line.decode("utf-8", "replace")
    return repr(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "...")
