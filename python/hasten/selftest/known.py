"""The table of programs. One more program is one more file in `programs/` and one more row here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from hasten.selftest import judges
from hasten.selftest.figure import Figure
from hasten.selftest.run import Run

PROGRAMS = Path(__file__).parent / "programs"


class Known(NamedTuple):
    """A program whose truth is known."""

    name: str
    file: str
    judge: Callable[[Run], Iterator[Figure]]

    @property
    def script(self) -> Path:
        """The program. It takes the number of rounds and prints one JSON object with what it knows of itself."""
        return PROGRAMS / self.file


KNOWN = (
    Known("four equal lines", "four_lines.py", judges.equal_lines),
    Known("75/25 pair", "pair.py", judges.timed_functions),
    Known("call or inlined", "call_or_inline.py", judges.timed_functions),
    Known("alternating chains", "chains.py", judges.possible_stacks),
    Known("phases", "phases.py", judges.timed_phases),
    Known("kernel in turns", "kernel_turns.py", judges.timed_functions),
    Known("threads", "crowd.py", judges.timed_threads),
    Known("waiting for the GIL", "gil.py", judges.waits_for_the_gil),
    Known("children", "children.py", judges.timed_children),
    Known("garbage", "garbage.py", judges.timed_collections),
    Known("event loop", "event_loop.py", judges.timed_tasks),
)
