"""`hasten doctor`: what works on this machine, what does not, and the remedy."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from hasten import _compat
from hasten.cli.output import write_json

EXAMPLES = """\
examples:
  hasten doctor
  hasten doctor --json - | jq '.checks[] | select(.state != "works")'
  hasten doctor --selftest              how far the profiler's figures are from the truth here (a minute)
  hasten doctor --selftest --python python3.14
"""

WORKS, LIMITED, FAILS = "works", "limited", "fails"


@dataclass
class Check:
    """One thing that Hasten needs or can use."""

    name: str
    state: str  # WORKS; LIMITED: something else takes its place; FAILS: a command will not work
    found: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--selftest", action="store_true", help="measure programs whose truth is known; takes a minute")
    parser.add_argument("--python", metavar="PYTHON", help="with --selftest: the Python that runs these programs")
    parser.add_argument("--json", metavar="FILE", help="write what was found as JSON; - for standard output")


def main(args: argparse.Namespace) -> int:
    if args.selftest:
        from hasten.cli import selftest

        return selftest.main(args.json, args.python)
    if args.python is not None:
        args.parser.error("--python goes with --selftest")
    checks = list(examine())
    if args.json is not None:
        from hasten import __version__

        write_json({"schema": "hasten-doctor/1", "hasten": __version__, "checks": [asdict(check) for check in checks]}, args.json)
    if args.json != "-":
        width = max(len(check.name) for check in checks)
        for check in checks:
            print(f"{check.state:<8} {check.name:<{width}}  {check.found}")
            if check.remedy:
                print(f"{'':<8} {'':<{width}}  -> {check.remedy}")
    return 1 if any(check.state == FAILS for check in checks) else 0


def examine() -> Iterator[Check]:
    """Every check, the most important first."""
    yield _this_python()
    yield _other_pythons()
    yield _probe_library()
    yield _sampling_clock()
    yield _measured_run()
    yield _module("compiled calls", "hasten._runtime", "hasten.jit leaves every function to Python")
    yield _module("compiler (LLVM)", "hasten._compile", "hasten.jit compiles nothing; what is cached still runs")
    yield _package("source edits (LibCST)", "libcst", "hasten fix cannot edit sources", needed=True)
    yield _package("NumPy", "numpy", "arrays are not understood; all else works", needed=False)
    yield _processors()
    yield _current_directory()


def _this_python() -> Check:
    text = f"{platform.python_implementation()} {_compat.version_text()} at {sys.executable}"
    if _compat.is_supported() and platform.python_implementation() == "CPython":
        return Check("this Python", WORKS, text)
    return Check("this Python", FAILS, text, f"install Hasten for {_compat.SUPPORTED_TEXT}")


def _other_pythons() -> Check:
    from hasten.cli.target import supported_interpreter
    from hasten.errors import HastenError

    found: dict[str, str] = {}
    for name in ["python3", "python", *(f"python{major}.{minor}" for major, minor in _compat.SUPPORTED)]:
        path = shutil.which(name)
        if path is None:
            continue
        try:
            found.setdefault(os.path.realpath(supported_interpreter(path)), name)
        except HastenError:
            continue
    text = ", ".join(f"{name} ({path})" for path, name in found.items()) or "none in PATH"
    return Check("Pythons it can measure", WORKS if found else LIMITED, text, "" if found else "use --python PATH")


def _probe_library() -> Check:
    path = Path(__file__).parent.parent / "libhasten_probe.so"
    if path.exists():
        return Check("probe", WORKS, str(path))
    return Check("probe", FAILS, f"no {path}", "install Hasten again; this installation is not whole")


def _sampling_clock() -> Check:
    """Ask the kernel for the clock that the probe prefers, as the probe does."""
    errno_name = _try_perf_clock()
    setting = _read("/proc/sys/kernel/perf_event_paranoid")
    if errno_name is None:
        return Check("sampling clock", WORKS, f"perf software clock (perf_event_paranoid = {setting})")
    return Check(
        "sampling clock",
        LIMITED,
        f"no perf clock ({errno_name}, perf_event_paranoid = {setting}); threads are signalled by their CPU clocks instead",
        "for a truer clock: sysctl kernel.perf_event_paranoid=2; in a container, allow perf_event_open",
    )


def _try_perf_clock() -> str | None:
    """None if perf_event_open gives the software CPU clock without the kernel, else the error's name."""
    import ctypes
    import errno

    numbers = {"x86_64": 298, "aarch64": 241}
    number = numbers.get(platform.machine())
    if number is None:
        return f"not tried on {platform.machine()}"
    # struct perf_event_attr: type SOFTWARE = 1, its size, config CPU_CLOCK = 0, period, ..., flags from byte 40.
    attributes = (ctypes.c_uint32 * 32)()
    attributes[0], attributes[1] = 1, ctypes.sizeof(attributes)
    attributes[4] = 1_000_000
    disabled, exclude_kernel, exclude_hypervisor = 1 << 0, 1 << 5, 1 << 6
    attributes[10] = disabled | exclude_kernel | exclude_hypervisor
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.syscall(number, ctypes.byref(attributes), 0, -1, -1, 0)
    if handle < 0:
        return errno.errorcode.get(ctypes.get_errno(), "refused")
    os.close(handle)
    return None


