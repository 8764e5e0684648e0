"""One judged run alone, without the session around it: the helpers of the tests of the judge."""

import textwrap

from hasten._core import fence
from hasten.fix.given import given_rewrite
from hasten.fix.runner import Runner


class Judged:
    """What the judge said of one rewrite. events: all that it reported."""

    def __init__(self, events, run):
        self.events = events
        self.run = run
        self.same = [e for e in events if e["event"] == "call"]
        self.dropped = [e for e in events if e["event"] == "dropped"]
        self.why = self.dropped[0]["why"] if self.dropped else ""


def judge(script, program, function, new_text=None, calls=(1,), **more):
    """Judges calls of a function of a program; the new text is the old one with a comment, unless it is given."""
    given = given_rewrite(str(script), function, new_text or old_text(script.read_text(), function))
    candidate = given.candidates[0]
    target = {"key": 0, "path": str(script), "qualname": function, "ordinal": 0, "requires": {}, "schedule": list(calls),
              "pairs_per_call": 1, "shadow_stride": more.pop("stride", 0), "generated": more.pop("generated", 0),
              "variants": [{"id": "v", "text": candidate.new_text, "decorator": None, "requires": {},
                            "not_for": more.pop("not_for", [])}]}
    runner = Runner(program)
    spec = {"targets": [target], "seconds": 30, "shadow_seconds": 0, "additions": [], "may_stop": False, "call_s_min": 5.0,
            "seed": 1, "tolerance": 0.0, "fence": fence()} | more
    try:
        run = runner.trial({str(script): script.read_bytes()}, 60, "judge", **spec)
    finally:
        runner.close()
    return Judged(run.events, run)


def old_text(source, function):
    """The text of a function of a source, plus a comment: the same in every respect."""
    import ast

    node = next(n for n in ast.walk(ast.parse(source)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)) and n.name == function)
    lines = source.splitlines()[node.lineno - 1:node.end_lineno]
    return textwrap.dedent("\n".join(lines)) + "\n    # the same"
