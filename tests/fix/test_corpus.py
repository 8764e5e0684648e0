"""The corpus of benchmarks/fix/corpus.py: its heads are right, and two of its programs come out as they say."""

import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def _load(path):
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


corpus = _load(BENCHMARKS / "fix" / "corpus.py")
same = _load(BENCHMARKS / "fix" / "same.py")
PROGRAMS = sorted(corpus.CORPUS.glob("*.py"))


def test_forty_causes_are_known_and_fifteen_are_to_be_refused():
    known = [corpus.Known.read(path) for path in PROGRAMS]
    assert sum(not k.refused for k in known) == 40
    assert sum(k.refused for k in known) == 15
    needs_compiler = [k for k in known if any(kind == "compile" for kind, _ in k.causes)]
    assert len(needs_compiler) <= 12


def test_every_cause_is_a_kind_of_fix():
    import importlib

    from hasten.fix import rules
    kinds = {importlib.import_module(f"hasten.fix.rules.{p.stem}").KIND
             for p in Path(rules.__file__).parent.glob("*.py") if "\nKIND = " in p.read_text()}
    for path in PROGRAMS:
        assert {kind for kind, _ in corpus.Known.read(path).causes} <= kinds, path.name


def test_a_head_whose_line_is_not_in_the_code_is_refused(tmp_path):
    path = tmp_path / "p.py"
    path.write_text('"""A.\n\ncause: compile\nline: x = 1\ncure: c\n"""\nx = 2\n')
    with pytest.raises(ValueError, match="stands 0 times"):
        corpus.Known.read(path)


@pytest.mark.process
def test_one_program_is_cured(write_program):
    known = corpus.Known.read(corpus.CORPUS / "stairs.py")
    found = corpus.judge(known, 40, rounds=0)
    assert not found.failed
    assert found.named and found.proven == ["answers kept"], found.reason
    # 21 steps take 3^13 and more calls without answers kept, and 22 with them: what is left is the start.
    assert found.interval[0] > 1.5


@pytest.mark.process
def test_one_program_is_refused_with_its_reason():
    found = corpus.judge(corpus.Known.read(corpus.CORPUS / "password_store.py"), 40, rounds=0)
    assert not found.failed
    assert found.right, found.reason


@pytest.mark.parametrize("interval, outside, agree", [
    ((2.0, 3.0), (2.5, 2.4, 2.6), True),
    ((2.0, 3.0), (3.1, 2.9, 3.3), True),   # its own interval reaches into the proven one
    ((2.0, 3.0), (3.5, 3.3, 3.7), False),
    ((2.0, 3.0), (1.5, 1.4, 1.6), False),
    ((2.0, 3.0), (1.9, 1.7, 2.1), True),
])
def test_an_outside_clock_agrees_where_the_intervals_meet(interval, outside, agree):
    assert corpus.agrees(interval, outside) is agree


def test_few_trials_miss_a_bar_only_where_it_surely_is_missed():
    assert same.at_least(0, 10, 0.05) == pytest.approx(1.0)
    assert same.at_least(10, 10, 0.5) == pytest.approx(2.0**-10)
    assert same.holds(2, 10, 0.05)      # 8.6 % of honest judges do as badly
    assert not same.holds(4, 10, 0.05)  # 0.1 % of them
    assert same.holds(10, 200, 0.05)
    assert not same.holds(11, 200, 0.05)
