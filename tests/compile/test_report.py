"""What `fn.hasten` says of each line: its class, its counts, its reasons. The truth stands in the source beside the line
(`# = class`), is counted by the callee itself, or is known by what a hint does when it is followed."""

import html.parser
import json
import linecache
import math
import re
import time

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)
pytest.importorskip("hasten._compile")

MARK = re.compile(r"# = (native|checked|boxed|python call)$")


def lines_of(function):
    return {line["line"]: line for line in function.hasten.report()["lines"]}


def line_with(function, text):
    (line,) = [line for line in function.hasten.report()["lines"] if text in line["source"]]
    return line


def marked(facts):
    """What the source itself says of its lines."""
    return {
        line["line"]: match[1] if (match := MARK.search(line["source"])) else None for line in facts["lines"]
    }


def told(facts):
    return {line["line"]: line["class"] for line in facts["lines"]}


# --- classes -------------------------------------------------------------------------------------


def numbers(n, x):
    """Floats cannot overflow, divisions by 2.0 cannot fail: nothing is checked."""
    total = 0.0  # = native
    for _ in range(n):  # = native
        total = total * 0.5 + x  # = native
        if total > 100.0:  # = native
            total -= 100.0 / 2.0  # = native
        else:
            pass  # = native

    return total  # = native


def sums(values, n):
    total = 0  # = native
    for i in range(n):  # = native
        total += values[i]  # = checked
        total *= 3  # = checked
    return total  # = native


def stores(values, n):
    i = 0  # = native
    while i < n:  # = native
        values[i] = i * 2  # = boxed
        i += 1  # = native
    return len(values)  # = native


def reciprocals(values, n):
    while n > 0:  # = native
        n -= 1  # = native
        values[n] = 1.0 / values[n]  # = checked


def words(text, counts):
    for word in map(str, text):  # = python call
        if word in counts:  # = boxed
            counts[word] = counts[word] + 1  # = boxed
        else:
            counts[word] = 1  # = boxed
    return counts  # = native


def attributes(thing, n):
    total = 0.0  # = native
    for _ in range(n):  # = native
        total += thing.weight  # = boxed
    return total  # = native


class Thing:
    weight = 1.5


MARKED = [
    (numbers, lambda: (50, 1.25)),
    (sums, lambda: ([1, 2, 3], 3)),
    (stores, lambda: ([0] * 20, 20)),
    (reciprocals, lambda: ([2.0, 4.0], 2)),
    (words, lambda: ("aba", {})),
]


@pytest.mark.parametrize(("function", "arguments"), MARKED, ids=lambda one: getattr(one, "__name__", ""))
def test_each_line_has_the_class_that_stands_beside_it(function, arguments):
    compiled = hasten.jit(function)
    assert compiled(*arguments()) == function(*arguments())
    facts = compiled.hasten.report()
    assert facts["tier"] == "native", facts["reasons"]
    assert told(facts) == marked(facts)
    classes = [name for name in marked(facts).values() if name]
    cheap = sum(name in ("native", "checked") for name in classes)
    assert facts["share_native"] == cheap / len(classes)
    assert facts["line_counts"] == {
        **{name: classes.count(name) for name in ("native", "checked", "boxed", "python call")},
        "not compiled": 0,
    }
    (version,) = facts["versions"]
    assert version["share_native"] == facts["share_native"]
    assert {one["line"]: one["class"] for one in version["lines"]} == {
        line: name for line, name in marked(facts).items() if name
    }


def test_every_line_that_is_not_native_says_why():
    for function, arguments in MARKED:
        compiled = hasten.jit(function)
        compiled(*arguments())
        for line in compiled.hasten.report()["lines"]:
            dear = line["class"] in ("checked", "boxed", "python call")
            assert bool(line["reasons"]) == dear, line
            if dear:
                assert line["reasons"][0]["class"] == line["class"]


def test_the_source_is_all_there():
    source = linecache.getlines(__file__)
    for function, _ in MARKED:
        facts = hasten.jit(function).hasten.report()
        first = facts["first_line"]
        assert facts["file"] == function.__code__.co_filename
        assert [line["line"] for line in facts["lines"]] == list(range(first, facts["last_line"] + 1))
        assert [line["source"] for line in facts["lines"]] == [
            row.rstrip("\n") for row in source[first - 1 : facts["last_line"]]
        ]
        assert facts["lines"][0]["source"].startswith("def ")
        assert "return" in facts["lines"][-1]["source"] or function is reciprocals


