"""Bytecode as the interpreter that runs this module makes and names it.

Only the same minor version of CPython makes the bytecode that a program ran, and knows the names of its opcodes. So
this module is also a program for another interpreter, which may have no Hasten: it imports the standard library alone.

    python -I -S disassemble.py < REQUEST > ANSWER        both JSON, see answer_to()

It is `dis` that knows, by the same names in every version that Hasten supports: `_all_opname` has the specialised
opcodes, `deoptmap` which instruction each of them stands for, `_cache_format` which instructions count towards
specialisation.
"""

import dis
import json
import sys
import types

# BINARY_OP_EXTEND (3.14+) is one form for several pairs of types, of these operators only.
_EXTENDED = {"ADD", "SUBTRACT", "MULTIPLY", "TRUE_DIVIDE", "AND", "OR", "XOR"}
_GENERIC_SUFFIX = "_ADAPTIVE"  # 3.11 has an opcode of its own for "not specialised yet, or not any more"


def answer_to(request):
    """Disassemble code objects of one source.

    request: {"source": text or None, "codes": [{"function", "first_line", "code_bytes", "line_table" in hex}, ...]}
    answer: {"python": version, "opcodes": {number: name}, "bases": {specialised name: instruction},
             "codes": [instructions or None for code that this source does not have]}
    """
    wanted = [
        (code["function"], code["first_line"], code["code_bytes"], bytes.fromhex(code["line_table"]))
        for code in request["codes"]
    ]
    source = request["source"]
    found = _found(source.removeprefix("\ufeff"), set(wanted)) if source is not None else {}
    return {
        "python": sys.version.split()[0],
        "opcodes": {
            number: name for number, name in enumerate(dis._all_opname[:256]) if not name.startswith("<")
        },
        "bases": dis.deoptmap,
        "codes": [_instructions(found[key]) if key in found else None for key in wanted],
    }


def _found(source, wanted):
    """The wanted code objects, by the optimisation (-O, -OO) that has them."""
    import warnings

    found = {}
    for optimize in (0, 1, 2):
        if len(found) == len(wanted):
            break
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the program's run has shown them
                module = compile(source, "<source>", "exec", dont_inherit=True, optimize=optimize)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            break
        for code in _code_objects(module):
            key = (code.co_qualname, code.co_firstlineno, len(code.co_code), code.co_linetable)
            if key in wanted:
                found.setdefault(key, code)
    return found


def _code_objects(module):
    waiting = [module]
    while waiting:
        code = waiting.pop()
        yield code
        waiting.extend(constant for constant in code.co_consts if isinstance(constant, types.CodeType))


def _instructions(code):
    """Every instruction: its offset, name, argument as dis shows it, label if it is jumped to, and the names of the
    specialised forms that it could have taken, with those that it might have been generic under."""
    instructions = list(dis.get_instructions(code))
    following = [*(instruction.opname for instruction in instructions[1:]), ""]
    rows = []
    for instruction, next_name in zip(instructions, following):
        row = {"offset": instruction.offset, "name": instruction.opname}
        if instruction.arg is not None:
            row["argument"] = f"{instruction.arg} ({instruction.argrepr})" if instruction.argrepr else str(instruction.arg)
        if instruction.is_jump_target:
            label = getattr(instruction, "label", None)
            row["label"] = f"L{label}:" if label is not None else ">>"
        forms = _forms(instruction.opname, instruction.arg, next_name)
        if forms:
            row["forms"] = forms
        rows.append(row)
    return rows


def _forms(name, argument, next_name):
    """The specialised opcodes that an instruction could become, whatever it is given."""
    if "counter" not in dis._cache_format.get(name, {}):
        return []  # fused with a neighbour at best, which says nothing of what it was given
    forms = [form for form in dis._specializations.get(name, ()) if form != name + _GENERIC_SUFFIX]
    if name == "BINARY_OP":
        operation = dis._nb_ops[argument][0].removeprefix("NB_").removeprefix("INPLACE_")
        forms = [
            form for form in forms if f"_{operation}_" in form or (form == "BINARY_OP_EXTEND" and operation in _EXTENDED)
        ]
    if not next_name.startswith("POP_JUMP"):
        forms = [form for form in forms if not form.endswith("_JUMP")]
    return forms


if __name__ == "__main__":
    json.dump(answer_to(json.load(sys.stdin)), sys.stdout)
