"""What a run wrote, and where two runs differ, line by line.

What two unmodified runs do not agree on (times, addresses, process numbers) is set aside by its place: the words of a line that vary, and
the whole line only where the runs do not even have the same number of words there. All else is compared: in `5 s of audio in 0.12 s` a
5 that never varied must stay a 5. Numbers that are floats may differ by a share if the user allows it.
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

_DURATION = r"\d+(?:\.\d+)?(?:e[-+]\d\d)?\s*(?:seconds?|secs?|s|ms|us|µs|ns)\b(?: \(\d+:\d\d:\d\d\))?"
_SECONDS = re.compile(_DURATION)
# What varies as one is one word: a duration and its unit (1.2 s is 980 ms in the next run), a rate, a date with its time, 1m 2.3s.
_WORD = re.compile(rf"""
    (?:(?<!\w)[-+])?
    (?: (?:\d+h[ ])?(?:\d+m(?:in)?[ ])?{_DURATION.replace(" ", "[ ]")}
      | \d+(?:\.\d+)?[ ]?[kKMGT]?i?(?:B|bytes|it|ops?)(?:/s(?:ec)?)?\b
      | \d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[-+]\d\d:?\d\d)?)?
      | (?:[A-Z][a-z][a-z][ ]){{1,2}}[ ]?\d+[ ]\d\d:\d\d:\d\d(?:[ ]\d{{4}})?
      | (?<!\w)\d+(?:\.\d+)?e[-+]\d\d(?!\d)
      | \w+(?: (?:(?<=\d)\.(?=\d) | (?<=\d):(?=\d\d(?!\d))) \w+)*
    )
    | (?P<padding>[=\-_*.\#])(?P=padding)*  # as wide as what varies leaves room for
    | [^\w\s]""", re.VERBOSE)
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
        self.is_dropped = False  # what can be compared of it, if anything, says nothing of an answer: only that it differs would
        self._is_shapeless = False  # nothing of it can be compared
        self._reference = reference
        self._nearness = nearness or Nearness()
        self._varying = set()    # line numbers from 0, of lines of which nothing is compared
        self._loose = {}         # of those of which a part is: {line number: places of the words that are not compared}
        for i, line in enumerate(reference.lines or ()):
            if _RUNNER_LINE.match(line):
                self._loose[i] = set([k for k, word in enumerate(_words(line)) if _SECONDS.search(word)][-1:])

    def see_unmodified(self, output):
        """Sets aside what another unmodified run does not agree on."""
        if self._is_shapeless or output.digest == self._reference.digest:
            return
        old, new = self._reference.lines, output.lines
        if old is None or new is None or len(old) != len(new):
            self.is_dropped = self._is_shapeless = True
            return
        for i, (a, b) in enumerate(zip(old, new)):
            if i not in self._varying and not self._line_agrees(i, a, b):
                self._set_aside(i, _words(a), _words(b))
        self.is_dropped = not any(self._tells(i, line) for i, line in enumerate(old))

    def _set_aside(self, i, old, new):
        loose = self._loose.pop(i, set())
        if len(old) == len(new):
            loose = loose | {k for k in range(len(old)) if not self._word_agrees(k, old, new, loose)}
            if loose and len(loose) < len(old):
                self._loose[i] = loose
                return
        self._varying.add(i)

    def _tells(self, i, line):
        """Whether a difference of this line would be seen. Of `took 0.3 s` nothing is left that an answer could change."""
        if i in self._loose:
            return any(c in "0123456789" for k, word in enumerate(_words(line)) if k not in self._loose[i] for c in word)
        return bool(line) and i not in self._varying

    def tells(self):
        """Whether something is left that could show a difference: not empty, and the same each time."""
        lines = self._reference.lines
        return not self.is_dropped and (lines is None or any(self._tells(i, line) for i, line in enumerate(lines)))

    def not_compared(self):
        """What is set aside, as words."""
        if self.is_dropped:
            return [self.name]
        places = sorted(self._varying | self._loose.keys())
        named = [f"{self._part(i)}line {i + 1} of {self.name} ({_shown(self._reference.lines[i])})" for i in places[:_NAMED_MAX]]
        rest = places[_NAMED_MAX:]
        return named + ([f"{len(rest)} more lines of {self.name}"] if rest else [])

    def _part(self, i):
        if i not in self._loose:
            return ""
        words = _words(self._reference.lines[i])
        loose = [words[k] for k in sorted(self._loose[i])]
        if all(map(_SECONDS.search, loose)):
            return "the duration in "
        return f"{loose[0].strip()!r} in " if len(loose) == 1 else f"{len(loose)} words of "

    def varies_at(self, place):
        """Whether a place, as difference() tells it, is a line of which some words vary by themselves: others may, but seldom."""
        return any(place == f"line {i + 1} of {self.name}" for i in self._loose)

    def difference(self, output):
        """(place, what is, what was) of the first difference of a changed program's run; None if there is none."""
        if self._is_shapeless or output.digest == self._reference.digest:
            return None
        old, new = self._reference.lines, output.lines
        if self.is_dropped and len(old) != len(new or ()):
            return None
        if old is None or new is None:
            return self.name, "", ""
        for i, (a, b) in enumerate(zip(old, new)):
            if i not in self._varying and not self._line_agrees(i, a, b):
                return f"line {i + 1} of {self.name}", _shown(a), _shown(b)
        if len(old) != len(new):
            return f"the number of lines of {self.name}", str(len(old) - 1), str(len(new) - 1)
        return None

    def _line_agrees(self, i, old, new):
        if self._agree(old, new):
            return True
        loose = self._loose.get(i)
        if loose is None:
            return False
        old, new = _words(old), _words(new)
        return len(old) == len(new) and all(self._word_agrees(k, old, new, loose) for k in range(len(old)))

    def _word_agrees(self, k, old, new, loose):
        if k in loose:
            return True
        a, b = (old[k].lstrip(), new[k].lstrip()) if k - 1 in loose else (old[k], new[k])
        return a == b or self._agree(a.encode("utf-8", "surrogateescape"), b.encode("utf-8", "surrogateescape"))

    def _agree(self, old, new):
        if old == new:
            return True
        if self._nearness.is_exact or _NUMBER.split(old) != _NUMBER.split(new):
            return False
        return all(self._nearness.agree(float(a), float(b)) for a, b in zip(_NUMBER.findall(old), _NUMBER.findall(new)))


def only_durations(old, new):
    """Whether two lines are the same but for numbers of seconds."""
    return _SECONDS.sub("", old) == _SECONDS.sub("", new)


def _words(line):
    """The words and signs of a line; each begins with a space if anything stands between it and the one before."""
    text = line.decode("utf-8", "surrogateescape")
    found, end = [], 0
    for match in _WORD.finditer(text):
        found.append(" " * (match.start() > end) + (match["padding"] or match[0]))
        end = match.end()
    return found


def _shown(line):
    text = line.decode("utf-8", "replace")
    return repr(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "...")
