"""C++ is formatted by clang-format-19 (another version formats differently), as `make fmt` does."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(shutil.which("clang-format-19") is None, reason="clang-format-19 is missing (make test installs it)")
def test_cxx_is_formatted():
    files = [str(file) for suffix in ("cc", "h") for file in sorted((ROOT / "src").rglob(f"*.{suffix}"))]
    done = subprocess.run(["clang-format-19", "--dry-run", "--Werror", *files], capture_output=True, text=True, cwd=ROOT)
    untidy = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "code should be clang-formatted" in line})
    assert not untidy, "run make fmt; it changes: " + " ".join(untidy)
    assert done.returncode == 0, done.stderr