def test_before_the_first_call_nothing_is_compiled():
    facts = hasten.jit(sums).hasten.report()
    assert facts["tier"] == "not called yet"
    assert facts["share_native"] is None and facts["versions"] == []
    assert {name for name in told(facts).values() if name} == {"not compiled"}
    assert facts["lines"][0]["class"] is None, "the def line itself does nothing"


# --- counts --------------------------------------------------------------------------------------

happened = []


def counted(value):
    happened.append(value)
    return value


def calls_it(n):
    total = 0
    for i in range(n):
        total += counted(i)
        if i % 3 == 0:
            counted(-i)
    return total


def test_calls_are_those_that_happened():
    compiled = hasten.jit(calls_it)
    happened.clear()
    for n in (0, 1, 7, 1000, 12_345):
        compiled(n)
    assert compiled.report()["tier"] == "native" and compiled.report()["landings"] == []
    every, third = line_with(compiled, "total +="), line_with(compiled, "counted(-i)")
    assert [call["callee"] for call in every["calls"] + third["calls"]] == ["counted", "counted"]
    assert every["calls"][0]["count"] == 0 + 1 + 7 + 1000 + 12_345
    assert every["calls"][0]["count"] + third["calls"][0]["count"] == len(happened)
    assert f"{every['calls'][0]['count']} calls" in compiled.hasten.listing()


def test_a_call_that_raises_counts_too():
    def fails(value):
        happened.append(value)
        if value == 5:
            raise KeyError(value)
        return value

    def loop(f, n):
        total = 0.0
        for i in range(n):
            total += 1.0 / 3.0
            total *= 0.5
            try:
                f(i)
            except KeyError:
                total -= 1
        return total

    compiled = hasten.jit(loop)
    happened.clear()
    assert compiled(fails, 20) == loop(fails, 20)
    assert compiled.report()["tier"] == "native"
    assert line_with(compiled, "f(i)")["calls"][0]["count"] == 20 == len(happened) // 2


@pytest.mark.parametrize("sequence", [(1, 2), [1, 2]], ids=["tuple", "list"])
def test_calls_with_a_star_are_counted(sequence):
    def star(f, given, n):
        total = 0.5
        for _ in range(n):
            total = total * 0.5 + 1.0
            total += 0.25 / 3.0
            f(*given)
        return total

    compiled = hasten.jit(star)
    seen = []
    compiled(lambda a, b: seen.append(a + b), sequence, 40)
    if compiled.report()["tier"] != "native":
        pytest.fail(compiled.hasten.listing())
    assert line_with(compiled, "f(*given)")["calls"] == [
        {"callee": "f", "count": len(seen), "cost": line_with(compiled, "f(*given)")["calls"][0]["cost"]}
    ]
    assert len(seen) == 40


def test_a_call_within_a_call_of_the_same_place():
    """The callee goes back into the compiled function: the place is reached again before its call is over."""
    depths = []

    def back(depth):
        depths.append(depth)
        return compiled(depth - 1) if depth else 0

    def descend(depth):
        return back_again(depth)

    descend.__globals__["back_again"] = back
    compiled = hasten.jit(descend)
    try:
        compiled(30)
        assert compiled.report()["tier"] == "native"
        assert line_with(compiled, "return back_again")["calls"][0]["count"] == len(depths) == 31
    finally:
        del descend.__globals__["back_again"]


def power(base, exponent):
    result = 1
    for _ in range(exponent):
        result *= base
    return result


def test_where_and_how_often_it_left():
    compiled = hasten.jit(power)
    assert compiled(3, 20) == 3**20
    assert line_with(compiled, "result *=")["left"] == []
    assert compiled(3, 60) == 3**60
    line = line_with(compiled, "result *=")
    assert line["left"] == [{"why": "integer beyond 64 bits", "count": 1, "seen": []}]
    assert compiled(3, 60) == 3**60  # by another version, which knows
    facts = compiled.hasten.report()
    line = line_with(compiled, "result *=")
    assert line["left"][0]["count"] == 1 == facts["landings"][0]["count"]
    assert line["class"] == "boxed" and "beyond 64 bits" in line["reasons"][0]["why"]
    assert [version["kind"] for version in facts["versions"]].count("retired") == facts["retired"] >= 1


