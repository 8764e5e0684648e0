"""A candidate from somebody's own rewrite of a function, to be judged like one that a rule proposes."""

from __future__ import annotations

import math
import textwrap

import libcst as cst

from hasten.errors import HastenError
from hasten.fix.candidates import Candidate, Proposal
from hasten.fix.rules.context import Prescription
from hasten.fix.source import SourceFile


def given_rewrite(path, qualname, new_text, *, raw=None, share=1.0):
    """A Proposal with one candidate: the function `qualname` of a file, replaced by the def in `new_text`.

    Raises: HastenError if there is no such function, or if the new one takes other arguments (its calls
    could not be judged one for one).
    """
    source = SourceFile.read(path) if raw is None else SourceFile.from_bytes(path, raw)
    found = [f for f in source.functions if f.qualname == qualname]
    if len(found) != 1:
        raise HastenError(f"{path} defines {qualname} {len(found)} times; it must be once")
    function = found[0]
    indent = source.indent_of(function.node)
    new_text = textwrap.dedent(new_text).strip("\n")
    try:
        new = cst.parse_statement(new_text + "\n")
    except cst.ParserSyntaxError as error:
        raise HastenError(f"the new {qualname} cannot be parsed ({str(error).splitlines()[0]})") from None
    if not isinstance(new, cst.FunctionDef) or not new.params.deep_equals(function.node.params):
        raise HastenError(f"the new text must define {function.node.name.value} with the same parameters")
    body = new_text.replace("\n", "\n" + indent).replace("\n" + indent + "\n", "\n\n")
    edit = source.replace(function.node, body.replace("\n", source.newline))
    prescription = Prescription("given", "a given rewrite", function.def_line, [edit],
                                (function.first_line, function.last_line))
    candidate = Candidate("given", source, function, prescription, share, math.inf, (1.0, math.inf), True)
    return Proposal([candidate], [], {path: source})
