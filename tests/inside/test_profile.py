"""hasten.profile from within a program: what it says must be what the program's own clocks say, and it must not be noticed."""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass

import pytest

pytestmark = pytest.mark.process

BURN = """\
import json, os, sys, threading, time
import hasten

def hot_a(n):
    s = 0
    for i in range(n): s += i * i
    return s

def hot_b(n):
    s = 0
    for i in range(n): s += i * i
    return s

def burn(cpu_s):
    '''Both, three to one, until the thread has used so much CPU. Returns the share of hot_a by its own clock.'''
    spent = [0.0, 0.0]
    while sum(spent) < cpu_s:
        for which, (hot, n) in enumerate(((hot_a, 300000), (hot_b, 100000))):
            begin = time.thread_time()
            hot(n)
            spent[which] += time.thread_time() - begin
    return spent[0] / sum(spent)
"""


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def told(self):
        """The last line that the program printed, as JSON."""
        return json.loads(self.out.splitlines()[-1])


@pytest.fixture
def run(tmp_path):
    """Runs BURN and more text as a program, alone or behind `hasten run`."""

    def start(text, *, under=(), env=None, text_before=BURN):
        script = tmp_path / "program.py"
        script.write_text(text_before + textwrap.dedent(text))
        command = [sys.executable, *under, str(script)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, env={**os.environ, **(env or {})})
        return Ran(done.returncode, done.stdout, done.stderr)

    return start


def ok(ran):
    assert ran.code == 0, ran.err
    return ran


def test_shares_are_those_of_the_programs_own_clock(run):
    told = ok(run("""
        with hasten.profile() as p:
            begun = time.process_time()
            truth = burn(2.0)
            cpu_s = time.process_time() - begun
        print(json.dumps([truth, cpu_s, p.report]))
    """)).told
    truth, cpu_s, report = told
    rows = {row["function"]: row for row in report["functions"]}
    both = rows["hot_a"]["cpu_share"] + rows["hot_b"]["cpu_share"]
    assert both > 0.75
    ticks = report["cpu_s"] / 0.004  # the scheduler accounts by ticks, so many fell into it
    assert rows["hot_a"]["cpu_share"] / both == pytest.approx(truth, abs=4 * (truth * (1 - truth) / ticks) ** 0.5 + 0.02)
    assert report["cpu_s"] == pytest.approx(cpu_s, rel=0.05, abs=0.05)
    assert report["engine"] == "from outside" and "split" not in rows["hot_a"]
    assert any(entry["what"] == "split" and entry["why"] for entry in report["absent"])
    assert report["broken_stacks"] <= 0.02 * report["samples"]
    line = next(row for row in report["lines"] if row["function"] == "hot_a")
    assert line["source"].strip() == "for i in range(n): s += i * i"
    assert {"<module>", "burn", "hot_a", "hot_b"} >= {row["function"] for row in report["functions"] if row["origin"] == "own"}


def test_sleep_and_threads_are_seen(run):
    report, slept_s = ok(run("""
        slept = []
        def sleeper():
            begun = time.perf_counter()
            time.sleep(1.0)
            slept.append(time.perf_counter() - begun)
        def worker(): burn(0.4)
        before = threading.Thread(target=sleeper)
        before.start()
        with hasten.profile() as p:
            within = threading.Thread(target=worker)
            within.start()
            within.join(); before.join()
        print(json.dumps([p.report, slept[0]]))
    """)).told
    waited = {row["function"]: row.get("wait_s", {}) for row in report["functions"]}
    assert 0.3 < waited["sleeper"]["sleep"] <= slept_s + 0.05
    assert len(report["threads"]) >= 3
    assert {row["function"] for row in report["functions"]} >= {"worker", "hot_a"}


def test_the_capture_opens_like_any_other(run, tmp_path):
    ok(run("""
        p = hasten.profile.start()
        burn(0.3)
        assert hasten.profile.stop() is p
        p.save("kept.hasten")
        try: p.save("kept.hasten")
        except FileExistsError: pass
        else: sys.exit("overwritten")
        print(p)
    """))  # fmt: skip
    assert (tmp_path / "kept.hasten").stat().st_mode & 0o777 == 0o600
    for words in (["view", "kept.hasten"], ["export", "--to", "collapsed", "-o", "-", "kept.hasten"]):
        shown = subprocess.run([sys.executable, "-m", "hasten", *words], capture_output=True, text=True, cwd=tmp_path, timeout=60)
        assert shown.returncode == 0 and "hot_a" in shown.stdout, shown.stderr