def test_the_type_that_made_it_leave_is_named():
    def total(values):
        result = 0.0
        for value in values:
            result += value
        return result

    compiled = hasten.jit(total)
    assert compiled([1.0, 2.0]) == 3.0
    with pytest.raises(TypeError):
        compiled([1.0, "text", 2.0])
    (left,) = line_with(compiled, "for value in")["left"]
    assert left == {"why": "a call returned another type than before", "count": 1, "seen": ["str"]}


# --- cost ----------------------------------------------------------------------------------------


def test_a_call_costs_at_least_what_it_is_known_to_take():
    seconds = 0.002

    def wait(f, n):
        total = 0.0
        for _ in range(n):
            f(seconds)
            total += 1.0
        return total

    compiled = hasten.jit(wait)
    compiled(time.sleep, 12)  # tidy: sleep: what is timed here is a sleep
    (call,) = line_with(compiled, "f(seconds)")["calls"]
    cost = call["cost"]
    assert call["count"] == 12 and cost["timed"] >= 8
    assert cost["ns"] >= seconds * 1e9, "sleep() never comes back early"
    assert cost["ns_low"] <= cost["ns"] <= cost["ns_high"]
    assert cost["ns_mean"] >= seconds * 1e9


def test_one_call_has_a_figure_but_no_interval():
    def once(f, x):
        return f(x) * 2.0

    compiled = hasten.jit(once)
    compiled(math.cos, 1.0)
    (call,) = line_with(compiled, "f(x)")["calls"]
    assert call["count"] == call["cost"]["timed"] == 1
    assert call["cost"]["ns"] >= 0 and call["cost"]["ns_low"] is call["cost"]["ns_high"] is None
    assert "1 call" in compiled.hasten.listing()


# --- what was not entered through its own object --------------------------------------------------


@hasten.jit
def inner_of(x):
    return x * 0.5


@hasten.jit
def outer_of(n):
    total = 1.0
    for _ in range(n):
        total += inner_of(total)
    return total


def test_a_function_that_is_called_natively_is_told_where():
    outer_of(10)
    facts = inner_of.hasten.report()
    assert [version["kind"] for version in facts["versions"]] == ["within"]
    assert facts["versions"][0]["within"] == "outer_of" and facts["versions"][0]["types"] == "float"
    assert line_with(inner_of, "return x")["class"] == "native"
    line = line_with(outer_of, "inner_of(total)")
    assert line["class"] == "checked" and line["calls"] == []


def test_a_nested_function_belongs_to_the_one_that_it_stands_in():
    def outer(n):
        def scaled(x):
            return x * 0.25

        total = 1.0
        for _ in range(n):
            total += scaled(total)
        return total

    compiled = hasten.jit(outer)
    assert compiled(20) == outer(20)
    assert line_with(compiled, "return x *")["class"] == "native"
    assert line_with(compiled, "def scaled")["class"] == "boxed"


# --- refusals ------------------------------------------------------------------------------------


def test_a_refused_function_shows_the_line():
    def opens(path):
        count = 0
        with open(path) as stream:
            for _ in stream:
                count += 1
        return count

    compiled = hasten.jit(opens)
    assert compiled(__file__) == opens(__file__)
    facts = compiled.hasten.report()
    assert facts["tier"] == "python" and facts["python_calls"] == 1
    (refusal,) = facts["refusals"]
    line = line_with(compiled, "with open")
    assert refusal["line"] == line["line"] and refusal["code"]
    assert line["refused"] == [refusal["why"]]
    assert line["class"] == "not compiled"
    assert [one["line"] for one in facts["lines"] if one["refused"]] == [line["line"]]
    assert refusal["why"] in compiled.hasten.listing()


