"""As scopes.py, with annotations that are not evaluated."""

from __future__ import annotations

jit = globals().get("jit", lambda function: function)


@jit
def make(a):
    def function(x: undefined[int, "y"] = a, *xs: (1, 2), k: lambda q: {q: [*xs]} = 1) -> a.b | None:  # noqa: F821
        return x, k

    return function


def scenario_texts_of_annotations():
    function = make(3)
    return function.__annotations__, function(), function.__defaults__
