"""The wrong edits of benchmarks/fix/planted.py: enough of them, and a short lane of them through the judge."""

import importlib.util
import sys
from pathlib import Path

import pytest

from hasten.fix import calls

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks" / "fix"


@pytest.fixture(scope="module")
def planted():
    spec = importlib.util.spec_from_file_location("benchmark_planted", BENCHMARKS / "planted.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(BENCHMARKS))


def test_two_hundred_wrong_edits_of_thirty_programs(planted):
    everything = planted.all_planted()
    assert len(everything) >= 200
    assert len({p.path for _, p in everything}) >= 30
    assert len({p.name for _, p in everything}) == len(everything)


def test_an_edit_that_no_call_can_tell_is_no_planted_error(planted, tmp_path, monkeypatch):
    (tmp_path / "p.py").write_text("def f(n):\n    return n + 1\n\n\n# wrong beyond 9\ndef f_w1(n):\n    return n + 1 if n < 10 else 0\n\n\n"
                                   "def main():\n    for i in range(5):\n        f(i)\n")
    monkeypatch.setattr(planted, "PROGRAMS", tmp_path)
    with pytest.raises(ValueError, match="p:f_w1: no call"):
        planted.judge_all(planted.all_planted())


def test_the_oracle_says_where_two_versions_differ(planted, tmp_path):
    path = tmp_path / "p.py"
    path.write_text("""
seen = []


def f(xs):
    seen.append(len(xs))
    return xs


def g(xs):
    return xs


def h(xs):
    seen.append(len(xs))
    return list(xs)


def k(xs):
    seen.append(len(xs))
    return xs if len(xs) != 3 else 1 / 0


def main():
    for i in range(6):
        f([1] * i)
""")
    g, h, k = planted.planted_oracle.truths(path, [("f", "g"), ("f", "h"), ("f", "k")])
    assert g["channels"] == ["state"] and g["first"] == 1
    assert h["channels"] == ["result"] and (h["differ"], h["calls"]) == (6, 6)
    assert k["channels"] == ["result", "exception"] and k["first"] == 4


@pytest.mark.process
@pytest.mark.one_python
def test_none_of_twenty_drawn_is_called_the_same(planted, monkeypatch):
    monkeypatch.setattr(calls, "CALL_S_MIN", 1.0)
    found = planted.judge_all(planted.drawn(20), lambda text: None)
    assert len(found) == 20
    assert [f.line() for f in found if f.answer == planted.SAME] == []
