"""What of the language the generator uses. What it leaves out is there to be read: `python tests/compile/exact` prints it."""

import linecache
import sys
from pathlib import Path

import pytest

EXACT = Path(__file__).parent / "exact"
SEEDS = [seed for seed in range(1600) if seed % 8 in (1, 5, 6) or seed < 60]  # those of wide.py, and some of the others
SHARE_MIN = 0.92  # of some 1 300 forms, methods, functions and operators with their operands


@pytest.fixture
def exact(monkeypatch):
    """The generator's modules, which are found in their own directory."""
    monkeypatch.syspath_prepend(str(EXACT))
    before = set(sys.modules)
    yield lambda name: __import__(name)
    for name in set(sys.modules) - before:
        if str(EXACT) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_the_generator_covers_the_language(exact):
    covered, program = exact("covered"), exact("program")
    seen = set()
    for seed in SEEDS:
        seen |= covered.used(program.generate(seed))
    assert covered.share(seen) >= SHARE_MIN, covered.report(seen)


def test_what_is_left_out_is_what_the_compiler_refuses(exact, tmp_path):
    hasten = pytest.importorskip("hasten")
    if not hasattr(hasten, "jit"):
        pytest.skip("hasten.jit is not built here")
    for name, body in exact("covered").REFUSED.items():
        if name == "TypeAlias" and sys.version_info < (3, 12):
            continue
        word = "async def" if name.startswith(("Async", "Await")) else "def"
        text = f"{word} f(a):\n    " + body.replace("\n", "\n    ") + "\n"
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        linecache.checkcache(str(path))
        names: dict = {}
        exec(compile(text, str(path), "exec"), names)
        function = hasten.jit(names["f"])
        try:
            function(3)
        except (TypeError, AttributeError):
            pass
        report = function.report() if hasattr(function, "report") else None
        assert report is None or (report["reasons"] and not report["versions"]), f"{name} is compiled: no more reason to leave it out"
