"""What calls were given and gave, and what the program left at its end, as digests: so that two processes can be compared.

The first calls of a function are recorded, those whose number is a power of two, and of all others as many as the time allows:
where a rare case is met once in thousands of calls and leaves something in an argument, only a look at that very call
shows it. An unmodified run chooses as it goes, so that the time lasts to its end; the other runs are told to
record the same calls. Wrong when: a difference lies in a call that there was no time for, and nothing of it is left at the end.
"""

import builtins
import functools
import sys
import time
import types

_clock_ns = time.thread_time_ns  # of this thread's own: a machine that others use records no less
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # CO_GENERATOR and its like
FLOATS_MOST = 20_000  # of one call; what holds more is not compared from run to run
RECORDED_FIRST = 64   # so many first calls are recorded, then each whose number is a power of two
RECORDED_MOST = 20_000  # calls of all functions in one run
OUTCOME_ALONE = "outcome"
LEFT_NODES_MOST = 2_000_000  # objects in one global; what holds more is not looked into at the end: that may take a second
# Where types are at home of which nobody asks what they hold at the end: locks, loggers, files (whose content is compared elsewhere).
_NO_DATA = {"_thread", "threading", "logging", "_io", "weakref"}
# Of the state behind libraries, what an import alone does not change.
_LIBRARY_STATE = {"the random state", "NumPy's random state", "the decimal context", "the set of context variables", "the locale",
                  "the environment", "the current directory", "the mode of new files (umask)"}


