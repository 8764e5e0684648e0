"""Runs inside the program: finds hot functions, compiles them, and tells of it. Standard library and hasten._runtime alone.

Everything here is called at a safe point of the main thread. The program's own functions stay the objects that they are: only
what they run is replaced, by a trampoline (trampoline.py) to the compiled function, which runs a private copy of the
original where it runs Python. Whoever assigns to __code__ or __defaults__ of the function thereby has it as plain Python again, or with other
defaults.
"""

import os
import sys
import types
import weakref

THRESHOLD = 5  # samples until a function is looked at
SHARE_OF_CPU = 0.01  # what compiling may take of the program's CPU time
SHARE_FOR_HOT = 0.01  # and besides, for a function that has a quarter of all samples
SHARE_BEHIND = 0.1  # and on another processor, where there is one, in the background; then half of the former
FIRST_COMPILATION_S = 0.01  # loading the compiler: some 4 ms if it is in memory
SECONDS_A_BYTE = 1e-4  # of a function's bytecode, before it is known of this program: 20 to 200 us in those of pyperformance
FIRST_IN_FRONT, IN_FRONT = 0.4, 0.1  # of these seconds, where the rest is done in the background
BYTES_TO_LEARN = 1000  # so many weigh as much as what was taken for granted

state = types.SimpleNamespace(folder="", eager=False, behind=False, runtime=None, stopped=False, file=None, pid=0, compilations=0, bytes=0, parents_compile_s=0.0)
companions = weakref.WeakKeyDictionary()  # function -> (its code, the compiled function that runs a private copy of it, or None)
taken = {}  # id of the private copy -> (weak reference to the function, copy, compiled, trampoline, samples)
allowed = set()  # code objects that wait for their turn: looking at all that a function calls takes some 100 us
parents_figures = {}  # id of the private copy -> its figures when this process was forked
RealFunction = types.FunctionType


def begin(folder, package, manner):
    state.folder = folder
    state.eager = manner == "eager"
    tell({"note": ""})
    if hasattr(sys, "gettrace") and (sys.gettrace() or sys.getprofile()):
        return note("a trace or profile function was set before the program began: nothing was compiled")
    runtime = load(package)
    if runtime is None:
        return None
    state.runtime = runtime
    state.behind = os.environ.get("HASTEN_JIT_BACKGROUND", "1") == "1" and not state.eager and len(os.sched_getaffinity(0)) > 1
    if not runtime.watch_hot(decide, lost, traced, companion, 1 if state.eager else THRESHOLD):
        return note("the probe does not measure this process: nothing was compiled")
    hear(runtime)
    import atexit

    atexit.register(end)  # the first of all, so the last to be called
    os.register_at_fork(after_in_child=in_forked_child)
    return None


def hear(runtime):
    """Of whoever traces, and of whoever looks at frames."""
    there = "_lsprof" in sys.modules
    import _lsprof

    if not there:  # its table of methods stays, for whoever imports it
        del sys.modules["_lsprof"]
    monitoring = getattr(sys, "monitoring", None)
    for callable in (sys.settrace, sys.setprofile, _lsprof.Profiler.enable, getattr(monitoring, "register_callback", None),
                     getattr(sys, "_setprofileallthreads", None), getattr(sys, "_settraceallthreads", None)):  # fmt: skip
        if callable is not None and not runtime.hear_of(callable, True):
            note(f"{callable} cannot be heard of")
            traced()
    for callable in (sys._getframe, sys._current_frames, getattr(sys, "_getframemodulename", None)):
        if callable is not None and not runtime.hear_of(callable, False):
            note(f"{callable} cannot be heard of")
            traced()


def load(package):
    """hasten._runtime and _compile, which the program does not see among its modules."""
    from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
    from importlib.util import module_from_spec

    before = {name: module for name, module in sys.modules.items() if name == "hasten" or name.startswith("hasten.")}
    try:
        root = types.ModuleType("hasten")
        root.__path__ = [package]
        root.__spec__ = ModuleSpec("hasten", None, is_package=True)
        sys.modules["hasten"] = root
        spec = PathFinder.find_spec("hasten._runtime", [package])
        if spec is None or not isinstance(spec.loader, ExtensionFileLoader):
            return note(f"Hasten's compiler is not built for Python {sys.version.split()[0]}: nothing was compiled")
        runtime = module_from_spec(spec)
        spec.loader.exec_module(runtime)
        sys.modules["hasten._runtime"] = root._runtime = runtime
        return runtime
    except ImportError as error:
        return note(f"Hasten's compiler cannot be loaded: {error}")
    finally:
        leave(before)


def leave(before):
    for name in [name for name in sys.modules if name == "hasten" or name.startswith("hasten.")]:
        if name in before:
            sys.modules[name] = before[name]
        else:
            state.__dict__.setdefault("modules", {})[name] = sys.modules.pop(name)


def decide(function, samples, all_samples, many):
    """Compile it? The number of samples at which to ask again, or None."""
    try:
        return None if state.stopped else decided(function, samples, all_samples, many)
    except BaseException as error:  # this is no place for an exception, and one that is near (RecursionError) is none of the function's
        note(f"{type(error).__name__} where a function was to be compiled: {error}")
        return None


