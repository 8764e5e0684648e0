"""Instances of plain classes: made in native code, their methods called there; whatever becomes of the class meanwhile."""

import importlib.util
import inspect
import sys
import textwrap

import pytest

hasten = pytest.importorskip("hasten")
if not hasattr(hasten, "jit"):
    pytest.skip("hasten.jit is not built here", allow_module_level=True)

SOURCE = '''
ended = []

class Point:
    def __init__(self, x, y=2):
        if x == "bad":
            raise ValueError("no point")
        self.x = x
        self.y = y

    def length(self, scale=1, *, more=0):
        return (self.x + self.y) * scale + more

    def deeper(self, depth):
        return self.deeper(depth + 1)

    def __del__(self):
        ended.append(1)


class Slots:
    __slots__ = ("n",)

    def __init__(self, n):
        self.n = n

    def step(self, by):
        if by < 0:
            raise KeyError(by)
        self.n += by
        return self.n


def lengths(n, change):
    out = []
    for k in range(n):
        p = Point(k, 1)
        if k == n // 2:
            change(p)
        out.append(p.length(2))
    return out


def one_object(n, change):
    p = Point(1)
    out = []
    for k in range(n):
        if k == n // 2:
            change(p)
        out.append(p.length())
    return out


def of_each(objects, n):
    out = []
    for k in range(n):
        for o in objects:
            out.append(o.length(3, more=k))
    return out


def by_name(n):
    total = 0
    for k in range(n):
        total += Point(y=k, x=1).length(more=k)
        total += Point(k).length()
    return total


def steps(n, below):
    s = Slots(0)
    failed = 0
    for k in range(n):
        try:
            s.step(k % 7 - below)
        except KeyError:
            failed += 1
    return s.n, failed


def bad(n):
    failed = 0
    for k in range(n):
        try:
            Point("bad" if k % 3 == 0 else k)
        except ValueError as error:
            failed += str(error) == "no point"
    return failed


def wrong(n, change):
    out = []
    for k in range(n):
        if k == n // 2:
            change(None)
        try:
            out.append(type(Point(k)).__name__)
        except TypeError as error:
            out.append(str(error))
    return out


def endless():
    return Point(1).deeper(0)
'''


@pytest.fixture
def two(tmp_path):
    """The module as it is, and with all of it under hasten.jit."""
    path = tmp_path / "points.py"
    path.write_text(SOURCE)
    modules = []
    for name in ("points_plain", "points_compiled"):
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        modules.append(module)
    plain, compiled = modules
    for name, value in list(vars(compiled).items()):
        if inspect.isfunction(value):
            setattr(compiled, name, hasten.jit(value))
    for kind in (compiled.Point, compiled.Slots):
        for name, method in list(vars(kind).items()):
            if inspect.isfunction(method) and name != "__del__":
                setattr(kind, name, hasten.jit(method))
    yield plain, compiled
    for name in ("points_plain", "points_compiled"):
        del sys.modules[name]


def plain_of(method):
    return getattr(method, "__wrapped__", method)


class Other:
    def length(self, scale=1, *, more=0):
        return "another"


def replaces(module):
    def change(p):
        module.Point.length = lambda self, scale=1: -scale

    return change


def shadows(module):
    def change(p):
        p.length = lambda scale=1: ("own", scale)

    return change


def changes_defaults(module):
    def change(p):
        plain_of(module.Point.length).__defaults__ = (7,)

    return change


def changes_code(module):
    def change(p):
        plain_of(module.Point.length).__code__ = (lambda self, scale=1, *, more=0: ("new code", scale)).__code__

    return change


def changes_class(module):
    def change(p):
        p.__class__ = type("Moved", (module.Point,), {"length": lambda self, scale=1: "moved"})

    return change


def changes_dict(module):
    def change(p):
        p.__dict__ = {"x": 50, "y": 60}

    return change


def changes_dict_to_shadow(module):
    def change(p):
        p.__dict__["length"] = lambda scale=1: "in the dict"

    return change


def catches_attributes(module):
    def change(p):
        module.Point.__getattribute__ = lambda self, name: (
            (lambda scale=1: "caught") if name == "length" else object.__getattribute__(self, name)
        )

    return change


def puts_a_property(module):
    def change(p):
        module.Point.y = property(lambda self: 1000, lambda self, value: None)

    return change


def deletes_an_attribute(module):
    def change(p):
        del p.y
        module.Point.y = 5

    return change