class Recorder:
    """Digests of what calls were given and gave, for at most so many seconds.

    calls_total: how many calls of all functions under trial an unmodified run makes, 0 if nobody knows.
    """

    def __init__(self, report, snapshot_module, is_own_module, seconds, calls_total=0):
        self._report = report
        self._snapshot = snapshot_module
        self._is_own_module = is_own_module
        self._ns_most = int(seconds * 1e9)
        self._ns = 0
        self._calls_total = calls_total
        self._calls_seen = 0
        self._recorded = 0

    # -- which calls -----------------------------------------------------------------------------------

    def _count(self, target):
        """The number of this call if it is to be recorded."""
        target.count += 1
        self._calls_seen += 1
        return target.count if self._wants(target, target.count) else None

    def _wants(self, target, index):
        if self._recorded >= RECORDED_MOST:
            return False
        if target.wanted is not None:
            return index in target.wanted and self._ns < 3 * self._ns_most
        if index <= RECORDED_FIRST or not index & (index - 1):
            return self._ns < self._ns_most
        # So far ahead of the calls may the time be spent: what is dear is then seen here and there until the end.
        return self._ns * self._calls_total < self._ns_most * self._calls_seen

    # -- calls -----------------------------------------------------------------------------------------

    def wrap(self, function, target):
        """Says of some calls what they were given and what came of them."""
        if type(function) is not types.FunctionType:
            return function
        for flag, wrap in ((_GENERATOR, self._wrap_generator), (_COROUTINE, self._wrap_coroutine),
                           (_ASYNC_GENERATOR, self._wrap_async_generator)):
            if function.__code__.co_flags & flag:
                return wrap(function, target)

        @functools.wraps(function)
        def recorded(*args, **kwargs):
            index = self._count(target)
            if index is None:
                return function(*args, **kwargs)
            given = self.digest((args, kwargs))
            try:
                result = function(*args, **kwargs)
            except Exception as error:
                self._say(target, index, given, (type(error), error.args), (args, kwargs), error)
                raise
            self._say(target, index, given, result, (args, kwargs), result)
            return result
        return recorded

    def _wrap_generator(self, function, target):
        @functools.wraps(function)
        def recorded(*args, **kwargs):
            index = self._count(target)
            made = function(*args, **kwargs)
            if index is None:
                return (yield from made)
            given = self.digest((args, kwargs))
            items = []
            shown = None
            send, value = made.send, None
            try:
                while True:
                    item = send(value)
                    items.append(self.digest(item))
                    shown = item if len(items) == 1 else shown
                    try:
                        send, value = made.send, (yield item)
                    except GeneratorExit:
                        made.close()
                        raise
                    except BaseException as error:
                        send, value = made.throw, error
            except StopIteration as end:
                items.append(self.digest(end.value))
                return end.value
            finally:
                if None not in items:
                    self._say(target, index, given, items, (args, kwargs), shown)
        return recorded

    def _wrap_coroutine(self, function, target):
        @functools.wraps(function)
        async def recorded(*args, **kwargs):
            index = self._count(target)
            if index is None:
                return await function(*args, **kwargs)
            given = self.digest((args, kwargs))
            try:
                result = await function(*args, **kwargs)
            except Exception as error:
                self._say(target, index, given, (type(error), error.args), (args, kwargs), error)
                raise
            self._say(target, index, given, result, (args, kwargs), result)
            return result
        return recorded

    def _wrap_async_generator(self, function, target):
        @functools.wraps(function)
        async def recorded(*args, **kwargs):
            index = self._count(target)
            made = function(*args, **kwargs)
            given = self.digest((args, kwargs)) if index is not None else None
            items = []
            shown = None
            send, value = made.asend, None
            try:
                while True:
                    item = await send(value)
                    if index is not None:
                        items.append(self.digest(item))
                        shown = item if len(items) == 1 else shown
                    try:
                        send, value = made.asend, (yield item)
                    except GeneratorExit:
                        await made.aclose()
                        raise
                    except BaseException as error:
                        send, value = made.athrow, error
            except StopAsyncIteration:
                return
            finally:
                if index is not None and None not in items:
                    self._say(target, index, given, items, (args, kwargs), shown)
        return recorded

    def _say(self, target, index, given, outcome, arguments, shown):
        gave = self.digest((outcome, arguments))
        if gave is not None and not gave[2]:
            alone = self.digest(outcome)
            gave[2] = OUTCOME_ALONE if alone is not None and alone[2] else False
        if given is not None and gave is not None:
            start = _clock_ns()
            self._recorded += 1
            self._report({"event": "result", "key": target.key, "index": index, "given": given, "gave": gave,
                          "shown": self._snapshot.preview(shown)})
            self._ns += _clock_ns() - start

    def digest(self, value):
        """[digest, floats beside it where they are kept, whether all could be looked into]; None for too many floats.

        Of what a call gave the last may be OUTCOME_ALONE: the outcome could, but not the arguments.
        """
        start = _clock_ns()
        taken = self._snapshot.Snapshot({}, self._is_own_module)
        whole = True
        try:
            taken.add("", value)
        except self._snapshot.CannotTell:
            # By its type, what cannot be looked into is still told from what can.
            whole = False
            taken = self._snapshot.Snapshot({}, self._is_own_module)
            try:
                taken.add("", value, strict=False)
            except self._snapshot.CannotTell:
                return None
        finally:
            self._ns += _clock_ns() - start
        kept = taken.floats.get("", b"")
        return [taken.sections[0][1], list(memoryview(kept).cast("d")), whole] if len(kept) <= 8 * FLOATS_MOST else None

    # -- the end ---------------------------------------------------------------------------------------

    def report_left(self, hidden_state):
        """Says what the data of the program's own modules and the state of some libraries are at the end.

        hidden_state: a function that gives (name, value) of the latter.
        """
        self._snapshot.NODE_COUNT_MAX = LEFT_NODES_MOST
        end = _clock_ns() + self._ns_most
        for name, value in (*self._globals(), *(s for s in hidden_state(vars(builtins)) if s[0] in _LIBRARY_STATE)):
            if _clock_ns() > end:
                return
            gave = self.digest(value)
            if gave is not None and (gave[2] or type(value).__module__ not in _NO_DATA):
                self._report({"event": "left", "name": name, "gave": gave, "shown": self._snapshot.preview(value)})

    def _globals(self):
        names = sorted(name for name in list(sys.modules) if self._is_own_module(name))
        # A rounded duration may be the same in two runs of the old program and another in a faster one.
        has_clock = any(_is_clock(value) for name in names for value in list(vars(sys.modules[name]).values()))
        for module_name in names:
            of = "" if module_name == "__main__" else f" of {module_name}"
            for name, value in sorted(vars(sys.modules[module_name]).items()):
                if name.startswith("__") and name.endswith("__") or has_clock and type(value) is float:
                    continue
                if isinstance(value, type):
                    if value.__module__ == module_name and not hasattr(value, "__members__"):
                        yield from ((f"the attribute `{n}` of class {value.__qualname__}", v) for n, v in sorted(vars(value).items())
                                    if not n.startswith(("__", "_abc_")) and not isinstance(v, type) and not hasattr(type(v), "__get__"))
                elif not isinstance(value, (types.ModuleType, types.FunctionType, types.BuiltinFunctionType)):
                    yield f"the global `{name}`{of}", value


def _is_clock(value):
    """A module of clocks, or something of it."""
    name = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
    return isinstance(name, str) and name in ("time", "timeit", "datetime")
