"""A code object that hands its arguments to a compiled function. Put into a function, it is what every call of it runs.

It has the signature of the original, so CPython binds the arguments, with the defaults as they are. And it is not there for
whoever looks at frames: without the instruction that begins a function (RESUME), CPython takes a frame for one that is still
being made, shows it neither in tracebacks nor to sys._getframe, and tells no trace function of it.
"""

from opcode import opmap

_VARARGS, _VARKEYWORDS = 4, 8


def trampoline_for(code, compiled):
    """The trampoline of `compiled`, which takes what functions of this code take."""
    count = code.co_argcount + code.co_kwonlyargcount
    names = [f"_{i}" for i in range(count)]
    parameters = names[: code.co_argcount]
    arguments = list(parameters)
    if code.co_posonlyargcount:
        parameters.insert(code.co_posonlyargcount, "/")
    real = list(code.co_varnames[:count])
    if code.co_flags & _VARARGS:
        parameters.append("*_more")
        arguments.append("*_more")
        real.append(code.co_varnames[count])
    elif code.co_kwonlyargcount:
        parameters.append("*")
    parameters += names[code.co_argcount :]
    arguments += [f"{name}={own}" for name, own in zip(code.co_varnames[code.co_argcount : count], names[code.co_argcount :])]
    if code.co_flags & _VARKEYWORDS:
        parameters.append("**_named")
        arguments.append("**_named")
        real.append(code.co_varnames[len(real)])
    namespace = {}
    exec(f"def f({', '.join(parameters)}): return _callee({', '.join(arguments)})", namespace)
    made = namespace["f"].__code__
    return made.replace(
        co_code=_calling_constant(made.co_code, len(made.co_consts)),
        co_consts=(*made.co_consts, compiled),
        co_names=(),
        co_varnames=tuple(real),
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
    )


def _calling_constant(instructions, constant):
    """Without RESUME, and with the constant in the place of the global that is called."""
    kept = bytearray()
    at = 0
    while at < len(instructions):
        operation = instructions[at]
        if operation == opmap["LOAD_GLOBAL"]:
            for one in _ORDER:
                kept += bytes((opmap[one], constant if one == "LOAD_CONST" else 0))
            at += 2
            while instructions[at] == opmap["CACHE"]:
                at += 2
            continue
        if operation != opmap["RESUME"]:
            kept += instructions[at : at + 2]
        at += 2
    return bytes(kept)



def _order():
    """In which order this version's stack has a callee and the NULL beside it."""

    def calls_its_argument(callee):
        return callee()

    instructions = calls_its_argument.__code__.co_code[::2]
    null, load = instructions.index(opmap["PUSH_NULL"]), instructions.index(opmap["LOAD_FAST"])
    return ("PUSH_NULL", "LOAD_CONST") if null < load else ("LOAD_CONST", "PUSH_NULL")


_ORDER = _order()
