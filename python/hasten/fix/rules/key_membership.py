"""A key is looked up in the dictionary or set itself, not in a copy of it.

What it sees: `k in list(d)`, `k in d.keys()`, `k in list(d.keys())`, `k in tuple(d)`, `k in set(d)`, and the same with
`not in`, where d is a dict or a set.
Evidence needed: the test's lines give a ceiling above 1.1; a parameter or global is a dict or set at every judged call.
Why it is slow: each test copies all keys and then searches them from the beginning; a look-up costs one or two
places. `d.keys()` copies nothing and costs only the call.
Prescription: `k in d`.
Expected gain: 1/(1-p+p/f), f from 1.3 (`.keys()`) to 13000 (a list of 100 000 keys).
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: a k without a hash (a list answers False, a dict raises TypeError); classes whose __eq__ and
__hash__ disagree; a class of one's own whose keys() are not what `in` tests. Text is never such a d: `"ab" in "abc"`.
Sources: ruff SIM118; docs.python.org/3/library/stdtypes.html#dict.
"""

import libcst as cst

from hasten.fix.rules.context import Prescription
from hasten.fix.rules.values import MAPPINGS, SETS, builtin_call, is_keyed, is_surely, method_call

KIND = "key looked up directly"
FACTORS = (1.3, 13000.0)
_COPIES = ("list", "tuple", "set", "frozenset")


def find(context):
    source = context.source
    for test in context.inside_function(cst.Comparison):
        target = test.comparisons[0]
        if len(test.comparisons) != 1 or not isinstance(target.operator, (cst.In, cst.NotIn)):
            continue
        inner, requires = _container(context, target.comparator)
        if inner is not None:
            text = source.code(inner)
            yield Prescription(KIND, f"looked up in `{text}` itself", source.line(test),
                               [source.replace(target.comparator, text)], source.lines(test), requires=requires)


def _container(context, node):
    """(what to search in, the types that it must have), or (None, None)."""
    if node.lpar if hasattr(node, "lpar") else False:
        return None, None
    keys_of, _ = method_call(node, "keys", 0)
    if keys_of is not None:
        return keys_of, {}
    name, values = builtin_call(context, node, _COPIES, 1)
    if name is None:
        return None, None
    keys_of, _ = method_call(values[0], "keys", 0)
    if keys_of is not None:
        return keys_of, {}
    inner = values[0]
    if isinstance(inner, cst.Name) and context.is_seen(inner.value, MAPPINGS + SETS):
        return inner, {inner.value: MAPPINGS + SETS}
    if isinstance(inner, (cst.Name, cst.Attribute)) and is_surely(context, inner, is_keyed):
        return inner, {}
    return None, None
