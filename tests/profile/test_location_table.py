"""Lines and columns decoded in C++, against CPython's own decoder, on every module of the standard library."""

import sysconfig
import types
import warnings
from pathlib import Path

import pytest

from hasten._core import code_positions

LIBRARY = Path(sysconfig.get_path("stdlib"))

def code_objects(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)

def folders():
    return sorted(
        path for path in [LIBRARY, *LIBRARY.iterdir()] if path.is_dir() and path.name not in ("site-packages", "test")
    )

@pytest.mark.parametrize("folder", folders(), ids=lambda path: path.name)
def test_positions_are_cpythons(folder):
    seen = 0
    for file in sorted(folder.glob("*.py")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                module = compile(file.read_bytes(), str(file), "exec")
            except (SyntaxError, ValueError):
                continue  # lib2to3's bad examples
        for code in code_objects(module):
            assert code_positions(code.co_linetable, code.co_firstlineno) == list(code.co_positions()), code
            seen += 1
    if folder == LIBRARY:
        assert seen > 3000, f"only {seen} code objects in {LIBRARY}: the test looked in the wrong place"

def test_code_that_spans_lines_and_has_wide_columns():
    wide = "x = [" + ", ".join(f"name_{i}" for i in range(200)) + "]\n"
    tall = "f(\n" + "  a,\n" * 300 + ")\n"
    for source in (wide, tall, "é = 'ß' + ü\n", "\n" * 5000 + "y = 1\n"):
        code = compile(source, "<test>", "exec")
        assert code_positions(code.co_linetable, code.co_firstlineno) == list(code.co_positions())

def test_a_cut_table_answers_for_what_is_left():
    code = compile(Path(__file__).read_bytes(), __file__, "exec")
    whole = code_positions(code.co_linetable, code.co_firstlineno)
    for length in range(0, len(code.co_linetable), 7):
        part = code_positions(code.co_linetable[:length], code.co_firstlineno)
        assert part == whole[: len(part)]

