"""Whether a wrong variant of a function differs on its program's own data, and at which calls.

It shares no code with the judge of hasten.fix: the variant is put under the function's name in the loaded module, main() is run, and
every call is written down as text: what came of it, what it left of its arguments, of the module's data and of what libraries
keep. Old and new run in processes that are forked from the same one, so that hashes and addresses agree. Wrong when: a program's calls
differ by themselves (then it says so), or what differs lies in an object whose attributes Python cannot list.
"""

from __future__ import annotations

import ast
import collections
import hashlib
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import types

CHANNELS = ("result", "exception", "arguments", "state", "output")
_KEPT_FROM = CHANNELS.index("arguments")  # from here on a difference stays for all later calls
RUN_S_MOST = 20
_ATOMS = (int, bool, str, bytes, float, complex, type(None), range)
_GENERATOR = 0x20  # CO_GENERATOR
_WORDLESS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type)


def functions_of(tree, prefix=""):
    """(qualified name, node) of all functions at the top and in classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from functions_of(node, f"{prefix}{node.name}.")


def truths(path, pairs):
    """For each (old, new): {calls, differ, first, channels}, from a process of its own. Raises ValueError if it fails."""
    done = subprocess.run([sys.executable, __file__, str(path), json.dumps(pairs)], capture_output=True, text=True,
                          env={**os.environ, "PYTHONHASHSEED": "1"})
    if done.returncode != 0:
        raise ValueError(f"{path.name}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    return json.loads(done.stdout)


class Text:
    """A value as text: exact types, floats bit by bit, orders, and which mutable objects are one and the same."""

    def __init__(self):
        self._numbers = {}
        self._parts = []

    @classmethod
    def digest(cls, *values):
        self = cls()
        for value in values:
            self.add(value)
        return hashlib.blake2b("".join(self._parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    def add(self, value):
        kind = type(value)
        put = self._parts.append
        if kind is float:
            return put(f"float {struct.pack('<d', value).hex()} ")
        if kind in _ATOMS:
            return put(f"{kind.__name__} {value!r} ")
        if isinstance(value, _WORDLESS):
            return put(f"{kind.__name__} {getattr(value, '__name__', '')} ")
        if kind not in (tuple, frozenset):
            known = self._numbers.get(id(value))
            if known is not None:
                return put(f"#{known[0]} ")
            self._numbers[id(value)] = len(self._numbers), value  # kept, so that its address does not come again
        put(f"{kind.__module__}.{kind.__qualname__} ")
        if isinstance(value, dict):
            items = [part for pair in dict.items(value) for part in pair]
        elif isinstance(value, (list, tuple, set, frozenset, collections.deque)):
            items = list(value)
        elif isinstance(value, BaseException):
            items = [value.args, value.__cause__]
        elif isinstance(value, (bytearray, memoryview)):
            items = [bytes(value)]
        else:
            items = []
        put(f"({len(items)} ")
        for item in items:
            self.add(item)
        for name in [n for base in kind.__mro__ for n in base.__dict__.get("__slots__", ()) if hasattr(value, n)]:
            self.add(getattr(value, name))
        if isinstance(getattr(value, "__dict__", None), dict):
            self.add(dict(vars(value)))
        elif not items and hasattr(kind, "__reduce__") and kind.__module__ in ("decimal", "datetime", "fractions", "array"):
            put(repr(value))
        put(") ")
        return None


def state_of(module, hot):
    """What a call can leave outside of its result and arguments."""
    data = {}
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            data[name] = {n: v for n, v in vars(value).items() if not n.startswith("__") and not isinstance(v, (_WORDLESS, staticmethod))}
        elif not name.startswith("__") and not isinstance(value, _WORDLESS):
            data[name] = value
    libraries = [hash(random.getstate())]
    if "decimal" in sys.modules:
        libraries.append(repr(sys.modules["decimal"].getcontext()))
    if "locale" in sys.modules:
        libraries.append(sys.modules["locale"].setlocale(sys.modules["locale"].LC_ALL))
    return data, hot.__defaults__, libraries, hash(tuple(os.environ.items())), os.getcwd(), sys.getrecursionlimit()


class Trace:
    """The calls of one function in one run of main()."""

    def __init__(self, module, out):
        self._module = module
        self._out = out
        self.calls = []

    def wrap(self, function):
        depth = 0

        def traced(*args, **kwargs):
            nonlocal depth
            depth += 1
            result = error = None
            try:
                result = function(*args, **kwargs)
                if isinstance(result, types.GeneratorType):
                    result = consumed(result)
            except Exception as raised:
                error = raised
            depth -= 1
            if not depth:
                sys.stdout.flush()
                # A result that is an argument is another one than a copy of it.
                alias = [] if isinstance(result, _ATOMS) else [i for i, value in enumerate(args) if value is result]
                self.calls.append((Text.digest(result, alias), Text.digest(error), Text.digest(args, kwargs),
                                   Text.digest(state_of(self._module, function)), str(self._out.tell())))
            if error is not None:
                raise error
            return replayed(*result) if function.__code__.co_flags & _GENERATOR else result
        return traced


def consumed(generator):
    """(its items, what it returns)."""
    items = []
    while True:
        try:
            items.append(next(generator))
        except StopIteration as end:
            return items, end.value


def replayed(items, value):
    yield from items
    return value


def run(path, old, new):
    """The calls of a run in which `new` stands under the name `old`; the last entry is the run's end. Called in a fork."""
    random.seed(1)  # a forked child seeds anew
    out = tempfile.TemporaryFile("w+")
    os.dup2(out.fileno(), 1)
    sys.stdout = out
    module = types.ModuleType("planted_program")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    exec(compile(path.read_text(), str(path), "exec", dont_inherit=True), module.__dict__)
    owner = module
    *classes, name = old.split(".")
    for word in classes:
        owner = getattr(owner, word)
    hot = vars(owner)[new.rpartition(".")[2]]
    kind = type(hot) if isinstance(hot, (staticmethod, classmethod)) else (lambda function: function)
    trace = Trace(module, out)
    setattr(owner, name, kind(trace.wrap(getattr(hot, "__func__", hot))))
    end = ""
    try:
        module.main()
    except SystemExit as error:
        end = f"exit {error.code}"
    except Exception as error:
        end = f"{type(error).__name__}: {error}"
    out.flush()
    out.seek(0)
    return [*trace.calls, (end, hashlib.sha256(out.read().encode()).hexdigest())]


