"""Runs a program as `python SCRIPT ARGS` would, with other text for chosen source files.

Called by start.py: python [FLAGS] start.py SPEC, where SPEC is a marshalled dictionary (prove.py writes it).
Modes: "time" runs, and says its peak of memory at the end; "observe" counts and times the calls of the functions under
trial and writes down effects on the outside; "record" says what calls gave; "judge" judges calls in forked copies. Only built-in
modules are imported in "time", so that both sides of a comparison start alike and fast.

What differs from a plain start: one frame of this file lies below the program's first frame, and
sys.flags cannot tell. Tracebacks of uncaught exceptions are printed without that frame.
"""

import atexit
import builtins
import marshal
import posix
import sys
import time
from _frozen_importlib_external import SourceFileLoader, cache_from_source


def main(began_ns):
    """began_ns: the thread's CPU time when start.py began."""
    with open(sys.argv[1], "rb") as file:
        spec = marshal.loads(file.read())
    mode = spec["mode"]
    trial = __file__.rpartition("/")[0]
    overlay = spec["overlay"]
    compile_module = lambda path: compile(overlay[path], path, "exec", dont_inherit=True)  # noqa: E731
    if mode != "time":
        compile_module, finish = prepare(spec, trial, mode)
    else:
        own = OwnTime(spec["report_fd"], began_ns)
        finish = peak_reporter(spec["report_fd"], own)
    loader = SourceFileLoader
    if overlay:
        sources = sibling(trial, "overlay")
        if mode == "time":
            compile_module = own.beside(compile_module, spec)
        sys.meta_path.insert(0, sources.OverlayFinder(overlay, compile_module))
        if spec["target"] in overlay:
            loader = lambda name, path: sources.OverlayLoader(name, path, overlay[path], compile_module)  # noqa: E731
    sys.argv[:] = spec["argv"]
    sys.orig_argv[:] = spec["orig_argv"]
    if spec["path0"] is not None:  # else -P or -I was given, and Python put nothing there
        sys.path[0] = spec["path0"]
    if spec["kind"] == "notebook":
        posix.chdir(spec["target"].rpartition("/")[0])
    if mode == "time":
        own.report()
        own.make_ast()
    namespace, code = load_main(spec, overlay, compile_module, loader)
    sys.modules["__main__"] = namespace
    atexit.register(finish)
    try:
        exec(code, namespace.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        error.__traceback__ = error.__traceback__.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
    else:
        return
    sys.exit(1)


def load_main(spec, overlay, compile_module, loader):
    """(the __main__ module, its code), laid out as the interpreter itself does it."""
    module = type(sys)("__main__")
    names = module.__dict__
    names["__annotations__"] = {}
    names["__builtins__"] = builtins
    kind, target = spec["kind"], spec["target"]
    if kind == "code":
        names["__loader__"] = builtins.__loader__
        return module, compile(target, "<string>", "exec", dont_inherit=True)
    if kind == "notebook":
        if target in overlay:
            return module, compile_module(target)
        with open(target, "rb") as file:
            text = sibling(__file__.rpartition("/")[0], "notebook").Notebook(file.read()).text
        return module, compile(text, target, "exec", dont_inherit=True)
    if kind == "script":
        names["__loader__"] = loader("__main__", target)
        names["__file__"] = target
        names["__cached__"] = None
        if target in overlay:
            return module, compile_module(target)
        with open(target, "rb") as file:
            return module, compile(file.read(), target, "exec", dont_inherit=True)
    import runpy
    _, module_spec, code = _module_details(runpy, target)
    names["__spec__"] = module_spec
    names["__loader__"] = module_spec.loader
    names["__file__"] = module_spec.origin
    names["__cached__"] = module_spec.cached
    names["__package__"] = module_spec.parent
    sys.argv[0] = module_spec.origin
    return module, code


def _module_details(runpy, name):
    try:
        return runpy._get_module_details(name, runpy._Error)
    except runpy._Error as error:
        sys.exit(f"{sys.executable}: {error}")


def sibling(trial, name):
    """Another file of this directory, as a module that the program cannot meet: it is not in sys.modules."""
    module = type(sys)(f"_hasten_trial_{name}")
    path = f"{trial}/{name}.py"
    module.__file__ = path
    # As compiled at the installation, if so: compiling all of them takes as long as three starts of Python. Nothing
    # is written, because the program's Python may be another than the one that Hasten is installed in.
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    code = SourceFileLoader(module.__name__, path).get_code(module.__name__)
    sys.dont_write_bytecode = writes_none
    exec(code, module.__dict__)
    return module


class OwnTime:
    """The main thread's CPU time that a plain start would not have spent; told as it adds up, for a program may end anyhow."""

    def __init__(self, fd, began_ns):
        self._fd = fd
        self._pid = posix.getpid()
        self._began_ns = began_ns

    def begin(self):
        self._began_ns = time.thread_time_ns()

    def make_ast(self):
        """The first call of compile() makes the types of `ast`, which no plain start of a script does."""
        self.begin()
        compile("0", "<string>", "eval")
        self._ast_ns = time.thread_time_ns() - self._began_ns

    def report_end(self):
        """What was spent since begin(); and on the types of `ast`, unless the program made use of them."""
        is_used = "_ast" in sys.modules or "hasten._compile" in sys.modules
        self._began_ns -= 0 if is_used else self._ast_ns
        self.report()

    def report(self):
        """What was spent since the beginning."""
        if posix.getpid() == self._pid:
            try:
                posix.write(self._fd, b'{"event": "own", "ns": %d}\n' % (time.thread_time_ns() - self._began_ns))
            except OSError:
                pass  # the program closed the descriptor

    def beside(self, compile_module, spec):
        """Compiling an overlaid module is told too where Python itself has it compiled already; a script it never has."""
        def compile_and_tell(path):
            if spec["kind"] == "script" and path == spec["target"] or not _is_compiled(path):
                return compile_module(path)
            self.begin()
            raw = marshal.dumps(compile_module(path))
            self.report()
            return marshal.loads(raw)  # as a plain run does with what it has compiled
        return compile_and_tell


def _is_compiled(path):
    """Whether a plain run finds the module's compiled form: it wrote it in the first run, if it may write at all."""
    try:
        posix.stat(cache_from_source(path))
    except (OSError, NotImplementedError):
        return False
    return True


def peak_reporter(fd, own):
    """What the kernel counts for a child begins with its parent's size, so that the program has to tell itself."""
    posix.set_inheritable(fd, False)
    pid = posix.getpid()

    def report():
        if posix.getpid() != pid:
            return
        own.begin()
        try:
            status = posix.open("/proc/self/status", posix.O_RDONLY)
            peak = posix.read(status, 8192).partition(b"VmHWM:")[2].split()[0]
            posix.write(fd, b'{"event": "peak", "bytes": %d}\n' % (int(peak) * 1024))
        except (OSError, IndexError, ValueError):
            pass  # the program closed the descriptor: its peak stays unknown
        own.report_end()
    return report


def prepare(spec, trial, mode):
    """For an audited run: (how to compile an overlaid module, what to do at the end)."""
    import os
    parts = type(sys.implementation)()
    names = {"observe": ("marks",), "record": ("snapshot", "state", "recorded"),
             "judge": ("snapshot", "state", "nearness", "difference", "versions", "memory", "fence", "inside", "branches", "inputs", "copies", "coverage", "generated",
                       "fenced_thread", "shadow", "judge")}[mode]
    for name in ("observe", "effects", *names):
        setattr(parts, name, sibling(trial, name))
    if mode != "observe":
        parts.snapshot.Snapshot.keeps_floats = spec.get("tolerance", 0.0) > 0 or spec.get("ulp", 0) > 0
        parts.snapshot.Snapshot.is_one_process = mode == "judge"
    # Each level of a recursion passes through our wrapper: three more on the interpreter's count.
    sys.setrecursionlimit(4 * sys.getrecursionlimit() + 100)
    observe = parts.observe
    report = observe.Reporter(spec["report_fd"])
    report({"event": "python", "version": sys.version.partition(" ")[0]})
    effects = parts.effects.Effects(report)
    own = observe.OwnModules(spec["foreign"])
    if mode == "judge":
        effects.wrap_functions()
        judge = parts.judge.Judge(spec, report, effects, parts, own)
        targets = judge.targets
        finish = judge.report_shadow_counts
        wrap = judge.wrap
    else:
        observer = observe.Observer(report)
        targets = [observe.Counted(t) for t in spec["targets"]]
        wrap, finish = observer.wrap, lambda: observer.report(targets, own)
        if mode == "observe":
            for target in targets:
                target.marks = parts.marks.Marks(target.key)
        if mode == "record":
            recorder = parts.recorded.Recorder(report, parts.snapshot, own, spec["seconds"], spec["calls_total"])
            wrap = recorder.wrap

            def finish():
                observer.report(targets, own)
                if spec["tells_left"]:
                    recorder.report_left(parts.state.hidden_state)
    pid = os.getpid()

    def compile_module(path):
        report({"event": "loaded", "path": path})
        here = [t for t, s in zip(targets, spec["targets"]) if s["path"] == path]
        specs = [s for s in spec["targets"] if s["path"] == path]
        return observe.compile_wrapped(spec["overlay"][path], path, here, specs, wrap)

    effects.install()
    return compile_module, lambda: finish() if os.getpid() == pid else None