def test_what_only_these_types_refuse_is_shown_too():
    def same(a, b):
        found = 0
        if a is b:
            found = 1
        return found

    compiled = hasten.jit(same)
    number = 1e300
    assert compiled(number, number) == 1
    facts = compiled.hasten.report()
    (refusal,) = facts["refusals"]
    assert facts["tier"] == "python" and refusal["file"] == facts["file"]
    assert [one["line"] for one in facts["lines"] if one["refused"]] == [refusal["line"]]
    assert lines_of(compiled)[refusal["line"]]["source"].strip() == "if a is b:"
    assert compiled("text", [1]) == 0  # other types, which can be compiled
    facts = compiled.hasten.report()
    assert facts["tier"] == "native" and facts["versions"][0]["types"] in ("str, list of int", "object, list of int")
    assert "if a is b:" in line_with(compiled, "a is b")["source"]


# --- hints are true ------------------------------------------------------------------------------


def hints(line):
    return [reason["hint"] for reason in line["reasons"] if reason["hint"]]


def plain_helper(x):
    return x * 0.5


def with_helper(n):
    total = 1.0
    for _ in range(n):
        total += 1.0 / 3.0
        total += helper(total)
    return total


def test_the_hint_to_compile_the_callee(monkeypatch):
    monkeypatch.setitem(globals(), "helper", plain_helper)
    before = hasten.jit(with_helper)
    before(10)
    line = line_with(before, "helper(total)")
    assert line["class"] == "python call"
    assert hints(line) == ["put @hasten.jit on `helper`: a call from compiled code is native then, if it can be compiled"]
    monkeypatch.setitem(globals(), "helper", hasten.jit(plain_helper))
    after = hasten.jit(with_helper)
    assert after(10) == before(10)
    assert line_with(after, "helper(total)")["class"] == "checked"


def test_a_function_that_takes_any_arguments_is_called_through_cpython(monkeypatch):
    def by_keyword(n):
        total = 1.0
        for _ in range(n):
            total += 1.0 / 3.0
            total += helper(x=total)
        return total

    monkeypatch.setitem(globals(), "helper", hasten.jit(plain_helper))
    compiled = hasten.jit(by_keyword)
    compiled(10)
    assert line_with(compiled, "helper(x=total)")["class"] == "checked"
    monkeypatch.setitem(globals(), "helper", hasten.jit(lambda x, **others: x + len(others)))
    compiled = hasten.jit(by_keyword)
    compiled(10)
    line = line_with(compiled, "helper(x=total)")
    assert line["class"] == "python call"
    assert "takes any number of arguments" in str(line)


def test_the_hint_to_read_an_attribute_before_the_loop():
    def before_the_loop(thing, n):
        total = 0.0
        weight = thing.weight
        for _ in range(n):
            total += weight
        return total

    compiled, rewritten = hasten.jit(attributes), hasten.jit(before_the_loop)
    assert compiled(Thing(), 50) == rewritten(Thing(), 50)
    line = line_with(compiled, "thing.weight")
    assert line["class"] == "boxed"
    assert hints(line) == ["read `weight` into a local before the loop, if nothing changes it meanwhile"]
    assert line_with(rewritten, "total += weight")["class"] == "checked"
    assert hints(line_with(rewritten, "weight = thing.weight")) == []


def test_no_hint_where_the_object_changes_with_the_loop():
    def each(things):
        total = 0.0
        for thing in things:
            total += thing.weight
            total += 1.0 / 3.0
        return total

    compiled = hasten.jit(each)
    compiled([Thing(), Thing()])
    assert hints(line_with(compiled, "thing.weight")) == []


def test_no_hint_where_the_function_writes_the_attribute_itself():
    def grows(thing, n):
        total = 0.0
        for _ in range(n):
            total += 1.0 / 3.0
            total += 2.0 / 3.0
            thing.weight = thing.weight + 1.0
        return total

    compiled = hasten.jit(grows)
    compiled(Thing(), 30)
    line = line_with(compiled, "thing.weight =")
    assert line["class"] == "boxed" and hints(line) == []


def test_what_stands_by_for_another_all_is_not_told():
    """A generator expression in all() is a loop in place; the generator would be made if `all` were something else."""

    def divisible(n, divisors):
        total = 0
        for k in range(n):
            if all(k % d == 0 for d in divisors):
                total += k
        return total

    compiled = hasten.jit(divisible)
    assert compiled(100, [2, 3]) == divisible(100, [2, 3])
    line = line_with(compiled, "if all(")
    assert line["class"] == "checked" and hints(line) == [] and line["calls"] == []