CHANGES = [
    replaces,
    shadows,
    changes_defaults,
    changes_code,
    changes_class,
    changes_dict,
    changes_dict_to_shadow,
    catches_attributes,
    puts_a_property,
    deletes_an_attribute,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("function", ["lengths", "one_object"])
def test_a_change_in_mid_run_is_seen(two, function, change):
    plain, compiled = two
    for module in two:
        for _ in range(3):
            getattr(module, function)(60, lambda p: None)
    expected = getattr(plain, function)(60, change(plain))
    assert getattr(compiled, function)(60, change(compiled)) == expected
    assert getattr(compiled, function)(60, lambda p: None) == getattr(plain, function)(60, lambda p: None)
    assert expected[0] != expected[-1] or expected[30] != expected[29]


def new_is_there(module):
    def new(cls, *args):
        made = object.__new__(cls)
        made.z = 1
        return made if args[0] % 2 else Other()

    return lambda p: setattr(module.Point, "__new__", new)


def init_gives_something(module):
    return lambda p: setattr(module.Point, "__init__", lambda self, x, y=2: x)


def init_has_other_code(module):
    def change(p):
        plain_of(module.Point.__init__).__code__ = (lambda self, x, y=2: "text").__code__

    return change


def is_abstract(module):
    return lambda p: setattr(module.Point, "__abstractmethods__", frozenset({"length"}))


@pytest.mark.parametrize("change", [new_is_there, init_gives_something, init_has_other_code, is_abstract])
def test_a_class_that_makes_its_instances_in_another_way(two, change):
    plain, compiled = two
    for module in two:
        module.wrong(60, lambda p: None)
    expected = plain.wrong(60, change(plain))
    assert compiled.wrong(60, change(compiled)) == expected
    assert len(set(expected)) > 1


def test_another_class_has_a_method_of_the_name(two):
    results = []
    for module in two:
        objects = [module.Point(3), Other(), module.Point(4.5)]
        results.append([module.of_each(objects, 20) for _ in range(3)])
    assert results[0] == results[1]


def test_keywords_and_defaults(two):
    plain, compiled = two
    assert [compiled.by_name(50) for _ in range(3)] == [plain.by_name(50)] * 3


def test_methods_called_where_exceptions_are_handled(two):
    plain, compiled = two
    for below in (0, 3, 0):
        assert compiled.steps(100, below) == plain.steps(100, below)


def test_an_instance_whose_init_raises_ends(two):
    for module in two:
        for _ in range(3):
            assert module.bad(60) == 20
        assert len(module.ended) == 180


def test_a_subclass_is_made_by_its_own_init(two):
    results = []
    for module in two:
        made = []

        class Sub(module.Point):
            def __init__(self, *args):
                made.append(args)
                super().__init__(*args)

        point, module.Point = module.Point, Sub
        results.append((module.lengths(20, lambda p: None), made))
        module.Point = point
    assert results[0] == results[1] and len(results[0][1]) == 20


def test_methods_that_never_end(two):
    for module in two:
        with pytest.raises(RecursionError):
            module.endless()


def test_references_are_as_before(two):
    compiled = two[1]
    argument = object()

    def run():
        for _ in range(200):
            compiled.one_object(4, lambda p: None)
            compiled.Point(argument)

    run()
    before = sys.getrefcount(argument), sys.getrefcount(compiled.Point)
    run()
    assert (sys.getrefcount(argument), sys.getrefcount(compiled.Point)) == before


def test_methods_are_called_natively(two):
    compiled = two[1]
    for _ in range(3):
        compiled.steps(3000, 1)
    assert compiled.Slots.step.hasten.report()["python_calls"] < 100
    versions = compiled.Slots.step.hasten.report()["versions"]
    assert any(one["within"] == "steps" for one in versions)


@pytest.mark.parametrize("returned", ["5", "self", "x", "[x]", "None if x else 0"])
def test_an_initializer_that_gives_something_is_an_error(tmp_path, returned):
    file = tmp_path / "made.py"
    file.write_text(f"class Made:\n    def __init__(self, x):\n        return {returned}\n\ndef make(x):\n    return type(Made(x))\n")
    both = []
    for jit in (lambda function: function, hasten.jit):
        namespace = {}
        exec(compile(file.read_text(), str(file), "exec"), namespace)
        namespace["Made"].__init__ = jit(namespace["Made"].__init__)
        make, told = jit(namespace["make"]), []
        for x in (1, 1, 1, 0, 0, "x"):
            try:
                told.append(make(x).__name__)
            except TypeError as error:
                told.append(str(error))
        both.append(told)
    assert both[0] == both[1]


def test_what_a_predicted_method_gives_may_be_needed_as_an_object(tmp_path):
    """Whether a NaN is in a set is asked of objects: without the prediction the method gives one."""
    file = tmp_path / "sums.py"
    file.write_text(
        textwrap.dedent("""
        class Sums:
            def __init__(self):
                self.n, self.of = 0, 0.0

            def put(self, x):
                self.n += 1
                self.of += x

            def mean(self):
                return self.of / self.n if self.n else 0.0

        def told(n):
            sums = {k: Sums() for k in "abc"}
            for i in range(n):
                sums["abc"[i % 3]].put(i * 0.5)
            found = 0
            for s in sums.values():
                if s.mean() in means:
                    found += 1
            return {k: (s.n, s.mean()) for k, s in sums.items()}, found

        means = {0.0, 249.75}
        """)
    )
    namespace = {}
    exec(compile(file.read_text(), str(file), "exec"), namespace)
    expected = namespace["told"](1000)
    for name in ("__init__", "put", "mean"):
        setattr(namespace["Sums"], name, hasten.jit(getattr(namespace["Sums"], name)))
    compiled = hasten.jit(namespace["told"])
    for _ in range(4):
        assert compiled(1000) == expected
    assert compiled.hasten.report()["refusals"] == [] and compiled.hasten.report()["versions"]