def decided(function, samples, all_samples, many):
    if type(function) is not RealFunction:
        return None
    code = function.__code__
    later = samples + max(5, samples // 4)
    can_pay = state.eager or affordable(code, samples / max(1, all_samples))
    if not can_pay and code in allowed and not many:
        return later
    reason = "it is made anew at each use" if many else why_not(function, state.runtime.was_looked_at)
    if reason:
        return refuse(code, reason, samples)
    if not can_pay:
        allowed.add(code)
        return later
    if state.behind and not state.runtime.is_compiler_near():
        return samples + 1
    install(function, code, samples)
    return None


def affordable(code, share):
    import time

    cpu = time.process_time()
    spent, behind = state.runtime.compile_seconds()
    size = len(code.co_code)
    if state.behind and behind + SECONDS_A_BYTE * size > cpu * SHARE_BEHIND:
        return False
    first, part, shares = (FIRST_IN_FRONT, IN_FRONT, 0.5) if state.behind else (1.0, 1.0, 1.0)
    seconds_a_byte = (part * SECONDS_A_BYTE * BYTES_TO_LEARN + spent) / (BYTES_TO_LEARN + state.bytes)
    next_one = first * FIRST_COMPILATION_S * (not state.compilations) + seconds_a_byte * size
    return spent + next_one <= cpu * shares * (SHARE_OF_CPU + (SHARE_FOR_HOT if share >= 0.25 else 0.0))


def install(function, code, samples):
    if not state.compilations:
        load_compiler()
    state.compilations += 1
    state.bytes += len(code.co_code)
    compiled = companions.get(function, (None, None))[1]
    if compiled is None or companions[function][0] is not code:
        compiled = made_unseen(function, code)
        companions[function] = code, compiled
    copy = compiled.__wrapped__
    trampoline = trampoline_for(code, compiled)
    taken[id(copy)] = (weakref.ref(function), copy, compiled, trampoline, samples)
    function.__code__ = trampoline
    tell_figures(taken[id(copy)], "compiled")


def made_unseen(function, code):
    copy = RealFunction(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    copy.__module__ = function.__module__
    return state.runtime.make_unseen(copy, state.behind)


def companion(function):
    """What native code calls in place of the function, or None: then the call goes through CPython."""
    try:
        if state.stopped or type(function) is not RealFunction:
            return None
        code = function.__code__
        of_code, compiled = companions.get(function, (None, None))
        if of_code is not code:
            compiled = None if why_not(function, state.runtime.was_looked_at) else made_unseen(function, code)
            companions[function] = code, compiled
        return compiled
    except BaseException as error:
        note(f"{type(error).__name__} where a callee was to be compiled: {error}")
        return None


def load_compiler():
    """Under the name by which the runtime looks for it, and only for that long in sys.modules."""
    before = {name: module for name, module in sys.modules.items() if name == "hasten" or name.startswith("hasten.")}
    try:
        sys.modules.update(state.__dict__.get("modules", {}))
        __import__("hasten._compile")
    except ImportError as error:
        note(f"Hasten's compiler cannot be loaded: {error}")
        traced()
    finally:
        leave(before)


def lost(copy):
    """Its native code is gone: the function is plain Python again."""
    found = taken.get(id(copy))
    if found is None:
        return
    give_back(found)
    tell_figures(found, "dropped")
    del taken[id(copy)]


def give_back(found):
    reference, copy, compiled, trampoline, _ = found
    function = reference()
    if function is not None and state.runtime.is_trampoline(function):
        function.__code__ = copy.__code__


def traced():
    """Somebody wants to be told of calls and lines: all is Python from here on."""
    if state.stopped:
        return
    state.stopped = True
    state.runtime.stop_watching()
    for found in list(taken.values()):
        give_back(found)
    note("the program is traced, profiled or monitored: from then on nothing ran natively")


def in_forked_child():
    """What was compiled goes on as it is; the parent's figures are its own."""
    state.file = None
    state.parents_compile_s = sum(state.runtime.compile_seconds())
    for number, found in taken.items():
        parents_figures[number] = figures(found[2].report())


def figures(facts):
    return {
        "calls": sum(version["calls"] for version in facts["versions"]),
        "left": sum(version["landings"] for version in facts["versions"]),
        "python_calls": facts["python_calls"],
    }


def end():
    state.runtime.stop_watching()
    for found in list(taken.values()):
        tell_figures(found, "compiled")
    tell({"compile_s": sum(state.runtime.compile_seconds()) - state.parents_compile_s})


# --- what is told ------------------------------------------------------------------------------------


def place(code):
    return {"file": code.co_filename, "function": code.co_qualname, "line": code.co_firstlineno}


def refuse(code, reason, samples):
    tell({"what": "refused", **place(code), "samples": samples, "reasons": [reason]})


def tell_figures(found, what):
    _, copy, compiled, _, samples = found
    facts = compiled.report()
    before = parents_figures.get(id(copy), {})
    looked = ["something below it looked at frames"] if state.runtime.was_looked_at(copy.__code__) else []
    tell({
        "what": what,
        **place(copy.__code__),
        "samples": samples,
        **{name: max(0, count - before.get(name, 0)) for name, count in figures(facts).items()},
        "reasons": [reason.partition(": ")[2] or reason for reason in facts["reasons"]] + looked,
    })


def note(text):
    tell({"note": text})


def tell(what):
    import json

    if state.file is None:
        state.pid = os.getpid()
        state.file = os.path.join(state.folder, f"{state.pid}.jsonl")
    try:
        fd = os.open(state.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(fd, (json.dumps(what) + "\n").encode())
        os.close(fd)
    except OSError:
        pass  # the folder is gone: nobody asks any more
