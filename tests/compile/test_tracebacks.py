"""Exceptions out of compiled functions: type, arguments, chain, and every traceback entry with its columns."""

import importlib.util
import os
import traceback
from pathlib import Path

import pytest

hasten = pytest.importorskip("hasten")
pytest.importorskip("hasten._runtime")


def load(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


failing, failing_expressions = load("failing"), load("failing_expressions")

CASES = [
    (failing.zero_division, (5, 1)),
    (failing.float_zero_division, (5.0, 1.0)),
    (failing.index_error, ([1, 2, 3, 4, 5, 6, 7, 8], 5)),
    (failing.store_index_error, ([1, 2], 3)),
    (failing.augmented_item_error, ([1, 2], 3)),
    (failing.unbound, (1, 1)),
    (failing.unbound_after_empty_loop, (1, 1)),
    (failing.missing_global, (1, 2)),
    (failing.attribute, (1, 2)),
    (failing.method_over_lines, (1, 2)),
    (failing.call_arguments, (1, 2)),
    (failing.not_callable, (1, 2)),
    (failing.type_error, (1, 2)),
    (failing.comparison, (1, 2)),
    (failing.chained, (1, 2)),
    (failing.unary, (1, 2)),
    (failing.not_iterable, (1, 2)),
    (failing.unpack_short, (1, 2)),
    (failing.unpack_long, (1, 2)),
    (failing.unpack_nothing, (1, 2)),
    (failing.raising, (1, 2)),
    (failing.raising_class, (1, 2)),
    (failing.raising_from, (1, 2)),
    (failing.raising_nonsense, (1, 2)),
    (failing.asserting, (1, 2)),
    (failing.asserting_without_message, (1, 2)),
    (failing.in_callee, (1, 2)),
    (failing.in_comprehension, (1, 2)),
    (failing.overflow, (1, 2)),
    (failing.domain, (1, 2)),
    (failing.deep, (5, 2)),
    (failing.bad_format, (5, 2)),
    (failing.format_in_raise, (5, 2)),
    (failing.unhashable_key, (5, 2)),
    (failing.unhashable_later, (5, 2)),
    *((function, ([1, 2, 3], [4])) for function in failing_expressions.FAILING if function.__code__.co_argcount == 2),
]


def outcome(function, arguments):
    try:
        function(*arguments)
    except Exception as error:
        return error
    raise AssertionError("expected an exception")


def entries(error, below=1):
    """Each entry below the test itself, as the traceback module would print it."""
    stack = traceback.TracebackException.from_exception(error).stack
    return [
        (e.filename, e.name, e.lineno, e.end_lineno, e.colno, e.end_colno) for e in list(stack)[below:]
    ]


def chain(error):
    return (
        type(error),
        error.args,
        error.__suppress_context__,
        error.__cause__ and chain(error.__cause__),
        error.__context__ and chain(error.__context__),
        error.__cause__ and entries(error.__cause__, 0),
    )


@pytest.mark.parametrize("function, arguments", CASES, ids=lambda v: getattr(v, "__name__", ""))
def test_exception_is_the_same(function, arguments):
    compiled = hasten.jit(function)
    expected, got = outcome(function, arguments), outcome(compiled, arguments)
    assert chain(got) == chain(expected)
    assert entries(got) == entries(expected)
    if os.environ.get("HASTEN_JIT_TIER") == "interpreter":
        assert compiled.report()["tier"] == "interpreter"
    again = outcome(compiled, arguments)  # now with whatever the first call has compiled
    assert chain(again) == chain(expected)
    assert entries(again) == entries(expected)


def test_context_of_an_exception_being_handled():
    compiled = hasten.jit(failing.raising)
    try:
        raise OSError("first")
    except OSError as first:
        error = outcome(compiled, (1, 2))
        assert error.__context__ is first


def test_a_name_error_carries_the_name():
    assert outcome(hasten.jit(failing.missing_global), (1, 2)).name == "no_such_name_anywhere"


def test_the_frame_of_an_entry_names_the_code_and_the_line():
    error = outcome(hasten.jit(failing.zero_division), (5, 1))
    entry = error.__traceback__.tb_next
    assert entry.tb_frame.f_code is failing.zero_division.__code__
    assert entry.tb_frame.f_globals is vars(failing)
    assert entry.tb_frame.f_lineno == entry.tb_lineno


def test_raising_an_exception_again_keeps_its_traceback():
    saved = outcome(failing.raising, (1, 2))
    before = len(traceback.extract_tb(saved.__traceback__))
    error = outcome(hasten.jit(failing.raising_nonsense), (saved, 0))
    assert error is saved
    assert len(traceback.extract_tb(saved.__traceback__)) == before + 2


def with_free_variable(captured):
    @hasten.jit
    def function(n):
        for i in range(n):
            captured // (n - 1 - i)

    return function


def test_a_frame_of_the_traceback_knows_the_free_variables():
    """CPython 3.12 read what the frame did not have."""
    for n in (2, 5000):
        try:
            with_free_variable(7)(n)
        except ZeroDivisionError as error:
            assert error.__traceback__.tb_next.tb_frame.f_locals["captured"] == 7
        else:
            raise AssertionError("expected an exception")
