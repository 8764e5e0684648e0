"""Each example runs at a small size as a user would start it, and its own check holds."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# Example: a size that takes about a second at most, and a line that it must print.
SMALL = {
    "julia_set.py": ("100", "10000 points, sum of iterations 334236"),
    "nbody.py": ("1000", "energy after 1000 steps: -0.169087605"),
    "primes.py": ("10000", "1229 primes below 10000"),
    "diffusion.py": ("10", "heat 16384.000000"),
    "words.py": ("2000", "... 80 unknown words of 2000"),
    "not_worth_fixing.py": ("1", "1 MB packed into 0.5 MB"),
}


def run(name, *arguments):
    return subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def test_every_example_is_tested():
    assert {file.name for file in EXAMPLES.glob("*.py")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_prints_the_known_answer(name):
    size, line = SMALL[name]
    done = run(name, size)
    assert done.returncode == 0, done.stderr
    assert line in done.stdout
    assert "check: ok" in done.stdout


@pytest.mark.parametrize(
    ("name", "find", "replace"),
    [
        ("julia_set.py", "abs(z) < 2", "abs(z) <= 1.99"),
        ("nbody.py", "pull = dt / ", "pull = 1.000001 * dt / "),
        ("primes.py", "divisor * divisor <= n", "divisor * divisor < n"),
        ("diffusion.py", "- 4.0 * plate", "- 3.999 * plate"),
        ("words.py", "not in vocabulary", "not in vocabulary[:1500]"),
        ("not_worth_fixing.py", "zlib.compress(block, 9)", "zlib.compress(block[:-1], 9)"),
    ],
)
def test_the_check_notices_a_wrong_program(tmp_path, name, find, replace):
    source = (EXAMPLES / name).read_text()
    assert find in source
    broken = tmp_path / name
    broken.write_text(source.replace(find, replace))
    done = run(broken, SMALL[name][0])
    assert done.returncode == 1
    assert "AssertionError" in done.stderr