# --- shown ---------------------------------------------------------------------------------------

ESCAPES = re.compile(r"\033\[[0-9;]*m")


class Page(html.parser.HTMLParser):
    """What a browser would make of it, by the library's own parser."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.rows, self.attributes = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.extend(attributes)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "pre":
            self.rows.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "pre" in self.open:
            self.rows[-1] += data


def dangerous(n):
    total = "<script>alert('&amp;')</script>"
    for i in range(n):
        total += "</pre></td>" if i < 3 else "&lt;"
    return total


@pytest.mark.parametrize("make", ["html", "_repr_html_"])
@pytest.mark.parametrize("function", [dangerous, numbers, words], ids=lambda function: function.__name__)
def test_html_holds_the_source_and_nothing_from_elsewhere(function, make):
    compiled = hasten.jit(function)
    arguments = dict(MARKED).get(function, lambda: (10,))()
    compiled(*arguments)
    text = getattr(compiled.hasten, make)()
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    assert [row.rstrip() for row in page.rows] == [line["source"] for line in compiled.hasten.report()["lines"]]
    assert not {"script", "link", "img", "iframe", "a"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in ("src", "href") or name.startswith("on")]
    assert "http" not in text and "@import" not in text and "url(" not in text


def test_the_listing_has_colours_only_where_they_are_wanted(monkeypatch, capsys):
    compiled = hasten.jit(words)
    compiled("aba", {})
    plain = compiled.hasten.listing(colour=False, width=100)
    assert "\033" not in plain and "\033" not in compiled.hasten.listing()
    coloured = compiled.hasten.listing(colour=True, width=100)
    assert ESCAPES.sub("", coloured) == plain != coloured
    rows = plain.splitlines()
    for line in compiled.hasten.report()["lines"]:
        if line["source"].strip():
            (row,) = [row for row in rows if row.endswith(f" {line['line']}  {line['source']}")]
            assert row.startswith(line["class"] or " ")
    assert all(len(row) <= 100 for row in rows if not MARK.search(row) and __file__ not in row)


def test_what_would_steer_the_terminal_is_shown_instead(tmp_path):
    file = tmp_path / "steers.py"
    file.write_text("def steers(x):\n    # \033[2J\n    return x + 1\n")
    scope = {}
    exec(compile(file.read_text(), str(file), "exec"), scope)  # noqa: S102
    compiled = hasten.jit(scope["steers"])
    assert compiled(1) == 2
    assert "\033" not in compiled.hasten.listing(colour=False)
    assert "\\x1b[2J" in compiled.hasten.listing(colour=False)


def test_the_report_is_json_and_the_other_words_agree_with_it():
    compiled = hasten.jit(words)
    compiled("aba", {})
    facts = compiled.hasten.report()
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert hasten.jit.report(compiled)["line_counts"] == facts["line_counts"]
    said = hasten.jit.explain(compiled)
    assert "`map` through CPython: 1 call" in said and f"{100 * facts['share_native']:.0f} %" in said
    assert "words" in repr(compiled.hasten) and "native" in repr(compiled.hasten)
    raw = compiled.report()
    assert {key: facts[key] for key in ("tier", "python_calls", "compiles")} == {
        key: raw[key] for key in ("tier", "python_calls", "compiles")
    }


def test_methods_and_lambdas_have_it_too():
    class Scaler:
        factor = 0.5

        @hasten.jit
        def scale(self, x):
            return x * 0.5

        @staticmethod
        @hasten.jit
        def halve(x):
            return x * 0.5

    assert Scaler().scale(2.0) == Scaler.halve(2.0) == 1.0
    assert Scaler.scale.hasten.report()["share_native"] == 1.0
    assert Scaler().scale.hasten.report()["function"].endswith("Scaler.scale")
    assert Scaler.halve.hasten.report()["share_native"] == 1.0
    doubled = hasten.jit(lambda x: x * 2.0)
    assert doubled(4.0) == 8.0
    assert doubled.hasten.report()["tier"] in ("native", "python")
    assert "lambda" in doubled.hasten.listing()
