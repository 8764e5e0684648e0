"""What is asked of compiled functions holds where the MIR interpreter runs them, without native code, as well."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hasten._runtime")

HERE = Path(__file__).parent
FILES = ["test_dropin.py", "test_language.py", "test_tracebacks.py"]


def test_the_same_tests_pass():
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout"),
            *(HERE / name for name in FILES),
        ],
        # None of them needs another plugin, and loading all that are installed takes longer than the tests.
        env={**os.environ, "HASTEN_JIT_TIER": "interpreter", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-4000:]
