"""The verdict's text for reports made by hand, where every figure is known."""

from pathlib import Path

from hasten.cli.figures import plural, seconds, short_path, size
from hasten.cli.verdict import verdict_lines

SIDES = ("bytecode", "runtime", "extension", "library", "kernel", "compiled")


def cost(share, **split):
    return {
        "cpu_share": share,
        "cpu_share_interval": [max(0.0, share - 0.006), min(1.0, share + 0.006)],
        "total_share": share,
        "self_cpu_s": share * 8.4,
        "total_cpu_s": share * 8.4,
        "samples": round(3341 * share),
        "split": {**dict.fromkeys(SIDES, 0.0), **split},
    }


def function(name, share, *, file="/home/u/julia.py", origin="own", ceiling=1.0, **more):
    split = more.pop("split", {"bytecode": share})
    return {"file": file, "function": name, "first_line": 20, "origin": origin, "ceiling": ceiling, **cost(share, **split), **more}


def line(number, share, source, name="calculate_z", **more):
    return {"file": "/home/u/julia.py", "function": name, "first_line": 20, "line": number, "source": source, **cost(share), **more}


def report(**more):
    return {
        "wall_s": 8.4, "cpu_s": 8.4, "peak_rss_bytes": 182_000_000, "processes": [{"pid": 7}], "samples": 3341,
        "sampling_cost": 0.012, "effective_samples": 3341, "sampled_cpu_s": 8.4, "cwd": "/home/u", "exit_code": 0,
        "lost": 0, "broken_stacks": 0, "complete": True,
        "functions": [
            function("calculate_z", 0.969, ceiling=24.2, split={"bytecode": 0.19, "runtime": 0.649, "library": 0.13}),
            function("main", 0.025),
        ],
        "lines": [
            line(22, 0.581, "            while abs(z) < 2 and n < maxiter:"),
            line(23, 0.310, "                z = z * z + c"),
            line(24, 0.004, "                n += 1"),
        ],
        "groups": [],
        "outside_python": cost(0.006),
        "causes": [],
        **more,
    }  # fmt: skip


def test_the_whole_verdict():
    causes = [
        {
            "file": "/home/u/julia.py", "line": 23, "function": "calculate_z", "kind": "boxed-numbers", "share": 0.969,
            "cause": "the interpreter makes an object of every complex number here", "evidence": "61 % in complex_mul",
        }
    ]  # fmt: skip
    text = "\n".join(verdict_lines(report(causes=causes), capture=Path("julia.hasten")))
    assert text == """\
hasten  8.40 s wall, 8.40 s CPU, peak 182 MB, 1 process; 3 341 samples, sampling cost 1.2 %

where the time went                                          bytecode runtime extension library kernel
   96.9 % +-0.6  julia.py  calculate_z                             19      65         0      13      0
     line 22     58.1 %   while abs(z) < 2 and n < maxiter:
     line 23     31.0 %   z = z * z + c
    2.5 % +-0.6  julia.py  main                                     2       0         0       0      0
why     julia.py:23  the interpreter makes an object of every complex number here
        61 % in complex_mul
ceiling removing calculate_z's own code entirely would make the program 24x faster
capture julia.hasten"""


def only(lines, start):
    return [text for text in lines if text.startswith(start)]


def test_ceilings():
    alone = report(functions=[function("f", 1.0, ceiling=None)])
    assert only(verdict_lines(alone), "ceiling") == ["ceiling the program is f and nothing else"]
    flat = report(functions=[function(f"f{i}", 0.05, ceiling=1.05) for i in range(20)])
    assert "no single function" in only(verdict_lines(flat), "ceiling")[0]
    assert "12 more functions" in "\n".join(verdict_lines(flat))


def test_called_packages_stand_beside_the_line():
    called = {"cpu_share": 0.6, "through": "numpy"}
    rows = report(
        functions=[function("calculate_z", 0.3, called=called)],
        lines=[line(22, 0.3, "a = b @ c", called=called)],
        groups=[{"origin": "package", "name": "numpy", **cost(0.6, extension=0.6)}],
    )
    text = verdict_lines(rows)
    assert any("a = b @ c  (+ 60.0 % in numpy)" in row for row in text)
    assert any(row.startswith("   60.0 % +-0.6  numpy (installed)") for row in text)


def test_waiting_is_a_column_only_where_it_was_measured():
    assert not any("waiting" in row for row in verdict_lines(report()))
    waits = {"wait_s": {"io": 1.5, "lock": 0.5}}
    rows = verdict_lines(report(functions=[function("f", 0.9, **waits)], outside_python={**cost(0.0), **waits}))
    assert only(rows, "where")[0].endswith("kernel  waiting")
    assert any(row.endswith("2.00 s") for row in rows)


def test_the_line_that_waits_is_shown_and_a_function_that_only_waits():
    joins = {"wait_s": {"lock": 3.4}}
    rows = report(
        functions=[function("f", 0.9), function("(module)", 0.0, **joins), function("idle", 0.0, wait_s={"io": 0.1})],
        lines=[
            line(1, 0.004, "import threading", "(module)"), line(14, 0.0, "for t in ts: t.join()", "(module)", **joins),
            line(3, 0.9, "work()", "f"), line(5, 0.0, "read()", "f", wait_s={"io": 0.1}),
        ],
    )  # fmt: skip
    text = verdict_lines(rows)
    assert [row.split()[1] for row in only(text, "     line")] == ["3", "14"]
    assert any(row.endswith("for t in ts: t.join()  (waits 3.40 s)") for row in text)
    assert not any("idle" in row for row in text)


