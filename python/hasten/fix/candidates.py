"""From the evidence to candidates: rules look at the functions where the time is, and nowhere else."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field

from hasten.fix.evidence import interpreter_part
from hasten.fix.rules import RULES
from hasten.fix.rules.context import Context, Prescription, Remark
from hasten.fix.source import Function, SourceError, SourceFile

SHARE_SHOWN_MIN, FUNCTIONS_SHOWN_MAX = 0.01, 6
CEILING_MIN = 1.1  # below it nothing is worth a run: noise would hide it


@dataclass(eq=False)
class Candidate:
    """One prescription with its price: what it could gain, and the text it would give."""

    id: str
    source: SourceFile
    function: Function
    prescription: Prescription
    share: float
    ceiling: float
    predicted: tuple[float, float]
    plain: bool

    @property
    def function_key(self):
        return self.source.path, self.function.qualname, self.function.ordinal

    @property
    def edits(self):
        # Additions first: at one and the same place an import stands above the decorator that needs it.
        return [*self.prescription.additions, *self.prescription.edits]

    @property
    def new_text(self):
        return self.source.apply(self.edits)


@dataclass
class Dismissed:
    """A place that costs time and for which there is no candidate, with the reason."""

    kind: str
    file: str
    line: int
    function: str
    reason: str
    ceiling: float | None = None
    predicted: tuple[float, float] = (1.0, 1.0)


@dataclass
class Proposal:
    candidates: list[Candidate] = field(default_factory=list)
    dismissed: list[Dismissed] = field(default_factory=list)
    sources: dict[str, SourceFile] = field(default_factory=dict)
    remarked: set = field(default_factory=set)  # (path, first line) of functions with a remark


def propose(evidence, rules=RULES):
    """All candidates whose ceiling is above 1.1, in the order in which they are tried."""
    from hasten._core import ceiling_of_share, predict_gain

    proposal = Proposal()
    for path in sorted(evidence.sources):
        if not os.path.isfile(path):
            continue
        try:
            proposal.sources[path] = SourceFile.from_bytes(path, evidence.sources[path])
        except SourceError as error:
            proposal.dismissed.append(Dismissed("none", path, 1, "", str(error)))
    for rank, rule in enumerate(rules):
        found = []
        for source in proposal.sources.values():
            for function in source.functions:
                if evidence.share_of_lines(source.path, function.first_line, function.last_line) < 1 - 1 / CEILING_MIN:
                    continue
                context = Context(source, function)
                if context.looks_at_names():
                    continue
                for prescription in rule.find(context):
                    if isinstance(prescription, Remark):
                        _note(evidence, proposal, source, function, prescription)
                        continue
                    share = (evidence.interpreter_share(source.path, *prescription.span) if prescription.needs
                             else evidence.share_of_lines(source.path, *prescription.span))
                    ceiling = ceiling_of_share(share)
                    predicted = predict_gain(share, *rule.FACTORS)
                    flaw = _flaw(source, prescription) if ceiling > CEILING_MIN else None
                    if flaw is not None:
                        proposal.dismissed.append(Dismissed(rule.KIND, source.path, prescription.line, function.qualname, flaw))
                    elif ceiling > CEILING_MIN:
                        found.append(Candidate("", source, function, prescription, share, ceiling, predicted,
                                               not prescription.needs))
                    elif not prescription.needs:
                        proposal.dismissed.append(Dismissed(
                            rule.KIND, source.path, prescription.line, function.qualname,
                            f"its lines hold {share:.0%} of the time: at most {ceiling:.2f}x", ceiling, predicted))
        found.sort(key=lambda c: -c.share)
        for candidate in found:
            candidate.id = f"{rank}.{len(proposal.candidates)}"
            proposal.candidates.append(candidate)
    _dismiss_the_rest(evidence, proposal)
    return proposal


def considered(evidence):
    """The program's own costliest functions, as {"file", "line", "function", "share"}: share of wall time, with what they call."""
    rows = {}
    for row in evidence.report.get("functions", ()):
        share = min(1.0, row.get("total_share", row["cpu_share"])) * evidence.busy
        if row["file"] in evidence.sources and share >= SHARE_SHOWN_MIN:
            rows[row["file"], row["first_line"], row["function"]] = share
    dearest = sorted(rows.items(), key=lambda item: -item[1])[:FUNCTIONS_SHOWN_MAX]
    return [{"file": file, "line": line, "function": function, "share": share} for (file, line, function), share in dearest]


def own_share(evidence):
    """The share of wall time in the program's own functions, without what they call."""
    return evidence.busy * min(1.0, sum(row["cpu_share"] for row in evidence.report.get("functions", ())
                                        if row["file"] in evidence.sources))


def _flaw(source, prescription):
    """Why the change cannot be written, or None; a rule that misreads one source must not end the session."""
    try:
        compile(source.apply([*prescription.additions, *prescription.edits]), source.path, "exec", dont_inherit=True)
    except (SourceError, SyntaxError, ValueError) as error:
        return f"the change could not be written here ({str(error).splitlines()[0]})"
    return None


def _note(evidence, proposal, source, function, remark):
    """A remark is worth reading only where the place costs enough to be looked at."""
    from hasten._core import ceiling_of_share

    ceiling = ceiling_of_share(evidence.share_of_lines(source.path, *remark.span))
    if ceiling > CEILING_MIN:
        proposal.remarked.add((source.path, function.first_line))
        proposal.dismissed.append(Dismissed(remark.kind, source.path, remark.line, function.qualname, remark.reason,
                                            ceiling if math.isfinite(ceiling) else None))


def _dismiss_the_rest(evidence, proposal):
    """Says of every costly own function without a candidate why nothing will help it."""
    touched = proposal.remarked | {(c.source.path, c.function.first_line) for c in proposal.candidates}
    for row in evidence.report.get("functions", ()):
        ceiling = row.get("ceiling")
        whole = row["cpu_share"] + (row.get("called") or {}).get("cpu_share", 0.0)
        if whole * evidence.busy < 1 - 1 / CEILING_MIN or row["file"] not in proposal.sources:
            continue
        function = _function_at(proposal.sources[row["file"]], row)
        if function is not None and (row["file"], function.first_line) in touched:
            continue
        proposal.dismissed.append(Dismissed(
            "none", row["file"], row["first_line"], row["function"], _why_not(row, function, whole),
            ceiling if ceiling is not None and math.isfinite(ceiling) else None))


def _function_at(source, row):
    for function in source.functions:
        if function.first_line == row["first_line"] or (
                row["function"].endswith(">") and function.first_line <= row["first_line"] <= function.last_line):
            return function
    return None


def _why_not(row, function, whole):
    inside = interpreter_part(row) * row["cpu_share"]
    if inside < 0.5 * whole:
        called = row.get("called") or {}
        through = called.get("through")
        names = {"extension": "extension modules", "library": "C libraries", "kernel": "the kernel",
                 "compiled": "compiled code"}
        split = row.get("split") or {}
        side = max(names, key=lambda n: split.get(n, 0))
        where = f"code called through {through}" if through else names[side]
        removable = f"{1 / (1 - min(inside, 0.999999)):.2f}x" if inside < 1 else "unbounded"
        return (f"{1 - inside / whole:.0%} of its time is in {where}, which no change of this source makes faster; "
                f"without the interpreter's part the program would be {removable}")
    if function is None:
        return "the code stands outside any function; put it into a function, then fix can judge its calls"
    if function.is_generator:
        return "it is a generator: its calls cannot be judged one by one"
    return "no rule applies to it"
