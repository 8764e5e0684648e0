"""%hasten and %%hasten, in a real IPython."""

import subprocess
import sys

import pytest

pytest.importorskip("IPython")
pytestmark = pytest.mark.process

SESSION = '''\
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "hasten")
shell.run_cell("""
def hot(n):
    s = 0
    for i in range(n): s += i * i
    return s
""", store_history=False)
shell.run_cell("%hasten -o x = hot(5_000_000)")
shell.run_cell("p = _")
shell.run_cell("print(x == sum(i * i for i in range(5_000_000)), p.report['samples'] > 0)")
shell.run_cell("%%hasten --save kept.hasten\\ny = hot(3_000_000)\\nz = 1")
shell.run_cell("print(y > 0, z)")
shell.run_cell("%hasten 1/0")
shell.run_cell("%hasten")
shell.run_cell("%hasten --wrong 1")
'''


def test_line_and_cell(tmp_path):
    done = subprocess.run([sys.executable, "-c", SESSION], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "True True" in done.stdout and "True 1" in done.stdout
    assert done.stdout.count("where the time went") >= 2
    assert "for i in range(n): s += i * i" in done.stdout  # the text of a cell is in no file
    assert "ZeroDivisionError" in done.stdout
    assert "there is nothing to run; usage:" in done.stdout and "no option --wrong; usage:" in done.stdout
    assert "capture kept.hasten" in done.stdout and (tmp_path / "kept.hasten").stat().st_size > 0
