"""A judgement as JSON, and as text for a terminal or a pull request."""

from __future__ import annotations

import os
import textwrap

from hasten.fix.words import (branch_texts, generated_text, never_texts, number_text, program_text, seconds_text, size_text,
                              times_text, ulp_text, unfenced_text)

SCHEMA = "hasten-prove/1"
_DIFFERENCES_SHOWN = 5
INTERVAL_KIND = "95 %, of the gain over fresh processes; next_run: of the next single pair of runs"


def document_of(judgement):
    """The documented keys of `hasten prove --json`; those that `hasten fix --json` has mean the same."""
    outcome, change = judgement.outcome, judgement.change
    fix = judgement.verdict.to_json()
    document = {"schema": SCHEMA, "answer": judgement.answer, "better": judgement.better, "exit_code": judgement.exit_code,
                "reason": judgement.reason, "change": change.title, "python": judgement.python, "fixes": [fix],
                "functions": [f.to_json() for f in judgement.functions],
                "differences": [d.to_json() for d in judgement.differences],
                "program_runs": outcome.program_runs, "program_comparable": outcome.program_comparable,
                "compared": outcome.compared, "not_compared": not_compared(judgement), "stopped": outcome.stopped,
                "effects": [{"kind": e["kind"], "detail": e["detail"]} for e in outcome.effects]}
    if judgement.program_exit_code is not None:
        document["program_exit_code"] = judgement.program_exit_code
    if outcome.allow_ulp:
        document |= {"allow_ulp": outcome.allow_ulp, "largest_ulp": outcome.largest_ulp}
    if judgement.next_run is not None:
        document["next_run"] = list(judgement.next_run)
        document["interval_kind"] = INTERVAL_KIND
    return document


def not_compared(judgement):
    """Sentences on what this judgement says nothing about."""
    out = [f"{name}: it differs from run to run by itself" for name in judgement.outcome.not_compared]
    out += [f"{name}: written, but no result" for name in judgement.outcome.set_aside]
    for f in judgement.functions:
        name = f.function.qualname
        if f.calls_total == 0 and f.function.is_changed:
            out.append(f"{name}: this program never calls it")
        elif f.why_not and not f.results_compared and f.calls_total != 0:
            out.append(f"calls of {name}{' beyond those judged' if f.judged else ''}: {f.why_not}")
    out += [unfenced_text(judgement.outcome.unfenced)] if judgement.outcome.unfenced else []
    out += [f"{name}: no Python source, which stays as it is in a trial" for name in judgement.change.others]
    return out


def summary(document):
    """What a terminal shows."""
    (fix,) = document["fixes"]
    lines = [f"  {_headline(document)}"]
    if "program_speedup" in fix and document["answer"] != "different":
        lines.append(f"  whole program {program_text(fix)}, 95 % interval over {fix['pairs']} pairs of fresh processes"
                     + (f"; the next pair of runs: {_range(document['next_run'])}" if "next_run" in document else ""))
    if "peak_before_bytes" in fix:
        lines.append(f"  peak memory {size_text(fix['peak_before_bytes'])} -> {size_text(fix['peak_after_bytes'])}")
    lines += _difference_lines(document)
    lines += _compared_lines(document)
    if document["reason"] and document["answer"] != "different":
        lines += _wrapped(document["reason"])
    return "\n".join(lines)


def pull_request_text(document):
    """The same as Markdown, to be put into a pull request."""
    (fix,) = document["fixes"]
    lines = [f"**{_headline(document)}**"]
    if "program_speedup" in fix and document["answer"] != "different":
        low, high = fix["interval"]
        lines += ["", "| | before | after | |", "|---|---|---|---|",
                  f"| whole program | {seconds_text(fix['program_before_s'])} | {seconds_text(fix['program_after_s'])} | "
                  f"{times_text(fix['program_speedup'])} ({number_text(low)} to {number_text(high)}) |"]
        if "peak_before_bytes" in fix:
            lines.append(f"| peak memory | {size_text(fix['peak_before_bytes'])} | {size_text(fix['peak_after_bytes'])} | |")
        lines += ["", f"Medians of {fix['pairs']} runs a side in fresh processes, old and new by turns; in brackets the 95 % "
                  "interval of the gain" + (f". A single further pair of runs is expected at {_range(document['next_run'])}."
                                if "next_run" in document else ".")]
    lines += ["", *(f"- {line.strip()}" for line in (*_difference_lines(document), *_compared_lines(document)))]
    if document["reason"] and document["answer"] != "different":
        lines += ["", document["reason"][0].upper() + document["reason"][1:] + "."]
    lines += ["", f"<sub>`hasten prove` {document['change']}; CPython {document['python']}, {os.cpu_count()} CPUs, "
              f"{document['program_runs']} runs</sub>"]
    return "\n".join(lines) + "\n"


def _headline(document):
    (fix,) = document["fixes"]
    answer = document["answer"]
    if answer == "same":
        if document["better"]:
            return f"same and faster: {document['change']}, {times_text(fix['program_speedup'])}"
        slower = fix["interval"][1] < 1
        return f"same, {'slower' if slower else 'but not surely faster'}: {document['change']}"
    return f"{answer}: {document['change']}"


def _difference_lines(document):
    lines = []
    for difference in document["differences"][:_DIFFERENCES_SHOWN]:
        where = difference["where"] + (f", call {difference['call']}" if "call" in difference else "")
        text = difference["text"]
        if difference["where"] == "the whole program":
            where, text = "", text
        lines += _wrapped(f"{where}: {text}" if where else text)
    rest = len(document["differences"]) - _DIFFERENCES_SHOWN
    return lines + ([f"  and {rest} more differences (--json has them all)"] if rest > 0 else [])


def _compared_lines(document):
    lines = []
    for f in document["functions"]:
        if not f["calls"]:
            if f["results_compared"]:
                lines.append(f"  {f['function']}: {f['results_compared']} results the same, of calls that were given the same in "
                             "both programs")
            continue
        told = f" (of {f['calls_total']} calls)" if f.get("calls_total", 0) > f["calls"] else ""
        more = f", and {f['results_compared']} more results" if f["results_compared"] else ""
        speed = f"; {times_text(f['call_speedup'])} on the call" if "call_speedup" in f and f["identical"] else ""
        branches = "".join(f", {text}" for text in branch_texts(f))
        made = f", and {generated_text(f)}" if f["generated"] else ""
        lines.append(f"  {f['function']}: {f['identical']} of {f['calls']} judged calls the same{told}{made}{more}{branches}{speed}")
        lines += [f"      {text}" for text in never_texts(f)]
    if document["compared"]:
        lines += _wrapped(f"compared over the whole program: {', '.join(document['compared'])}")
    if "allow_ulp" in document:
        lines.append(f"  {ulp_text(document)}")
    if document.get("program_exit_code"):
        lines.append(f"  note: the unmodified program itself ends with {document['program_exit_code']}")
    for text in document["not_compared"]:
        lines += _wrapped(f"not compared: {text}")
    return lines


def _wrapped(text):
    return ["\n".join(textwrap.wrap(text, 110, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False,
                                    break_long_words=False))]


def _range(pair):
    return f"{number_text(pair[0])}-{number_text(pair[1])}x"