def forked_run(path, old, new):
    with tempfile.TemporaryFile("w+") as answer:
        pid = os.fork()
        if pid == 0:
            signal.alarm(RUN_S_MOST)
            try:
                json.dump(run(path, old, new), answer)
                answer.flush()
            finally:
                os._exit(0)
        if os.waitpid(pid, 0)[1]:
            raise SystemExit(f"{path.name} with {new} did not come to its end within {RUN_S_MOST} s")
        answer.seek(0)
        return [tuple(call) for call in json.load(answer)]


def compared(before, after):
    """{calls, differ, first, channels} of two runs; a call that only one of them makes differs.

    Arguments, state and output that differ already before a call are not counted as this call's difference.
    """
    *before, before_end = before
    *after, after_end = after
    numbers, left = [], ()
    for i in range(max(len(before), len(after))):
        one, other = before[i:i + 1], after[i:i + 1]
        if one != other and (not one or not other or one[0][:_KEPT_FROM] != other[0][:_KEPT_FROM] or not left):
            numbers.append(i)
        left = one and other and one[0][_KEPT_FROM:] != other[0][_KEPT_FROM:]
    channels = []
    if numbers and numbers[0] < min(len(before), len(after)):
        sides = before[numbers[0]], after[numbers[0]]
        channels = [name for name, one, other in zip(CHANNELS, *sides) if one != other]
    elif before_end != after_end:
        channels = ["end of the program"]
    return {"calls": len(before), "differ": len(numbers) or int(before_end != after_end),
            "first": numbers[0] + 1 if numbers else len(before), "channels": channels,
            "output": before_end[1] != after_end[1]}


def main():
    from pathlib import Path

    path, pairs = Path(sys.argv[1]), json.loads(sys.argv[2])
    out, olds = [], {}
    for old, new in pairs:
        if old not in olds:
            olds[old] = forked_run(path, old, old)
            if forked_run(path, old, old) != olds[old]:
                raise SystemExit(f"{path.name}: the calls of {old} differ from run to run")
        out.append(compared(olds[old], forked_run(path, old, new)))
    print(json.dumps(out))


if __name__ == "__main__":
    main()
