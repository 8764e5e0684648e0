"""Sorting only to take the first few elements becomes a heap of that few.

What it sees: `sorted(x)[:k]`, also with key= and reverse=, where k is a positive literal or a name.
Evidence needed: the line's time gives a ceiling above 1.1; a name k is an int at every judged call.
Why it is slow: sorting makes n*log2(n) comparisons, the k smallest need little more than n.
Prescription: heapq.nsmallest(k, x), with reverse=True heapq.nlargest(k, x); both keep the order of equal elements
as sorted does. For a name k a negative one still sorts, because sorted(x)[:-1] is all but the last.
A heap pays from some hundreds of elements; the number for 5 of them is measured on this machine (prices.py), and where a named
list is shorter in the watched run, nothing is tried.
Expected gain: 1/(1-p+p/f), f from 0.7 (x is in order already, which sorting sees at once) through 3.7 (5 of
100 000 numbers) to 14.
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: NaN among the elements, whose place depends on which comparisons are made; a __lt__ that counts or
prints.
Sources: docs.python.org/3/library/heapq.html#heapq.nsmallest ("Equivalent to: sorted(iterable, key=key)[:n]").
"""

import libcst as cst

from hasten.fix.rules.break_even import HEAD
from hasten.fix.rules.context import Prescription
from hasten.fix.rules.module_level import need
from hasten.fix.rules.selection import sized_names, sorted_call

KIND = "heap for sorting"
FACTORS = (0.7, 14.0)


def find(context):
    source = context.source
    for node in context.inside_function(cst.Subscript):
        k = _head(node)
        found = sorted_call(context, node.value) if k is not None else None
        if found is None or isinstance(context.parent(node), (cst.Del, cst.AssignTarget)):
            continue
        iterable, key, is_reverse = found
        module, additions, names = need(context, "heapq")
        count = source.code(k)
        arguments = f"{count}, {iterable}" + (f", key={key}" if key is not None else "")
        function = "nlargest" if is_reverse else "nsmallest"
        text = f"{module}.{function}({arguments})"
        requires = {}
        if isinstance(k, cst.Name):
            if not context.is_seen(k.value, ["int"]):
                continue  # its type at the call is not seen
            requires[k.value] = ["int"]
            text = f"({text} if {count} >= 0 else {source.code(node)})"
        yield Prescription(KIND, f"heapq.{function}() instead of sorting all", source.line(node),
                           [source.replace(node, text)], source.lines(node), additions=additions, added_names=names,
                           requires=requires, not_for=("nan",), pays="heap",
                           sized=sized_names(node.value) if isinstance(k, cst.Integer) and int(k.value) >= HEAD else ())


def _head(node):
    """k of `[:k]`, a positive literal or a name; else None."""
    if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Slice):
        return None
    part = node.slice[0].slice
    if part.step is not None or part.upper is None or not (
            part.lower is None or isinstance(part.lower, cst.Integer) and part.lower.value == "0"):
        return None
    k = part.upper
    return k if isinstance(k, cst.Name) or isinstance(k, cst.Integer) and k.value.isdigit() and int(k.value) > 0 else None
