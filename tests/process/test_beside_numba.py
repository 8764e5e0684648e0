"""Two LLVMs in one process: Hasten's compiler and Numba's JIT both work, whichever was loaded first."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hasten

PARTS = {
    "hasten": """
import hasten

@hasten.jit(strict=True)
def ours(n):
    total = 0.0
    for i in range(n):
        total += i * 0.5
    return total

assert ours(1001) == 250250.0
import sys
assert "hasten._compile" in sys.modules, "the compiler was not used"
""",
    "numba": """
import numba

@numba.njit
def theirs(n):
    total = 0.0
    for i in range(n):
        total += i * 0.5
    return total

assert theirs(1001) == 250250.0
assert theirs.signatures, "Numba compiled nothing"
""",
}
AGAIN = """
@hasten.jit(strict=True)
def ours_again(n):
    product = 1
    for i in range(1, n + 1):
        product = product * i % 1000003
    return product

@numba.njit
def theirs_again(n):
    product = 1
    for i in range(1, n + 1):
        product = product * i % 1000003
    return product

assert ours_again(5000) == theirs_again(5000) == theirs_again.py_func(5000)
assert ours(11) == theirs(11) == 27.5
print("both work")
"""


@pytest.mark.skipif(
    importlib.util.find_spec("numba") is None,
    reason=f"numba is missing: pip has none for Python {sys.version_info[0]}.{sys.version_info[1]}, or it is not installed",
)
@pytest.mark.parametrize("order", [("hasten", "numba"), ("numba", "hasten")], ids=["hasten first", "numba first"])
def test_both_compile_in_one_process(tmp_path, order):
    program = tmp_path / "program.py"
    program.write_text(PARTS[order[0]] + PARTS[order[1]] + AGAIN)
    done = subprocess.run([sys.executable, program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "both work\n", "")


FOR_GDB = ("__jit_debug_descriptor", "__jit_debug_register_code")
MODULES = sorted(Path(hasten.__file__).parent.glob("_*.so"))


@pytest.mark.skipif(shutil.which("nm") is None, reason="nm is missing (package binutils)")
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name.split(".")[0])
def test_a_module_shows_only_its_init_function_and_what_gdb_needs(module):
    room = module.name.split(".")[0]
    names = subprocess.run(["nm", "-D", "--defined-only", module], capture_output=True, text=True, check=True).stdout
    shown = {line.split()[-1] for line in names.splitlines()}
    assert shown == {f"PyInit_{room}", *(FOR_GDB if room == "_runtime" else ())}


@pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is missing (package binutils)")
def test_what_gdb_looks_for_is_the_modules_own():
    """LLVM defines the same names, in any library that holds it: the runtime's are never taken from another."""
    (module,) = (module for module in MODULES if module.name.startswith("_runtime."))
    symbols = subprocess.run(["readelf", "--dyn-syms", "--wide", module], capture_output=True, text=True, check=True).stdout
    visibility = {words[7]: words[5] for line in symbols.splitlines() if len(words := line.split()) == 8}
    assert {visibility[name] for name in FOR_GDB} == {"PROTECTED"}


@pytest.mark.skipif(shutil.which("ldd") is None, reason="ldd is missing (package libc-bin)")
def test_no_module_needs_a_shared_llvm():
    assert any(module.name.startswith("_compile.") for module in MODULES)
    for module in MODULES:
        needed = subprocess.run(["ldd", module], capture_output=True, text=True, check=True).stdout
        assert "LLVM" not in needed, needed
