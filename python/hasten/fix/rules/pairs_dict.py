"""A search by key through a list of pairs becomes a look-up in a dictionary.

What it sees: in a loop, `for k, v in pairs: if k == key: ...; break`, or `next((v for k, v in pairs if k == key), default)`,
where the outer loop does not change pairs; and the same, ending in return, over a module's constant list.
Evidence needed: the inner loop's lines give a ceiling above 1.1; pairs is a list or tuple at every judged call.
Why it is slow: the list is searched from its beginning, some 30 ns for each pair.
Prescription: a dict of the pairs before the outer loop (of equal keys the first counts, as the search has it), and a look-up.
Expected gain: 1/(1-p+p/f), f from 0.7 (two pairs) through 48 (200 searches among 3000) to 500.
How it is verified: recorded calls in forked copies, then whole-program runs.
When it is wrong: keys that cannot be hashed (TypeError); classes whose __eq__ and __hash__ disagree, NaN; k or v used
elsewhere in the function, or k in the branch itself (it would be the key asked for, not the equal one found):
these are left alone.
Sources: wiki.python.org/moin/TimeComplexity.
"""

import libcst as cst

from hasten.fix.rules import prices
from hasten.fix.rules.context import Prescription, Remark, walk
from hasten.fix.rules.membership_set import is_list
from hasten.fix.rules.module_level import module_assignment
from hasten.fix.rules.values import SEQUENCES, is_constant, is_simple, local_values, names_in
from hasten.fix.source import Edit

KIND = "dict for pairs"
FACTORS = (0.7, 500.0)


def find(context):
    for loop in context.inside_function(cst.For):
        found = _search_loop(context, loop)
        if found is not None:
            yield from _prescribe(context, loop, *found)
    for call in context.inside_function(cst.Call):
        found = _search_next(context, call)
        if found is not None:
            yield from _prescribe(context, call, *found)


def _pair_names(target):
    if isinstance(target, cst.Tuple) and len(target.elements) == 2 and all(
            isinstance(e, cst.Element) and isinstance(e.value, cst.Name) for e in target.elements):
        first, second = (e.value.value for e in target.elements)
        return (first, second) if first != second else None
    return None


def _key_asked(test, k):
    """What k is compared with in `k == key` or `key == k`, or None."""
    if not (isinstance(test, cst.Comparison) and len(test.comparisons) == 1
            and isinstance(test.comparisons[0].operator, cst.Equal)):
        return None
    sides = [test.left, test.comparisons[0].comparator]
    for own, other in (sides, sides[::-1]):
        if isinstance(own, cst.Name) and own.value == k and is_simple(other) and k not in names_in(other):
            return other
    return None


def _search_loop(context, loop):
    """(pairs name, key, edit(map name) -> edits) of a search loop, or None."""
    names = _pair_names(loop.target)
    if names is None or not isinstance(loop.iter, cst.Name) or loop.asynchronous is not None or len(loop.body.body) != 1:
        return None
    k, v = names
    test = loop.body.body[0]
    if not isinstance(test, cst.If) or test.orelse is not None or not isinstance(test.body, cst.IndentedBlock):
        return None
    key = _key_asked(test.test, k)
    if key is None or v in names_in(key):
        return None
    *before, last = test.body.body
    if not (isinstance(last, cst.SimpleStatementLine) and len(last.body) == 1 and isinstance(last.body[0], (cst.Break, cst.Return))):
        return None
    if any(True for s in before for _ in walk(s, (cst.Break, cst.Continue, cst.Return))):
        return None
    if context.bindings(k, within=test) or context.bindings(v, within=test):
        return None
    inside = len(context.uses(v, loop))
    if context.uses(k, test.body) or len(context.uses(v, context.node)) != inside or len(
            context.uses(k, context.node)) != len(context.uses(k, loop)) or context.captured(v) or context.captured(k):
        return None
    source = context.source
    text = source.text.encode("utf-8", "surrogatepass")
    if any("\n" in source.code(s) for s in walk(test.body, (cst.SimpleString, cst.FormattedString))):
        return None  # its lines must not move
    if isinstance(last.body[0], cst.Return) and loop.orelse is not None:
        return None

    def edits(map_name):
        indent = source.indent_of(loop)
        key_text = source.code(key)
        keep = test.body.body if isinstance(last.body[0], cst.Return) else before
        lines = [f"if {key_text} in {map_name}:"]
        if context.uses(v, test.body):
            inner = source.indent_of(test)[len(indent):]
            lines.append(f"{indent}{inner}{v} = {map_name}[{key_text}]")
        elif not keep:
            lines.append(f"{indent}{source.indent_of(test)[len(indent):]}pass")
        test_line = source.line(test)
        header = source.newline.join(lines) + source.newline
        out = [Edit(source.span(loop)[0], source.line_start(test_line + 1), header)]
        deep = len(source.indent_of(test.body.body[0])) - len(source.indent_of(test))
        last_line = source.lines(test.body.body[-1])[1]
        for number in range(test_line + 1, last_line + 1):
            at = source.line_start(number)
            if number >= source.line(last) and isinstance(last.body[0], cst.Break):
                out.append(Edit(at, source.line_start(number + 1), ""))
            elif text[at:at + deep].strip() == b"":
                out.append(Edit(at, at + min(deep, len(text[at:].split(b"\n", 1)[0])), ""))
        return out

    headers = source.text.splitlines()[source.line(loop) - 1:source.line(test)]
    if len(headers) != 2 or not all(h.rstrip().endswith(":") for h in headers):
        return None  # a comment there would be lost
    return loop.iter.value, key, edits


