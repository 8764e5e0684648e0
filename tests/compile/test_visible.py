"""Compiled code for those who look from outside: the profiler and gdb see the lines of its source."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

PROGRAM = """
import sys, time
import hasten

@hasten.jit
def helper(x):
    return (x * 13 + 5) % 1001

@hasten.jit
def work(few, many):
    total = 0
    for k in range(few):
        total += k * k % 7
    for k in range(many):
        total ^= (k * 17 + total) % 1009
        total += helper(k)
    return total

print(work(10, 20))
end = time.process_time() + float(sys.argv[1])
while time.process_time() < end:
    work(100, 100_000)
"""
FEW = PROGRAM.splitlines().index("        total += k * k % 7") + 1
MANY = [FEW + 2, FEW + 3]


@pytest.fixture
def script(tmp_path) -> Path:
    path = tmp_path / "lines.py"
    path.write_text(PROGRAM)
    return path


def test_the_profiler_shows_lines_of_compiled_code(script, tmp_path):
    """Of 100 100 rounds 100 are of the first loop."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "hasten", "run", "--json", str(report), str(script), "1.5"]
    for cache in ("off", tmp_path / "cache", tmp_path / "cache"):  # the last time out of the cache
        environment = dict(os.environ, HASTEN_JIT_CACHE=str(cache))
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
        told = json.loads(report.read_text())
        share = {one["line"]: one["split"]["compiled"] for one in told["lines"] if one["function"] == "work"}
        (work,) = [one for one in told["functions"] if one["function"] == "work"]
        assert work["split"]["compiled"] > 0.9 * work["cpu_share"], work  # the rest is the kernel's
        assert work["samples"] > 50, work
        loop = [MANY[0] - 1, *MANY]  # with counting its rounds
        assert sum(share.get(line, 0) for line in loop) > 0.9 * sum(share.values()), share
        assert all(share[line] > 0 for line in MANY), "what is taken in from another function counts as its call"


DUMP = """
import ctypes, glob, os, sys
import hasten, hasten._runtime
class Entry(ctypes.Structure):
    pass
Entry._fields_ = [("next", ctypes.POINTER(Entry)), ("previous", ctypes.POINTER(Entry)), ("begin", ctypes.c_void_p),
                  ("size", ctypes.c_uint64)]
class Descriptor(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("action", ctypes.c_uint32), ("relevant", ctypes.POINTER(Entry)),
                ("first", ctypes.POINTER(Entry))]
library = ctypes.CDLL(hasten._runtime.__file__)
descriptor = Descriptor.in_dll(library, "__jit_debug_descriptor")
library.__jit_debug_register_code
assert descriptor.version == 1
sys.argv[1:] = ["0"]
exec(compile(open("lines.py").read(), "lines.py", "exec"))
entries = []
entry = descriptor.first
while entry:
    entries.append(ctypes.string_at(entry.contents.begin, entry.contents.size))
    assert not entry.contents.next or entry.contents.next.contents.previous.contents.begin == entry.contents.begin
    entry = entry.contents.next
for number, content in enumerate(entries):
    open(f"object_{number}.o", "wb").write(content)
ranges = [line.split()[0].split("-") for line in open("/proc/self/maps") if " r-xp " in line]
print("MAPS", *(f"{begin}-{end}" for begin, end in ranges))
"""


def test_gdb_is_told_of_lines_and_addresses(script, tmp_path):
    """Read as gdb reads it: through the descriptor, and by binutils instead of it."""
    (tmp_path / "dump.py").write_text(DUMP)
    ran = subprocess.run(
        [sys.executable, "dump.py"], cwd=tmp_path, env=dict(os.environ, HASTEN_JIT_GDB="1"), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    maps = [[int(end, 16) for end in one.split("-")] for one in ran.stdout.split("MAPS ")[1].split()]
    objects = sorted(tmp_path.glob("object_*.o"))
    assert objects
    told = ""
    for one in objects:
        sections = subprocess.run(["readelf", "-SW", one], capture_output=True, text=True, check=True).stdout
        text = re.search(r"\.text\s+PROGBITS\s+([0-9a-f]+)", sections)
        assert any(begin <= int(text[1], 16) < end for begin, end in maps), "where the code is"
        told += subprocess.run(["readelf", "-wL", one], capture_output=True, text=True, check=True).stdout
    lines = {int(number) for number in re.findall(r"lines\.py\s+(\d+)\s+0x", told)}
    assert {FEW, *MANY} <= lines, told


def test_nobody_who_looks_no_object(script, tmp_path):
    (tmp_path / "dump.py").write_text(DUMP)
    environment = {name: value for name, value in os.environ.items() if name != "HASTEN_JIT_GDB"}
    subprocess.run([sys.executable, "dump.py"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert not list(tmp_path.glob("object_*.o"))
