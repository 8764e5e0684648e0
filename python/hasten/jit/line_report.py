"""What became of each line of a function under `hasten.jit`: `fn.hasten`.

>>> import hasten
>>> @hasten.jit
... def total(values):
...     result = 0.0
...     for value in values:
...         result += value
...     return result
>>> total([1.5, 2.5])
4.0
>>> facts = total.hasten.report()
>>> facts["share_native"]
1.0
"""

from __future__ import annotations

import linecache
import math
from hasten.jit.places import callee_at, last_line, lines_with_code, nested_codes, split_reason

__all__ = ["CLASSES", "NOT_COMPILED", "LineReport"]

CLASSES = ("native", "checked", "boxed", "python call")  # from cheap to dear
NOT_COMPILED = "not compiled"

_COST = {name: rank for rank, name in enumerate(CLASSES)}


class LineReport:
    """The attribute `hasten` of a function under `hasten.jit`. In a notebook it shows itself as a coloured listing."""

    __slots__ = ("_function",)

    def __init__(self, function) -> None:
        self._function = function

    def report(self) -> dict:
        """How the function ran, as a dict that JSON can hold.

        Keys:
            schema: "hasten-jit/1".
            function, file, first_line, last_line: what it is and where it stands.
            tier: "native", "python", "interpreter" or "not called yet".
            share_native: lines of class native or checked / lines with code, over the versions in use; null if none is.
            line_counts: for each class the number of lines.
            lines: one dict for each line of the source, from the first decorator on:
                line, source;
                class: that of its dearest instruction in the versions in use. "native": machine code that neither leaves
                    nor calls CPython. "checked": machine code that looks whether it may go on (64 bits, bounds, types).
                    "boxed": operations on Python objects, or the making of one, by C functions. "python call": a callable
                    is called through CPython. "not compiled": CPython runs it. null: no code, or none that a version gets to;
                reasons: why, dearest first: class, why, and hint, the rewrite that would help, or null;
                calls: the calls through CPython that native code has made here: callee, count (all of them), and cost, null if
                    none was timed: ns, what one costs, with ns_low and ns_high, its 95 % interval (null for a single one);
                    ns_mean, over all calls; timed, how many were. Timed are the first eight calls of a place, then one of 64 and
                    later of 1024 at random, by the processor's time stamp counter, from the call until it has returned: waits
                    and all that it calls are in it, making objects of its arguments is not. `ns` is the mean of the last 128 of
                    each version but for the dearest twentieth (of four or more at least one: the first call of all is slow,
                    and in others somebody else may have had the processor);
                left: how often native code left for the interpreter here, and why; seen: the types that it met;
                refused: why this line kept the function, or a version of it, from being compiled.
            versions: kind ("call"; "loop", entered in a loop; "retired", no longer called; "within", called natively from
                what `within` names), quick (made without optimization), types of its parameters, calls and landings (null where nobody counts), code_bytes,
                share_native, and lines, the class of each.
            refusals: file, line, column, code, why, hint.
            background: whether code is generated in the background; under_way: how many versions are being made there.
            reasons, landings, python_calls, interpreter_calls, loop_entries, compiles, loop_compiles, retired, and what else
                Function.report() tells, with names for types.
        """
        return _report(self._function)

    def listing(self, *, colour: bool | None = None, width: int | None = None) -> str:
        """The same for people: the source with each line's class, reasons and counts.

        Args:
            colour: None: if standard output is a terminal that shows colours.
            width: columns; None: the terminal's, or 110.
        """
        from hasten.jit.listing import listing_text

        return listing_text(self.report(), colour=colour, width=width)

    def html(self) -> str:
        """The same as a page of its own: nothing is loaded from elsewhere."""
        from hasten.jit.page import page

        return page(self.report())

    def _repr_html_(self) -> str:
        from hasten.jit.page import fragment

        return fragment(self.report())

    def __str__(self) -> str:
        return self.listing()

    def __repr__(self) -> str:
        facts = self.report()
        share = facts["share_native"]
        said = facts["tier"] if share is None else f"{facts['tier']}, {100 * share:.0f} % of the lines native or checked"
        return f"<hasten.jit report of {facts['function']}: {said}>"


def _report(function) -> dict:
    plain = function.__wrapped__
    code = plain.__code__
    whole = function.report()
    known = function._line_facts(nested_codes(code))
    bodies = known["bodies"]
    source = linecache.getlines(code.co_filename, plain.__globals__)
    last = last_line(code, source)
    lines = {
        n: {
            "line": n,
            "source": source[n - 1].rstrip("\r\n") if n <= len(source) else "",
            "class": None,
            "reasons": [],
            "calls": [],
            "left": [],
            "refused": [],
        }
        for n in range(code.co_firstlineno, last + 1)
    }
    for body in bodies:
        body["sites"] = _with_rare_calls(body["sites"], known["calls"])
    free = lines_with_code(code) - set(known["lines"])  # `x = 0`, `break`: nothing is left to do
    versions = [_version(body, free) for body in bodies]
    in_use = [body for body in bodies if body["kind"] != "retired"]
    _add_classes(lines, in_use, source)
    _add_calls(lines, known["calls"], source)
    _add_left(lines, known["left"], whole["landings"])
    refusals = [split_reason(reason) for reason in whole["reasons"]]
    for refusal in refusals:
        if refusal["file"] == code.co_filename and refusal["line"] in lines:
            lines[refusal["line"]]["refused"].append(refusal["why"])
    for n in lines_with_code(code):
        if n in lines and not in_use:
            lines[n]["class"] = NOT_COMPILED
        elif n in lines and lines[n]["class"] is None and n in free:
            lines[n]["class"] = "native"
    counts = {name: sum(line["class"] == name for line in lines.values()) for name in (*CLASSES, NOT_COMPILED)}
    return {
        "schema": "hasten-jit/1",
        "function": plain.__qualname__,
        "file": code.co_filename,
        "first_line": code.co_firstlineno,
        "last_line": last,
        "share_native": _share(line["class"] for line in lines.values()),
        "line_counts": counts,
        "lines": list(lines.values()),
        "versions": versions,
        "refusals": refusals,
        "landings": [{**one, "seen": one["seen"].__name__ if one["seen"] else None} for one in whole["landings"]],
        **{key: value for key, value in whole.items() if key not in ("versions", "landings")},
    }


