import importlib.util
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("hasten._core")


def _load(name):
    spec = importlib.util.spec_from_file_location(f"fix_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"fix_{name}"] = module
    spec.loader.exec_module(module)
    return module


programs = _load("programs")
_load("rewriting")
_load("judging")


@pytest.fixture(autouse=True, scope="session")
def prices_of_this_machine():
    """Measured for this run, so that no test reads or writes the user's cache."""
    from hasten.fix.rules import prices

    prices._known.update(prices.measure())


@pytest.fixture
def write_program(tmp_path):
    """Writes a script and returns its path."""

    def write(text, name="program.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    return write


@pytest.fixture
def judge_rewrite(write_program):
    """judge_rewrite(program, function, new def) -> (verdict, outcome): a whole session on one rewrite."""
    from hasten.fix.given import given_rewrite
    from hasten.fix.prove import Session

    def judge(program, function, new_text, budget_s=60, **how):
        script = write_program(program)
        evidence = programs.evidence_of(script, hot=[function], **how)
        session = Session(evidence, budget_s, candidates=given_rewrite(str(script), function, new_text), seed=1)
        outcome = session.prove()
        return outcome.verdicts[0], outcome

    return judge