def test_an_exception_passes_and_the_profile_is_whole(run):
    ran = run("""
        class Mine(Exception): pass
        try:
            with hasten.profile() as p:
                burn(0.3)
                raise Mine("as it was")
        except Mine as error:
            print(json.dumps([str(error), p.report["complete"], p.report["samples"]]))
    """)
    message, complete, samples = ok(ran).told
    assert (message, complete) == ("as it was", True) and samples > 0


def test_a_stretch_that_is_too_short_says_so(run):
    out = ok(run("""
        with hasten.profile() as p: pass
        print(p)
    """)).out  # fmt: skip
    assert "too short to be sure" in out and "hasten run --repeat" not in out


def test_nested_and_in_a_thread(run):
    outer, inner = ok(run("""
        found = []
        def within():
            with hasten.profile(name="inner") as q: burn(0.2)
            found.append(q.report)
        with hasten.profile(name="outer") as p:
            thread = threading.Thread(target=within); thread.start(); thread.join()
            def third(): burn(0.3)
            third()
        print(json.dumps([p.report, found[0]]))
    """)).told  # fmt: skip
    assert (outer["name"], inner["name"]) == ("outer", "inner")
    functions = [{row["function"] for row in report["functions"]} for report in (outer, inner)]
    assert "third" in functions[0] and "third" not in functions[1]
    assert outer["cpu_s"] > inner["cpu_s"] + 0.2


def test_a_fork_within_is_left_alone(run):
    """The child goes on, leaves the block, and touches nothing of its parent's profile."""
    ran = ok(run("""
        import warnings
        warnings.simplefilter("error")  # of forks in a process with threads, for one
        with hasten.profile() as p:
            burn(0.2)
            pid = os.fork()
            if pid == 0:
                burn(0.1)
        if pid == 0:
            try: p.report
            except hasten.errors.HastenError as error: print(error.code, flush=True)
            sys.exit(0)
        assert os.wait()[0] == pid  # and no child of ours is met
        try: os.wait()
        except ChildProcessError: pass
        else: sys.exit("there was another child")
        print(json.dumps([p.report["complete"], p.report["samples"]]))
    """))  # fmt: skip
    assert ran.out.splitlines()[0] == "profile.forked"
    complete, samples = ran.told
    assert complete and samples > 0


def test_the_program_has_no_thread_child_or_signal_more(run):
    before, during = ok(run("""
        def seen():
            status = open("/proc/self/status").read()
            pick = lambda key: status.split(key + ":")[1].split("\\n")[0].strip()
            children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
            return [pick("Threads"), children, pick("SigBlk"), pick("SigCgt"), threading.active_count()]
        before = seen()
        with hasten.profile():
            during = seen()
        print(json.dumps([before, during]))
    """)).told
    assert during == before


