"""The tests of the compiler under AddressSanitizer and UndefinedBehaviorSanitizer.

    python tests/compile/sanitized.py [--short] [pytest arguments]

Builds the runtime and the compiler with -DHASTEN_SANITIZE=address,undefined (the preset `asan`) and runs tests/compile
against them, `--short` the part that meets each sort of instruction once. What native code does itself is not instrumented:
what it gives back to the runtime, and what the runtime and CPython then read, is.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "asan"
SHORT = [f"tests/compile/{name}" for name in ("test_handling.py", "test_scopes.py", "test_lifetimes.py", "test_methods.py", "test_objects.py",
                                              "test_hostile.py", "test_cache.py::test_the_second_process_compiles_nothing")]
# Those that measure time or memory, both of which are the sanitizers' here, or start the profiler, which is not built with them.
NOT_UNDER_SANITIZERS = ["test_memory.py", "test_dropping.py", "test_visible.py"]
# Where a process must die of SIGSEGV, it dies of AddressSanitizer.
NOR_THESE = ["test_generator.py::test_a_worker_that_dies_or_hangs_is_reported_and_the_rest_goes_on", "test_handling.py::test_memory_stays_flat",
             "test_lifetimes.py::test_a_text_that_grows_is_not_copied_in_each_round"]


def package() -> Path:
    """The directory for PYTHONPATH: our Python files beside the instrumented modules."""
    made = BUILD / "pkg"
    (made / "hasten").mkdir(parents=True, exist_ok=True)
    for source in (*(ROOT / "python" / "hasten").iterdir(), *(BUILD / "src" / "bindings").glob("_*.so")):
        target = made / "hasten" / source.name
        target.unlink(missing_ok=True)
        target.symlink_to(source)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    options, more = parser.parse_known_args()
    python = f"-DPython_EXECUTABLE={Path(sys.executable).absolute()}"
    for command in (["cmake", "--preset", "asan", python], ["cmake", "--build", BUILD, "--target", "_runtime", "_compile"]):
        if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode:
            return 1
    paths = SHORT if options.short else ["tests/compile", *(f"--ignore=tests/compile/{name}" for name in NOT_UNDER_SANITIZERS)]
    test = [ROOT / "tools" / "with_san.sh", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            *(f"--deselect=tests/compile/{name}" for name in NOR_THESE), *paths, *more]
    return subprocess.run(test, cwd=ROOT, env=dict(os.environ, PYTHONPATH=str(package()))).returncode


if __name__ == "__main__":
    sys.exit(main())
