"""Captures in the formats of other tools: a table of formats, each in a module that is imported only when used."""

from __future__ import annotations

import importlib

# name -> what opens it. The module hasten.export.<name> has encode(capture: str): str for text, bytes for a binary format.
FORMATS = {
    "collapsed": "flamegraph.pl, inferno and many others",
    "json": "the report of `hasten run --json`, for programs",
    "perfetto": "a timeline of every process and thread for https://ui.perfetto.dev",
    "pprof": "go tool pprof, Grafana, speedscope",
    "pstats": "pstats.Stats(FILE), snakeviz, gprof2dot -f pstats",
    "speedscope": "https://www.speedscope.app",
}

# Those that no terminal can show.
BINARY = frozenset({"perfetto", "pprof", "pstats"})


def encode(name: str, capture: str) -> str | bytes:
    """The capture in the format of that name, one of FORMATS.

    Raises: FormatError if the file is not a whole capture that this version reads.
    """
    return importlib.import_module(f"hasten.export.{name}").encode(capture)