def test_killed_within_leaves_no_reader_behind(run):
    ran = run("""
        import glob, signal
        p = hasten.profile.start()
        print(p._reader._pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    assert ran.code == -9
    reader = int(ran.out)
    try:
        fd = os.pidfd_open(reader)
    except ProcessLookupError:
        return
    import select

    assert select.select([fd], [], [], 30)[0], "the reader lives on"
    os.close(fd)


def test_a_decorated_function_is_measured_once_and_then_left_alone(run):
    ran = ok(run("""
        @hasten.profile
        def work(depth=0):
            "What it does."
            if depth < 3: work(depth + 1)
            return burn(0.05)
        work(); work()
        print(json.dumps([work.__name__, work.__doc__, len(work.profiles), work.profiles[0].report["name"]]))
    """))  # fmt: skip
    assert ran.told == ["work", "What it does.", 1, "work"]
    assert ran.err.count("hasten.profile  work") == 1 and "hot_a" in ran.err


def test_decorators_of_all_kinds(run):
    told = ok(run("""
        import asyncio
        class Thing:
            @hasten.profile(calls=2)
            def method(self): return burn(0.1)
            @staticmethod
            @hasten.profile
            def plain(): return 7
            @hasten.profile
            @classmethod
            def own(cls): return cls.__name__
        @hasten.profile
        async def awaited():
            await asyncio.sleep(0.01)
            return burn(0.1)
        thing = Thing()
        for _ in range(3): thing.method()
        asyncio.run(awaited())
        refused = []
        for wrong in (lambda: (yield), 7):
            try: hasten.profile(wrong)
            except TypeError as error: refused.append(str(error))
        for options in ({"rate_hz": 5000}, {"calls": 0}):
            try: hasten.profile(**options)
            except ValueError as error: refused.append(str(error))
        print(json.dumps([len(Thing.method.profiles), Thing.plain(), Thing.own(), len(awaited.profiles), refused]))
    """)).told  # fmt: skip
    assert told[:4] == [2, 7, "Thing", 1]
    assert "generator function" in told[4][0] and "expects a function" in told[4][1]
    assert "1 to 1000" in told[4][2] and "at least one call" in told[4][3]


def test_switched_off_by_the_environment(run):
    told = ok(run("""
        def f(): return 1
        assert hasten.profile(f) is f
        with hasten.profile() as p: pass
        p.save("never.hasten")
        print(json.dumps([p.report, str(p), os.path.exists("never.hasten")]))
    """, env={"HASTEN_PROFILE": "0"})).told  # fmt: skip
    assert told[0] is None and "HASTEN_PROFILE=0" in told[1] and told[2] is False


def test_misuse_is_one_line_of_what_and_what_to_do(run):
    told = ok(run("""
        codes = []
        def noted(act):
            try: act()
            except hasten.errors.HastenError as error: codes.append([error.code, bool(error.hint)])
        p = hasten.profile()
        noted(lambda: p.report)
        with p:
            noted(lambda: p.report)
            noted(p.start)
        noted(p.start)
        noted(hasten.profile.stop)
        print(json.dumps(codes))
    """)).told
    assert told == [["profile.running", True]] * 2 + [["profile.started", True]] * 2 + [["profile.not_started", True]]


LABELS = """
    def spend(name, cpu_s, times=1):
        wall, cpu = time.perf_counter(), time.thread_time()
        for _ in range(times):
            with hasten.label(name): burn(cpu_s / times)
        return [name, times, time.perf_counter() - wall, time.thread_time() - cpu]
    def nap():
        begun = time.perf_counter()
        with hasten.label("nap"): time.sleep(0.2)
        return ["nap", 1, time.perf_counter() - begun, 0.0]
    with hasten.profile(name="whole") as p:
        truth = [spend("load", 0.1), spend("solve", 0.2, 4), nap()]
        with hasten.label("solve"):
            with hasten.label("solve"):  # part of the outer one
                pass
        def in_thread(): truth.append(spend("worker", 0.1))
        thread = threading.Thread(target=in_thread); thread.start(); thread.join()
    print(json.dumps([truth, p.report and p.report["labels"]]))
"""  # fmt: skip


def check_labels(truth, rows):
    found = {row["label"]: row for row in rows}
    for name, times, wall_s, cpu_s in truth:
        row = found[name]
        assert row["count"] == times + (name == "solve")
        assert row["wall_s"] == pytest.approx(wall_s, abs=0.02)
        assert row["cpu_s"] == pytest.approx(cpu_s, abs=0.02)


def test_seconds_by_label(run):
    truth, rows = ok(run(LABELS)).told
    check_labels(truth, rows)
    assert {row["label"] for row in rows} == {"load", "solve", "nap", "worker"}


def test_under_hasten_run_it_is_a_label_of_that_capture(run, tmp_path):
    """And the profile measures nothing by itself: one process, whose report has the label."""
    ran = ok(run(LABELS, under=["-m", "hasten", "run", "--json", "report.json"]))
    truth, none = ran.told
    assert none is None
    report = json.loads((tmp_path / "report.json").read_text())
    rows = [row for row in report["labels"] if row["label"] != "whole"]
    check_labels(truth, rows)
    assert len(report["processes"]) == 1 and "split" in report["functions"][0]
    whole = next(row for row in report["labels"] if row["label"] == "whole")
    assert whole["count"] == 1 and whole["wall_s"] >= sum(row["wall_s"] for row in rows) * 0.99
    assert "labels  whole" in ran.err
    again = subprocess.run([sys.executable, "-m", "hasten", "view"], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert "labels  whole" in again.stdout


def test_labels_of_a_killed_run_are_kept(run, tmp_path):
    ran = run("""
        import signal
        with hasten.label("before"): burn(0.3)
        os.kill(os.getpid(), signal.SIGKILL)
    """, under=["-m", "hasten", "run", "--json", "report.json"])  # fmt: skip
    assert ran.code == -9
    report = json.loads((tmp_path / "report.json").read_text())
    assert [(row["label"], row["count"]) for row in report["labels"]] == [("before", 1)]


@pytest.mark.parametrize("how", ["import hasten; hasten.profile", "from hasten import profile; profile",
                                 "import hasten.profile; hasten.profile",
                                 "import hasten.profile.instructions; import hasten; hasten.profile"])  # fmt: skip
def test_it_is_callable_in_whichever_order_it_is_reached(how):
    text = f"{how.split(';')[0]}\n{';'.join(how.split(';')[1:]).strip()}(name='x')\nimport hasten; hasten.label('y')\n"
    done = subprocess.run([sys.executable, "-c", text.replace("; ", "\n")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_importing_hasten_loads_none_of_it():
    text = "import sys, hasten; print([m for m in sys.modules if m.startswith('hasten.') or m == 'subprocess'])"
    assert subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60).stdout == "[]\n"