def test_work_of_other_processes_is_said_to_be_unseen():
    short = {"samples": 7, "effective_samples": 7.0, "wall_s": 1.65}
    elsewhere = verdict_lines(report(cpu_s=0.62, sampled_cpu_s=0.03, processes=[{"pid": 1, "cpu_s": 0.03}], **short))
    (note,) = only(elsewhere, "note")
    assert "0.59 s of the 0.62 s of CPU time are not in these figures" in note
    flat = report(cpu_s=0.62, sampled_cpu_s=0.03, functions=[function("f", 0.9, ceiling=1.02)])
    assert not only(verdict_lines(flat), "ceiling")


def test_what_the_program_used_itself_is_not_said_to_be_of_others():
    missed = verdict_lines(report(cpu_s=1.04, sampled_cpu_s=0.07, processes=[{"pid": 1, "cpu_s": 1.04}], samples=4, effective_samples=4.0))
    unseen, few = only(missed, "note")
    assert "0.97 s of the 1.04 s of CPU time were not sampled" in unseen and "not Python" not in unseen
    assert "too short to be sure: 4 samples" in few


def test_how_it_ended_and_what_is_missing():
    notes = only(verdict_lines(report(exit_code=3)), "note")
    assert notes == ["note    the program exited with 3"]
    notes = only(verdict_lines(report(signal=9, exit_code=-9, complete=False, missing="cut after 12 kB")), "note")
    assert notes == ["note    the program was ended by SIGKILL", "note    cut after 12 kB"]
    blind = [{"pid": 7, "why_not_sampled": "statically linked"}]
    assert "statically linked" in only(verdict_lines(report(processes=blind)), "note")[0]


def test_too_short():
    few = verdict_lines(report(samples=14, effective_samples=14.0, cpu_s=0.05, wall_s=0.06))
    assert "14 samples in 50 ms of CPU time" in few[-1]
    assert "--repeat 36" in few[-1]
    none = verdict_lines(report(samples=0, effective_samples=0.0, sampled_cpu_s=0.0, cpu_s=0.02, wall_s=0.03))
    assert len(none) == 2, "no table without samples"
    assert "--repeat" in none[-1]
    waited = verdict_lines(report(samples=14, effective_samples=14.0, cpu_s=0.05, wall_s=30.0))
    assert "it waited the rest" in waited[-1]


def test_long_labels_and_narrow_terminals():
    rows = report(
        functions=[function("a_function_with_a_very_long_name.<locals>.inner", 0.9, file="/home/u/deep/er/module_of_some_length.py")],
        lines=[],
    )
    text = verdict_lines(rows)
    label = next(i for i, row in enumerate(text) if "inner" in row)
    assert text[label + 1].split() == ["90", "0", "0", "0", "0"]
    wide = report(lines=[line(22, 0.9, "x" * 500)])
    assert max(map(len, verdict_lines(wide, width=80))) <= 110


def test_figures():
    assert [seconds(s) for s in (0.0004, 0.05, 0.25, 8.4, 12.345, 345.6)] == [
        "0 ms", "50 ms", "0.25 s", "8.40 s", "12.3 s", "346 s"
    ]  # fmt: skip
    assert [size(n) for n in (12, 4_500, 182_300_000, 4_300_000_000)] == ["12 B", "4.5 kB", "182 MB", "4.3 GB"]
    assert plural(1, "sample") == "1 sample"
    assert plural(12345, "sample") == "12 345 samples"
    assert short_path("/home/u/a/b.py", "/home/u") == "a/b.py"
    assert short_path("/home/user/b.py", "/home/u") == ".../user/b.py"
    assert short_path("<string>", "/home/u") == "<string>"


def test_workers_are_told_to_share_only_where_it_would_gain():
    def notes(mean_s, most_s):
        group = {"pids": [1, 2], "parent_pid": 9, "mean_cpu_s": mean_s, "most_cpu_s": most_s}
        return "\n".join(verdict_lines(report(cpu_s=2 * mean_s, workers=[group])))

    assert "evenly shared, they could be done 1.5x sooner" in notes(2.0, 3.0)
    assert "2 workers used 2.00 s" in notes(2.0, 2.1) and "evenly" not in notes(2.0, 2.1)
    assert "evenly" not in notes(0.002, 0.004)


def test_control_characters_do_not_reach_the_terminal():
    killed = {"pid": 7, "parent_pid": 1, "command": ["python", "-c", "a\nb\x1b[2J\u0085é"], "exit": -9}
    rows = [function("f\x1b[31m" + "g" * 5000, 0.9, file="/home/u/new\nline/x.py")]
    text = verdict_lines(report(processes=[{"pid": 1, "command": ["python"]}, killed], functions=rows, cwd="/home/u"))
    (note,) = [line for line in text if line.startswith("note    process 7")]
    assert note.endswith(r"python -c a\nb\x1b[2J\x85é")
    assert any(r"new\nline/x.py  f\x1b[31mgg" in line and len(line) < 130 for line in text)


def test_gil_waits_without_a_holder_are_told():
    pair = {"seconds": 1.2, "waiter": {"file": "a.py", "line": 3, "function": "f"}, "holder": {"file": "a.py", "line": 9, "function": "g"}}
    threads = [{"name": name, "wait_s": {"gil": s}, "runnable_s": 0.0} for name, s in (("w", 4.0), ("v", 1.0))]
    text = verdict_lines(report(gil=[pair], threads=threads))
    assert any(line.lstrip().startswith("of 5.00 s in all; for 3.80 s nobody is known") for line in text), text
    pair["seconds"] = 4.9
    assert not any("in all; for" in line for line in verdict_lines(report(gil=[pair], threads=threads)))
