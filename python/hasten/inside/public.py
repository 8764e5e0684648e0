"""`hasten.profile`: a stretch of a program, measured from within it."""

from __future__ import annotations

import functools
import inspect
import os
import shutil
import sys
import tempfile
import threading
import weakref
from pathlib import Path

from hasten.errors import HastenError
from hasten.inside import labels
from hasten.inside.reader import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# What a reader outside the process does not see, for the report: `hasten run` does.
ABSENT = (
    ("split", "where in native code a thread is cannot be seen from outside the process"),
    ("causes of single lines", "they are found from native functions and specialised instructions, which are not seen either"),
    ("processes that the program starts", "only the process itself is looked at"),
)
_ABSENT_HINT = "hasten run measures it"

_OFF = "HASTEN_PROFILE=0 is set"
_UNDER_RUN = "this program runs under hasten run, whose report has it as the label {name!r}"


class Profile:
    """One measured stretch of this process, all its threads included. A context manager; also what `start()` returns.

    Attributes:
        name: for its heading, and of the label that it is under `hasten run`.
        report: the dict of `hasten run --json`, once it has stopped; None where nothing was measured.
        why_not: why nothing was measured; else "".
    """

    def __init__(self, name: str = "", *, rate_hz: float = 0.0) -> None:
        self.name = name
        self.why_not = ""
        self._rate_hz = rate_hz
        self._pid = 0  # whose stretch it is, from start() on
        self._reader: Reader | None = None
        self._label: labels.label | None = None
        self._folder = ""
        self._report: dict | None = None
        self._failure = ""

    def start(self) -> Profile:
        """Begin. Returns itself. Raises: HastenError if this process cannot be read, or it was begun before."""
        if self._pid:
            raise HastenError("this profile was started before", code="profile.started", hint="Make another: hasten.profile()")
        self._pid = os.getpid()
        if not self.name:
            self.name = _place_of_caller()
        if os.environ.get("HASTEN_PROFILE") == "0":
            self.why_not = _OFF
            return self
        if labels.PROBED:
            self.why_not = _UNDER_RUN.format(name=self.name)
            self._label = labels.label(self.name)
            self._label.__enter__()
            return self
        folder = tempfile.mkdtemp(prefix="hasten-profile-")
        weakref.finalize(self, _remove, folder, self._pid)
        self._folder = folder
        self._totals = labels.Totals()
        self._reader = Reader(os.path.join(folder, "profile.hasten"), self._rate_hz)
        _running.add(self)
        labels.listen(self._totals)
        return self

    def stop(self) -> None:
        """End. Does nothing in a forked child, or if it has ended.

        Raises: HastenError if the reader was killed meanwhile; the program itself is as it was.
        """
        if self._label is not None and self._pid == os.getpid():
            self._label.__exit__()
        self._label = None
        reader, self._reader = self._reader, None
        if reader is None or self._pid != os.getpid():
            return
        labels.unlisten(self._totals)
        _running.discard(self)
        try:
            self._failure = reader.stop()
        except HastenError as error:
            self.why_not = str(error)
            raise
        rows = self._totals.rows()
        if rows and not self._failure:
            from hasten._core import add_labels

            add_labels(self._capture, rows)

    def __enter__(self) -> Profile:
        if not self.name:
            self.name = _place_of_caller()
        return self.start()

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: object) -> None:
        try:
            self.stop()
        except HastenError:
            if error is None:  # the program's own exception is the one that matters
                raise

    def __call__(self, function: Callable) -> Callable:
        """As a decorator: `@hasten.profile(name=...)`."""
        return decorated(function, self.name, self._rate_hz, 1)

    @property
    def report(self) -> dict | None:
        if self._pid and self._pid != os.getpid():
            raise HastenError("this is the child of a fork", code="profile.forked", hint="The profile is its parent's")
        if not self._pid or self._reader is not None or self._label is not None:
            raise HastenError("this profile has not ended", code="profile.running", hint="Call stop(), or leave the with block")
        if self._report is None and not self.why_not:
            from hasten._core import read_report

            report = read_report(self._capture)
            report["name"] = self.name
            report["absent"] = [{"what": what, "why": why, "hint": _ABSENT_HINT} for what, why in ABSENT]
            _add_sources(report)
            self._report = report
        return self._report

    @property
    def text(self) -> str:
        """The verdict, as `hasten run` prints it."""
        report = self.report
        if report is None:
            return f"hasten  {self.name}: {self.why_not}"
        from hasten.cli.verdict import verdict_lines

        head = [f"hasten.profile  {self.name}"]
        note = [f"note    {self._failure}"] if self._failure else []
        return "\n".join([*head, *verdict_lines(report), *note])

    def save(self, path: str | os.PathLike) -> Path | None:
        """Keep the capture: `hasten view`, `hasten export` and the others open it.

        Args:
            path: of the file, which must not exist; captures are never overwritten. Mode 0600.
        Returns: the path; None, and a line on standard error, where nothing was measured.
        Raises: FileExistsError, OSError; HastenError while it runs.
        """
        if self.report is None:
            print(f"hasten.profile: nothing to save in {os.fspath(path)}: {self.why_not}", file=sys.stderr)
            return None
        saved = Path(path)
        with open(self._capture, "rb") as whole, open(os.open(saved, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            shutil.copyfileobj(whole, copy)
        return saved

    def __str__(self) -> str:
        if not self._pid or self._reader is not None or self._label is not None:
            return repr(self)
        return self.text

    def __repr__(self) -> str:
        state = "not started" if not self._pid else "running" if self._reader or self._label else self.why_not or "ended"
        return f"<hasten.profile {self.name}: {state}>"

    @property
    def _capture(self) -> str:
        return os.path.join(self._folder, "profile.hasten")


_running: set[Profile] = set()
_started: list[Profile] = []


def profile(function: Callable | None = None, *, name: str = "", rate_hz: float = 0.0, calls: int = 1) -> Profile | Callable:
    """Measure a stretch of this program: `with hasten.profile() as p:`, or a function: `@hasten.profile`.

    With a function (or `calls`), returns the function, of which the first `calls` calls that do not overlap are measured;
    each prints its verdict to standard error and is kept in `function.profiles`. Later calls run as they are.

    Args:
        name: for the heading; default: where it stands.
        rate_hz: looks a second at each running thread, 1 to 1000; default 200.
        calls: how many calls of a decorated function are measured.
    Raises: HastenError where this process cannot be read, with the remedy; ValueError; TypeError.
    Environment: HASTEN_PROFILE=0 measures nothing. Under `hasten run` it is a label of that run.
    Cost: 50 ms to begin; the program itself is not slowed down, except by the CPU that the reader uses beside it.
    """
    if rate_hz != 0 and not 1 <= rate_hz <= 1000:
        raise ValueError(f"rate_hz={rate_hz!r} is outside 1 to 1000 looks a second")
    if calls < 1:
        raise ValueError(f"calls={calls!r}: at least one call must be measured")
    if function is not None:
        return decorated(function, name, rate_hz, calls)
    if calls != 1:
        return lambda wanted: decorated(wanted, name, rate_hz, calls)
    return Profile(name, rate_hz=rate_hz)


def start(name: str = "", *, rate_hz: float = 0.0) -> Profile:
    """Begin a stretch that no `with` can hold; `stop()` or the profile's own stop() ends it."""
    begun = Profile(name or _place_of_caller(), rate_hz=rate_hz).start()
    _started.append(begun)
    return begun


def stop() -> Profile:
    """End what start() began last, and return it. Raises: HastenError if there is none."""
    while _started:
        last = _started.pop()
        if last._pid == os.getpid() and (last._reader or last._label or last.why_not):
            last.stop()
            return last
    raise HastenError("no profile was started", code="profile.not_started", hint="Begin one: hasten.profile.start()")


def decorated(function: Callable, name: str, rate_hz: float, calls: int) -> Callable:
    """The function, its first calls measured."""
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(decorated(function.__func__, name, rate_hz, calls))
    if not callable(function):
        raise TypeError(f"hasten.profile expects a function, not {type(function).__name__}")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{function.__qualname__} is a generator function: its calls only make generators. "
            "Put `with hasten.profile():` around the loop that runs it"
        )
    if os.environ.get("HASTEN_PROFILE") == "0":
        return function
    title = name or getattr(function, "__qualname__", repr(function))
    if labels.PROBED:
        return _labelled(function, title)
    budget = _Budget(title, rate_hz, calls)
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args, **kwargs):
            if not budget.left:
                return await function(*args, **kwargs)
            with budget.measured():
                return await function(*args, **kwargs)

        awaited.profiles = budget.profiles
        return awaited

    @functools.wraps(function)
    def called(*args, **kwargs):
        if not budget.left:
            return function(*args, **kwargs)
        with budget.measured():
            return function(*args, **kwargs)

    called.profiles = budget.profiles
    return called