def _with_rare_calls(sites: list[tuple], calls: list[tuple]) -> list[tuple]:
    """A place where a call through CPython would be rare, and has been made: it is what it did."""
    made = {call[:4] for call in calls}
    return [
        (*site[:4], "python call", *site[5:]) if site[8] and site[:4] in made else site for site in sites
    ]


def _share(classes) -> float | None:
    """Native and checked lines over all that have compiled code."""
    ranks = [_COST[name] for name in classes if name in _COST]
    return sum(rank <= _COST["checked"] for rank in ranks) / len(ranks) if ranks else None


def _class_by_line(sites: list[tuple]) -> dict[int, str]:
    classes: dict[int, str] = {}
    for line, _, _, _, name, *_ in sites:
        if line and _COST[name] >= _COST.get(classes.get(line, ""), -1):
            classes[line] = name
    return classes


def _version(body: dict, free: set[int]) -> dict:
    classes = dict.fromkeys(() if body["is_nested"] else free, "native") | _class_by_line(body["sites"])
    counted = body["is_own"] and body["is_entered"] and body["kind"] == "call"
    within = None if body["is_own"] and body["is_entered"] else body["owner"]
    return {
        "kind": body["kind"] if within is None or body["kind"] == "retired" else "within",
        "within": within,
        "quick": bool(body["is_quick"]),
        "types": body["parameter_types"],
        "calls": body["calls"] if counted else None,
        "landings": body["landings"] if counted else None,
        "code_bytes": body["code_bytes"] if within is None else None,
        "share_native": _share(classes.values()),
        "lines": [{"line": line, "class": classes[line]} for line in sorted(classes)],
    }


def _add_classes(lines: dict[int, dict], bodies: list[dict], source: list[str]) -> None:
    for body in bodies:
        for n, name in _class_by_line(body["sites"]).items():
            if n in lines and _COST[name] >= _COST.get(lines[n]["class"] or "", -1):
                lines[n]["class"] = name
        for line, end_line, column, end_column, name, why, hint, is_call, _ in body["sites"]:
            if why is None or line not in lines:
                continue
            if is_call:
                callee = callee_at(source, line, end_line, column, end_column)
                why, hint = (text and text.replace("{callee}", callee) for text in (why, hint))
            reason = {"class": name, "why": why, "hint": hint}
            if reason not in lines[line]["reasons"]:
                lines[line]["reasons"].append(reason)
    for line in lines.values():
        line["reasons"].sort(key=lambda reason: -_COST[reason["class"]])


def _add_calls(lines: dict[int, dict], calls: list[tuple], source: list[str]) -> None:
    """Several calls may stand for one place: a `finally` is there twice, and a nested function is made by each version."""
    places: dict[tuple, list] = {}
    for *place, facts in calls:
        if place[0] in lines:
            places.setdefault(tuple(place), []).append(facts)
    for (line, end_line, column, end_column), all_facts in sorted(places.items()):
        callee = callee_at(source, line, end_line, column, end_column)
        count = sum(facts[0] for facts in all_facts)
        lines[line]["calls"].append({"callee": callee, "count": count, "cost": _cost(all_facts)})


def _cost(calls: list[tuple]) -> dict | None:
    recent = sorted(ns for _, _, _, some, _ in calls for ns in some)
    if not recent:
        return None
    dropped = max(len(recent) // 20, int(len(recent) > 3))
    kept = recent[: len(recent) - dropped]
    n = len(kept)
    mean = sum(kept) / n
    noise = calls[0][4]  # of the clock, which a handful of equal readings would not show
    low = high = None
    if n > 1:
        spread = sum((ns - mean) ** 2 for ns in kept) / (n - 1)
        half = _student(n - 1) * math.sqrt((spread + noise**2) / n)
        low, high = max(0.0, mean - half), mean + half
    overall = [(call[0], call[2]) for call in calls if call[2] is not None]
    return {
        "ns": _rounded(max(0.0, mean)),
        "ns_low": _rounded(low),
        "ns_high": _rounded(high),
        "ns_mean": _rounded(sum(count * ns for count, ns in overall) / sum(count for count, _ in overall)),
        "timed": sum(call[1] for call in calls),
    }


def _rounded(ns: float | None) -> float | None:
    return None if ns is None else round(ns, 1)


def _student(degrees: int) -> float:
    """Half the width of a 95 % interval in standard errors."""
    few = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
    return few[degrees - 1] if degrees <= len(few) else 1.96 + 2.7 / degrees


def _add_left(lines: dict[int, dict], left: list[tuple], landings: list[dict]) -> None:
    counts: dict[tuple[int, str], int] = {}
    for line, why, count in left:
        counts[line, why] = counts.get((line, why), 0) + count
    for (line, why), count in sorted(counts.items()):
        if line in lines:
            seen = [one["seen"].__name__ for one in landings if one["line"] == line and one["why"] == why and one["seen"]]
            lines[line]["left"].append({"why": why, "count": count, "seen": sorted(set(seen))})