def _search_next(context, call):
    """The same of `next((v for k, v in pairs if k == key), default)`."""
    if not (isinstance(call.func, cst.Name) and call.func.value == "next" and context.is_builtin("next") and len(call.args) == 2
            and not any(a.keyword or a.star for a in call.args)):
        return None
    search, default = call.args[0].value, call.args[1].value
    if not isinstance(search, cst.GeneratorExp) or not is_simple(default):
        return None
    part = search.for_in
    names = _pair_names(part.target)
    if names is None or part.inner_for_in is not None or len(part.ifs) != 1 or not isinstance(part.iter, cst.Name) or not (
            isinstance(search.elt, cst.Name) and search.elt.value == names[1]):
        return None
    key = _key_asked(part.ifs[0].test, names[0])
    if key is None or names[1] in names_in(key):
        return None
    source = context.source
    more = "" if source.code(default) == "None" else f", {source.code(default)}"
    return part.iter.value, key, lambda name: [source.replace(call, f"{name}.get({source.code(key)}{more})")]


def _prescribe(context, node, pairs, key, edits):
    source = context.source
    lines = source.lines(node)
    requires, additions, added = {}, [], ()
    outer = [a for a in context.ancestors(node) if isinstance(a, (cst.For, cst.While))]
    map_name = context.fresh_name(f"{pairs}_by_key")
    build = [f"{map_name} = {{}}", f"for pair_key, pair_value in {pairs}:", f"    {map_name}.setdefault(pair_key, pair_value)"]
    known = context.bindings(pairs)
    made = []
    if pairs not in context.parameters and not known:
        found = module_assignment(context, pairs)
        if found is None or not _is_constant_pairs(found[1]) or any(
                context.mutated_in(pairs, s) for s in context.source.wrapper.module.body if s is not found[0]):
            return
        least = prices.pays_from("dict", ["tuple"])
        if least is not None and len(found[1].elements) < least:
            yield Remark(KIND, lines[0], f"n is {len(found[1].elements)}; {prices.pays_text('dict')}", lines)
            return
        map_name = context.fresh_name(f"{pairs}_BY_KEY" if pairs.isupper() else f"{pairs}_by_key")
        additions = [source.insert_after(found[0], [f"{map_name} = {{k: v for k, v in reversed({pairs})}}"])]
        added = (map_name,)
        requires[pairs] = SEQUENCES
    else:
        if not outer or context.captured(pairs):
            return
        place = outer[-1]
        while outer and (not isinstance(context.parent(place), cst.IndentedBlock) or not context.is_steady(pairs, place)
                         or context.mutated_in(pairs, place) or _is_in_iter(context, node, place)):
            outer.pop()
            place = outer[-1] if outer else None
        if place is None:
            return
        if known:
            values = local_values(context, pairs)
            if values is None or not all(is_list(context, v) for v in values):
                return
        elif not context.is_seen(pairs, SEQUENCES):
            return
        else:
            requires[pairs] = SEQUENCES
        for i, line in enumerate(build):
            build[i] = line.replace("pair_key", context.fresh_name("pair_key")).replace(
                "pair_value", context.fresh_name("pair_value"))
        made = [source.insert_before(place, build)]
    yield Prescription(KIND, f"`{pairs}` searched by key", lines[0], made + edits(map_name), lines, additions=additions,
                       added_names=added, requires=requires, not_for=("nan",), sized=tuple(requires), pays="dict")


def _is_in_iter(context, node, loop):
    child = node
    for ancestor in context.ancestors(node):
        if ancestor is loop:
            return isinstance(loop, cst.For) and child is loop.iter
        child = ancestor
    return False


def _is_constant_pairs(value):
    return isinstance(value, (cst.List, cst.Tuple)) and len(value.elements) > 0 and all(
        isinstance(e.value, cst.Tuple) and len(e.value.elements) == 2 and is_constant(e.value) for e in value.elements)
