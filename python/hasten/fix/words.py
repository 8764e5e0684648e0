"""The results of `hasten fix` as text for a terminal. Takes the document of results.py, draws nothing else."""

from __future__ import annotations

import math
import os
import textwrap

_NEVER_SHOWN = 5


def summary(document):
    """One paragraph a fix that is proven, then what else happened."""
    fixes = document["fixes"]
    proven = [f for f in fixes if f["verdict"] == "proven"]
    lines = []
    for fix in proven:
        lines += _proven_lines(fix)
    together = document.get("together")
    if together and together["verdict"] == "proven":
        lines.append(f"  together: whole program {program_text(together)}   {_same_text(together)}")
    needs = sorted({n for f in proven for n in f["needs"]})
    if needs:
        lines.append(f"  requirement line: {', '.join(needs)}   (without it the program runs as before)")
    if proven and document.get("program_comparable") is False:
        lines.append("  the program's own output differs from run to run: answers were compared at the calls only")
    elif document.get("not_compared"):
        lines.append(f"  not compared, because it differs from run to run by itself: {', '.join(document['not_compared'])}")
    if "allow_ulp" in document:
        lines.append(f"  {ulp_text(document)}")
    if document.get("unfenced"):
        lines.append(f"  {unfenced_text(document['unfenced'])}")
    if proven and document.get("set_aside"):
        lines.append(f"  written, but not compared, because it is no result: {', '.join(document['set_aside'])}")
    if not proven:
        lines += _nothing_lines(document)
    counts = {v: sum(f["verdict"] == v for f in fixes) for v in ("proven", "refused", "cannot tell")}
    parts = [f"{counts['proven']} fix{'' if counts['proven'] == 1 else 'es'} proven" if proven else "nothing proven"]
    if counts["refused"]:
        parts.append(f"{counts['refused']} refused")
    if counts["cannot tell"]:
        parts.append(f"{counts['cannot tell']} cannot tell")
    tail = ", ".join(parts) + (" (hasten fix --why)." if len(fixes) > len(proven) else ".")
    if proven:
        tail += "  See it: hasten fix --diff   Apply it: hasten fix --write"
    lines.append(f"  {tail}")
    return "\n".join(lines)


def why(document):
    """Every fix that is not proven, with its reason and figures."""
    lines = []
    for fix in document["fixes"]:
        if fix["verdict"] == "proven":
            continue
        head = f"{_title(fix)}, {_place(fix)}: {fix['verdict']}"
        because = f", because {fix['reason']}" if fix["reason"] else ""
        lines += textwrap.wrap(head + because, 110, initial_indent="  ", subsequent_indent="      ",
                               break_on_hyphens=False)
        figures = _figures(fix)
        if figures:
            lines.append("      " + "; ".join(figures))
    if document.get("stopped"):
        lines.append(f"  {document['stopped']}")
    return "\n".join(lines) or "  nothing was refused"


def _figures(fix):
    out = []
    if fix["kind"] != "none" or "ceiling" in fix:
        if "ceiling" in fix:
            out.append(f"ceiling {times_text(fix['ceiling'])}")
        elif fix["kind"] != "none":
            out.append("ceiling unbounded")
    if fix["kind"] not in ("none", "together"):
        out.append(f"predicted {_range(fix['predicted'])}")
    if fix["calls"]:
        out.append(f"{fix['identical']} of {fix['calls']} judged calls identical"
                   + (f", and {generated_text(fix)}" if fix.get("generated") else ""))
    if "call_speedup" in fix:
        interval = f" ({_range(fix['call_interval'])})" if "call_interval" in fix else ""
        out.append(f"{times_text(fix['call_speedup'])} on the call{interval}")
    if "program_speedup" in fix:
        out.append(f"whole program {program_text(fix)}")
    return out


def _proven_lines(fix):
    indent = " " * 24
    if not fix["calls"]:
        return [f"  {_title(fix)}   predicted {_range(fix['predicted'])}   proven: by the whole program alone,",
                f"{indent}{program_text(fix)}   {_same_text(fix)}"]
    count = f"{fix['identical']} of {fix['calls_total']}" if fix.get("calls_total", 0) > fix["identical"] else str(fix["identical"])
    made = f" recorded and {generated_text(fix)}" if fix.get("generated") else ""
    calls = f"{count}{made} call{'' if count == '1' and not made else 's'} identical"
    if fix["results_compared"]:
        calls += f" (and {fix['results_compared']} more results)"
    calls += "".join(f", {text}" for text in branch_texts(fix))
    first = f"  {_title(fix)}   predicted {_range(fix['predicted'])}   proven: {calls}, {times_text(fix['call_speedup'])} on the call,"
    second = f"{indent}whole program {program_text(fix)}   {_same_text(fix)}"
    if fix.get("beside_others") is not None:
        second += f"; beside the others {times_text(fix['beside_others'])}"
    return [first, second, *(f"{indent}{text}" for text in never_texts(fix))]


