"""The manual of the rules is what their docstrings say."""

import pytest


@pytest.fixture
def rule_pages(tools):
    import rule_pages

    yield rule_pages


def test_the_page_is_up_to_date(rule_pages):
    assert rule_pages.PAGE.read_text() == rule_pages.page(), "python tools/rule_pages.py"


def test_every_rule_file_is_on_the_page(rule_pages):
    shared = {"__init__", "context", "module_level", "values", "prices", "break_even"}
    files = {path.stem for path in rule_pages.RULES.glob("*.py")} - shared
    assert files == set(rule_pages.rule_names())


def test_compiling_is_tried_last(rule_pages):
    assert rule_pages.rule_names()[-2:] == ["numpy_rows", "compile"]


def test_a_docstring_without_its_wrong_cases_is_refused(rule_pages):
    with pytest.raises(SystemExit, match="When it is wrong"):
        rule_pages.section("x", '"""Title.\n\nWhat it sees: a\nEvidence needed: b\nWhy it is slow: c\nPrescription: d\nExpected gain: e\n'
                                'How it is verified: f\nSources: g\n"""\nKIND = "k"\n')
