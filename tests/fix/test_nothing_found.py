"""What a user sees where nothing is proven: what was considered, and why not, with figures."""

from fix_programs import evidence_of

from hasten.fix import words
from hasten.fix.prove import Session
from hasten.fix.results import document_of

TEXT = """
    def parse(lines):
        return [line for line in lines]
    def items(lines):
        yield from lines
    def small(lines):
        return len(lines)
    print(parse(items("abc")), small("abc"))
    """


def shown(script, shares, wall_s=2.0, cpu_s=2.0, split=None):
    evidence = evidence_of(script, hot=list(shares))
    for row in (*evidence.report["functions"], *evidence.report["lines"]):
        row["cpu_share"] = row["total_share"] = shares[row["function"]]
        row["ceiling"] = 1 / (1 - shares[row["function"]])
        row["split"] = split or {"bytecode": 1.0}
    evidence.report |= {"wall_s": wall_s, "cpu_s": cpu_s}
    evidence.busy = min(1.0, cpu_s / wall_s)
    outcome = Session(evidence).prove()
    assert outcome.program_runs == 0
    document = document_of(outcome)
    return " ".join(words.summary(document).split()), document


def test_functions_are_listed_with_their_share_and_reason(write_program):
    text, document = shown(write_program(TEXT), {"items": 0.4, "small": 0.05})
    assert "items, program.py:3: 40% of the time with what it calls (at most 1.67x)" in text
    assert "refused, because it is a generator: its calls cannot be judged one by one" in text
    assert "small, program.py:5: 5% of the time with what it calls: without it the program would be 1.05x, too little" in text
    assert "nothing proven" in text
    assert [c["function"] for c in document["considered"]] == ["items", "small"]
    assert "45% of the time is in the program's own functions; the rest is Python's start, imports and libraries" in text


def test_a_library_is_named(write_program):
    text, _ = shown(write_program(TEXT), {"parse": 0.9}, split={"extension": 1.0})
    assert "parse, program.py:1: 90% of the time" in text and "in extension modules, which no change of this source makes faster" in text
    assert "the rest is" not in text


def test_a_program_that_waits(write_program):
    text, document = shown(write_program(TEXT), {"small": 0.6}, wall_s=10.0, cpu_s=1.0)
    assert "6% of the time is in the program's own functions, 90% is waiting" in text
    assert "no function of the program's own code holds enough of its time" in text
    assert document["waiting_share"] == 0.9


def test_a_program_without_functions(write_program):
    text, document = shown(write_program("print(1)\n"), {})
    assert "no function of the program's own code holds enough of its time" in text and document["considered"] == []
