"""Small programs and hand-written evidence for the tests of fix."""

import sys

from hasten.fix.evidence import Evidence, Program
from hasten.fix.source import SourceFile


def program_of(script, args=()):
    """The program `python script args` in the script's folder."""
    return Program.from_command([sys.executable, str(script), *args], str(script.parent))


def evidence_of(script, args=(), hot=None, share=0.95, wall_s=0.5, cwd=None, split=None, exit_code=0, python=sys.executable,
                modules=(), flags=()):
    """Evidence as a capture of `python script args` would give it: each hot function holds `share` of the time,
    on each of its lines (the sharpest evidence that a rule can get)."""
    sources = {}
    functions, lines = [], []
    for path in [str(script), *map(str, modules)]:
        source = SourceFile.read(path)
        sources[path] = source.raw
        for function in source.functions:
            if hot is not None and function.qualname not in hot:
                continue
            split_of = split or {"bytecode": share / 2, "runtime": share / 2}
            functions.append({"file": path, "function": function.qualname, "first_line": function.first_line,
                              "cpu_share": share, "total_share": share, "split": split_of, "ceiling": 1 / (1 - share)})
            for line in range(function.first_line, function.last_line + 1):
                lines.append({"file": path, "line": line, "function": function.qualname,
                              "first_line": function.first_line, "cpu_share": share, "total_share": share,
                              "split": split_of})
    report = {"wall_s": wall_s, "cpu_s": wall_s, "functions": functions, "lines": lines}
    cwd = str(cwd or script.parent)
    program = Program.from_command([python, *flags, str(script), *args], cwd)
    return Evidence(report, program, sources, exit_code)
