"""Compile fixes with the real compiler, from the rule to the proof."""

import importlib.util

import pytest
from fix_programs import evidence_of

pytestmark = [pytest.mark.process, pytest.mark.skipif(importlib.util.find_spec("hasten._compile") is None,
                                                     reason="built without the compiler")]


def prove(script, budget_s=90, **how):
    from hasten.fix.candidates import propose
    from hasten.fix.prove import Session
    from hasten.fix.rules import compile_rule

    evidence = evidence_of(script, **how)
    outcome = Session(evidence, budget_s, seed=3, candidates=propose(evidence, [compile_rule])).prove()
    return {v.kind: v for v in outcome.verdicts}["compile"], outcome


def test_a_number_loop_is_compiled_and_proven(write_program):
    verdict, outcome = prove(write_program('''
        """Counts."""
        def steps(limit):
            longest = 0
            for start in range(1, limit):
                n = start
                count = 0
                while n != 1:
                    n = 3 * n + 1 if n % 2 else n // 2
                    count += 1
                if count > longest:
                    longest = count
            return longest
        for i in range(12):
            print(steps(3000 + i))
        '''), hot=["steps"])
    assert verdict.verdict == "proven", verdict.reason
    assert verdict.needs == ["hasten"]
    assert verdict.program_speedup > 2
    assert "+    from hasten import jit" in verdict.patch and "+@jit" in verdict.patch
    assert outcome.program_comparable


def test_a_method_in_an_imported_module(write_program):
    module = write_program("""
        class Sieve:
            def count(self, n):
                found = 0
                for i in range(2, n):
                    d = 2
                    while d * d <= i:
                        if i % d == 0:
                            break
                        d += 1
                    else:
                        found += 1
                return found
        """, "part.py")
    script = write_program("import part\nprint(part.Sieve().count(15000))\n")
    verdict, _ = prove(script, hot=["Sieve.count"], modules=[module])
    # Methods of plain objects may run as Python still; then there is no gain, and it must be refused for that.
    assert verdict.verdict == "proven" or "faster" in verdict.reason, verdict.reason


def test_what_cannot_be_compiled_is_refused_for_its_figures(write_program):
    verdict, _ = prove(write_program("""
        import re
        def scan(texts):
            found = 0
            for t in texts:
                if re.match("a+b", t):
                    found += 1
            return found
        for i in range(12):
            print(scan(["aab", "ba"] * 2000))
        """), hot=["scan"])
    assert verdict.verdict == "refused"
    assert "faster" in verdict.reason


def test_without_hasten_in_the_programs_python_it_cannot_tell(write_program, monkeypatch):
    monkeypatch.setenv("HASTEN_JIT", "0")  # as if the import had fallen back
    verdict, _ = prove(write_program("""
        def total(n):
            s = 0
            for i in range(n):
                s += i % 7
            return s
        print(total(500000))
        """), hot=["total"])
    assert verdict.verdict == "cannot tell" and "@jit changes nothing" in verdict.reason