def _nothing_lines(document):
    """What was considered, where the time is, and why none of it came to anything."""
    if document.get("stopped"):
        return _wrapped(document["stopped"], "  ", "  ")
    lines = []
    left = list(document["fixes"])
    for row in document.get("considered", ()):
        here = [f for f in left if (f["file"], f["function"]) == (row["file"], row["function"])]
        left = [f for f in left if f not in here]
        ceiling = times_text(1 / (1 - row["share"])) if row["share"] < 0.995 else "unbounded"
        head = f"{row['function']}, {os.path.basename(row['file'])}:{row['line']}: {row['share']:.0%} of the time with what it calls"
        if not here and row["share"] < 1 - 1 / 1.1:
            lines += _wrapped(f"{head}: without it the program would be {ceiling}, too little to be told from noise")
            continue
        lines += _wrapped(f"{head} (at most {ceiling})" + ("" if here else "; its own code holds too little of it"))
        for fix in here:
            what = "" if fix["kind"] == "none" else f"{fix['kind']}: "
            lines += _wrapped(f"{what}{fix['verdict']}, because {fix['reason']}", "    ")
    for fix in left:
        lines += _wrapped(f"{_title(fix)}: {fix['verdict']}, because {fix['reason']}")
    own, waiting = document.get("own_share"), document.get("waiting_share")
    if own is not None and own < 0.5:
        waits = f", {waiting:.0%} is waiting" if waiting and waiting >= 0.05 else ""
        lines += _wrapped(f"{own:.0%} of the time is in the program's own functions{waits}; the rest is Python's start, imports and "
                          "libraries, which no change of this program's lines makes faster")
    if not left and not any(row["share"] >= 1 - 1 / 1.1 for row in document.get("considered", ())):
        lines.append("  no function of the program's own code holds enough of its time to be worth a change (ceiling above 1.1)")
    return lines


def _wrapped(text, indent="  ", more="    "):
    return textwrap.wrap(text, 108, initial_indent=indent, subsequent_indent=indent + more if more != "  " else more,
                         break_on_hyphens=False)


def _title(fix):
    name = fix["function"] or os.path.basename(fix["file"])
    return name if fix["kind"] == "none" else f"{fix['kind']} in {name}" if fix["kind"] != "compile" else f"compile {name}"


def _place(fix):
    return fix.get("place") or f"{os.path.basename(fix['file'])}:{fix['line']}"


def program_text(fix):
    low, high = fix["interval"]
    return (f"{seconds_text(fix['program_before_s'])} -> {seconds_text(fix['program_after_s'])} "
            f"({times_text(fix['program_speedup'])}, {number_text(low)}-{number_text(high)})")


def _same_text(fix):
    streams = [c for c in fix["compared"] if c.startswith("standard")]
    files = [c for c in fix["compared"] if c.startswith("file ")]
    if "standard output" not in streams:
        return "output not compared"
    return "same output" + (f", {len(files)} file{'s' if len(files) > 1 else ''} the same" if files else "")


def generated_text(fix):
    return f"{fix['generated']} generated" + (f" ({fix['generated_raised']} raise)" if fix.get("generated_raised") else "")


def branch_texts(fix):
    """["9 of 11 branches"], and the new version's behind it where they are others."""
    out = []
    for key, of in (("branches", ""), ("branches_new", " of the new version")):
        found = fix.get(key)
        if found and found["total"]:
            text = f"{found['taken']} of {found['total']} branches"
            out += [text + of] if text not in out else []
    return out


def never_texts(fix):
    """Which branches no judged call took."""
    out = []
    new = [("branches_new", "in the new version ")] if len(branch_texts(fix)) > 1 else []
    for key, of in (("branches", ""), *new):
        never = [f"line {n['line']} {n['outcome']}" for n in (fix.get(key) or {}).get("never", ())]
        more = f" and {len(never) - _NEVER_SHOWN} more" if len(never) > _NEVER_SHOWN else ""
        out += [f"{of}never taken: {', '.join(never[:_NEVER_SHOWN])}{more}"] if never else []
    return out


def ulp_text(document):
    allowed, seen = document["allow_ulp"], document["largest_ulp"]
    units = "unit" if allowed == 1 else "units"
    return (f"floats were allowed to differ by {allowed} {units} in the last place (--allow-ulp); "
            + (f"the largest difference seen is {seen}" if seen else "none differed"))


def unfenced_text(why):
    return f"system calls were not filtered ({why}): what a C library writes on its own was not seen"


def seconds_text(value):
    return f"{value * 1000:.0f} ms" if value < 0.1 else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def number_text(value):
    if value is None or math.isinf(value):
        return "unbounded"
    return f"{value:.2g}" if value < 0.1 else f"{value:.2f}" if value < 3 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def times_text(value):
    return f"{number_text(value)}x"


def size_text(count):
    return f"{count / 1e6:.1f} MB" if count < 1e8 else f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"


def _range(pair):
    low, high = (number_text(v) for v in pair)
    return f"{low}-{high}x" if low != high else f"{low}x"