_BURNER = "n = 0\nfor i in range(3_000_000):\n    n += i * i\n"


def _measured_run() -> Check:
    """A run of a tiny program: the one check that tries everything together."""
    from hasten.cli.run import measure
    from hasten.cli.target import Target
    from hasten.errors import HastenError

    with tempfile.TemporaryDirectory(prefix="hasten-doctor-") as folder:
        try:
            from hasten._core import read_report

            capture = Path(folder) / "doctor.hasten"
            measure(Target(sys.executable, ["-c", _BURNER], "doctor"), capture, rate_hz=None)
            report = read_report(str(capture))
        except (HastenError, OSError, ImportError) as error:
            return Check("a measured run", FAILS, str(error), "report this line with the others")
    reasons = [process["why_not_sampled"] for process in report["processes"] if "why_not_sampled" in process]
    if report["samples"] == 0:
        return Check("a measured run", FAILS, "no samples" + "".join(f"; {reason}" for reason in reasons), "see the lines above")
    text = f"{report['samples']} samples at {report['rate_hz']:.0f} Hz by {report['engine']}"
    if "sampling_cost" in report:
        text += f", cost {100 * report['sampling_cost']:.1f} %"
    return Check("a measured run", WORKS, text)


def _module(name: str, module: str, loss: str) -> Check:
    try:
        loaded = importlib.import_module(module)
    except ImportError as error:
        return Check(name, FAILS, str(error), f"without it {loss}; install Hasten again")
    return Check(name, WORKS, str(getattr(loaded, "__file__", module)))


def _package(name: str, package: str, loss: str, *, needed: bool) -> Check:
    try:
        return Check(name, WORKS, f"{package} {importlib.metadata.version(package)}")
    except importlib.metadata.PackageNotFoundError:
        return Check(name, FAILS if needed else LIMITED, "not installed", f"without it {loss}; pip install {package}")


def _processors() -> Check:
    from hasten import machine

    found = machine.detect()
    text = f"{found.cpu_model or found.architecture}, {found.usable_cpu_count} of {found.logical_cpu_count} CPUs usable"
    if found.is_virtual:
        text += ", virtual machine"
    if found.usable_cpu_count < 2:
        return Check("processor", LIMITED, text, "the collector shares the program's only CPU; expect a higher cost")
    return Check("processor", WORKS, text)


def _current_directory() -> Check:
    folder = Path.cwd()
    if os.access(folder, os.W_OK):
        return Check("captures here", WORKS, str(folder))
    return Check("captures here", LIMITED, f"{folder} is not writable", "use hasten run --out DIRECTORY")


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "unknown"