def _labelled(function: Callable, title: str) -> Callable:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args, **kwargs):
            with labels.label(title):
                return await function(*args, **kwargs)

        awaited.profiles = []
        return awaited

    @functools.wraps(function)
    def called(*args, **kwargs):
        with labels.label(title):
            return function(*args, **kwargs)

    called.profiles = []
    return called


class _Budget:
    """Which calls of a decorated function are measured: one at a time, so many in all."""

    def __init__(self, title: str, rate_hz: float, calls: int) -> None:
        self.left = calls
        self.profiles: list[Profile] = []
        self._title = title
        self._rate_hz = rate_hz
        self._busy = threading.Lock()

    def measured(self) -> _Measured:
        return _Measured(self)


class _Measured:
    """One call: measured if no other one is (a recursion, another thread)."""

    def __init__(self, budget: _Budget) -> None:
        self._budget = budget
        self._profile: Profile | None = None

    def __enter__(self) -> None:
        budget = self._budget
        if not budget._busy.acquire(blocking=False):
            return
        if budget.left:
            budget.left -= 1
            begun = Profile(budget._title, rate_hz=budget._rate_hz)
            try:
                self._profile = begun.start()
                return
            except HastenError as error:  # the call itself must not fail of it
                print(f"hasten.profile: {budget._title} was not measured: {error}", file=sys.stderr)
        budget._busy.release()

    def __exit__(self, *exception: object) -> None:
        ended, self._profile = self._profile, None
        if ended is None:
            return
        try:
            if ended._pid == os.getpid():
                ended.stop()
                self._budget.profiles.append(ended)
                print(ended.text, file=sys.stderr, flush=True)
        except HastenError as error:
            print(f"hasten.profile: {self._budget._title} was not measured: {error}", file=sys.stderr)
        finally:
            self._budget._busy.release()


def _place_of_caller() -> str:
    """FILE:LINE of the first frame that is not Hasten's own."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame = frame.f_back
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"


def _add_sources(report: dict) -> None:
    """The text of lines that are in no file: cells of a notebook, what was typed."""
    import linecache

    for row in report["lines"]:
        if "source" not in row:
            text = linecache.getline(row["file"], row["line"]).rstrip("\n")
            if text:
                row["source"] = text


def _remove(folder: str, pid: int) -> None:
    if pid == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)


def _in_forked_child() -> None:
    """What our parent measures is not ours: neither its pipes nor its labels."""
    for running in list(_running):
        if running._reader is not None:
            running._reader.leave()
            running._reader = None
            running._totals.forget_lock()
            labels.unlisten(running._totals)
    _running.clear()


os.register_at_fork(after_in_child=_in_forked_child)
