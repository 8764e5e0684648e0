"""What the generator found, in tests/cases/found: each program runs compiled as under CPython, natively and on the interpreter alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXACT = Path(__file__).parent / "exact"
FOUND = sorted((Path(__file__).parents[1] / "cases" / "found").glob("*.py"))


@pytest.mark.parametrize("tier", ["", "interpreter"])
@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_a_program_that_showed_a_difference_shows_none(path, tier):
    hasten = pytest.importorskip("hasten")
    if not hasattr(hasten, "jit"):
        pytest.skip("hasten.jit is not built here")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", EXACT, "--replay", path],
        env={**os.environ, "HASTEN_JIT_TIER": tier}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
