"""Generated programs: compiled calls against CPython, other programs on each Python. `make exact` runs a hundred times
as many on each and `make planted` asks whether the generator would notice a wrong compiler."""

import subprocess
import sys
from pathlib import Path

import pytest

EXACT = Path(__file__).parent / "exact"
PROGRAMS = 12  # about 60 calls and half a second of compiling each
FIRST = 30 * (sys.version_info.minor - 11)
NATIVE_FLOOR = 0.6  # of the calls; a compiler that always falls back would be exact and worthless


@pytest.mark.slow
def test_generated_programs_run_as_under_cpython(tmp_path):
    hasten = pytest.importorskip("hasten")
    if not hasattr(hasten, "jit"):
        pytest.skip("hasten.jit is not built here")
    limits = [
        "--seeds",
        f"{FIRST}:{FIRST + PROGRAMS}",
        "--jobs",
        "1",
        "--stop-at",
        "3",
    ]
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            EXACT,
            "--keep",
            tmp_path,
            *limits,
            "--native-floor",
            str(NATIVE_FLOOR),
        ],
        capture_output=True,
        text=True,
        timeout=900,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
