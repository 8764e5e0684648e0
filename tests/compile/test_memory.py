"""Memory stays flat over compilations and exceptions: the small part; `make memory` does 10 000 and 1 000 000."""

import subprocess
import sys
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)


@pytest.mark.parametrize("limits", [("600", "0"), ("0", "60000")], ids=["compilations", "exceptions"])
def test_memory_is_flat(limits):
    """In a process of its own: what other tests leave behind is not what is asked for here."""
    command = [sys.executable, Path(__file__).with_name("memory.py"), "--compilations", limits[0], "--exceptions", limits[1]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "memory is flat" in done.stdout
