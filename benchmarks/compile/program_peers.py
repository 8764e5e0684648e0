"""What the programs are compared with: numba, cython and mypyc of PyPI in an environment under build/, PyPy of the system."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import program_files

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "probe"))
import own_venv  # noqa: E402

WORKER = HERE / "program_worker.py"
C_TYPES = {"int": "long long", "float": "double", "complex": "double complex", "bool": "bint", "list": "list", "bytes": "bytes", "str": "str"}
# The options in which Cython does not do what Python does, from many to none: it gets the first with which it answers rightly.
DIRECTIVES = (
    {"boundscheck": False, "wraparound": False, "cdivision": True},
    {"boundscheck": False, "wraparound": True, "cdivision": True},
    {"boundscheck": False, "wraparound": True, "cdivision": False},
)
BUILD_CYTHON = """
import json, sys
from setuptools import Extension, setup
from Cython.Build import cythonize
name, directives = sys.argv.pop(), json.loads(sys.argv.pop())
flags = ["-O3", "-march=native", "-ffp-contract=off", "-w"]
setup(name=name, script_args=["build_ext", "--inplace"], ext_modules=cythonize(
    [Extension(name, [name + ".py"], extra_compile_args=flags)], language_level=3, quiet=True, compiler_directives=directives))
"""


class Peers:
    """The tools that are here, each with its version; the others with the reason why they are not."""

    def __init__(self, folder: Path, wanted: list[str]):
        self.folder, self.pythons, self.versions, self.absent = folder, {}, {}, {}
        packages = {"numba": "numba", "cython": "cython", "mypyc": "mypy"}
        asked = [tool for tool in packages if tool in wanted]
        if asked:
            try:
                bin_folder = own_venv.made("programs-venv", ["numba", "cython", "mypy", "setuptools"])
                for tool in asked:
                    self.versions[tool] = own_venv.version(bin_folder, packages[tool])
                    self.pythons[tool] = str(bin_folder / "python")
            except own_venv.Missing as error:
                self.absent.update(dict.fromkeys(asked, str(error)))
        if "pypy" in wanted:
            self.find_pypy()
        self.failed: dict[tuple[str, str], str] = {}

    def find_pypy(self) -> None:
        if not shutil.which("pypy3"):
            subprocess.run(["sh", "-c", "apt-get update -qq && apt-get install -y -qq pypy3"], capture_output=True)
        if found := shutil.which("pypy3"):
            self.pythons["pypy"] = found
            code = "import sys; print('.'.join(map(str, sys.pypy_version_info[:3])))"
            self.versions["pypy"] = subprocess.run([found, "-c", code], capture_output=True, text=True).stdout.strip()
        else:
            self.absent["pypy"] = "apt-get install pypy3 did not install it"

    def command(self, tool: str, name: str) -> list[str]:
        return [self.pythons.get(tool, sys.executable), str(WORKER), tool, name, str(self.folder)]

    def ready(self, tool: str, name: str) -> bool:
        """Whether the tool can do the program; builds it if it must be built. The reason if not is in `failed`."""
        if tool not in self.pythons or tool not in program_files.load(name).PEERS:
            return False
        if tool not in ("cython", "mypyc"):
            return True
        folder = self.folder / tool / name
        source = program_files.PROGRAMS / f"{name}.py"
        stamp = hashlib.sha256(source.read_bytes() + Path(__file__).read_bytes() + self.versions[tool].encode()).hexdigest()
        if not (folder / "stamp").exists() or (folder / "stamp").read_text() != stamp:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            shutil.copy(source, folder)
            why = self.build_cython(name, folder) if tool == "cython" else self.build_mypyc(name, folder)
            (folder / "why").write_text(why)
            (folder / "stamp").write_text(stamp)
        if why := (folder / "why").read_text():
            self.failed[tool, name] = why
        return not why

    def build_mypyc(self, name: str, folder: Path) -> str:
        command = [self.pythons["mypyc"], "-m", "mypyc", f"{name}.py"]
        return _why(subprocess.run(command, cwd=folder, capture_output=True, text=True))

    def build_cython(self, name: str, folder: Path) -> str:
        told = subprocess.run([sys.executable, str(WORKER), "types", name, "-"], capture_output=True, text=True)
        if why := _why(told):
            return why
        numeric = program_files.load(name).KIND == "numeric"
        why = ""
        for typed in (True, False) if numeric else (False,):
            declared = folder / f"{name}.pxd"
            declared.unlink(missing_ok=True)
            if typed:
                declared.write_text(declarations((folder / f"{name}.py").read_text(), json.loads(told.stdout)))
            for directives in DIRECTIVES:
                every = {**directives, "infer_types": True, "annotation_typing": not typed}
                for old in (*folder.glob("*.so"), *folder.glob("*.c")):
                    old.unlink()
                command = [self.pythons["cython"], "-c", BUILD_CYTHON, json.dumps(every), name]
                why = _why(subprocess.run(command, cwd=folder, capture_output=True, text=True)) or self.wrong(name, folder)
                if not why:
                    (folder / "options").write_text(json.dumps([typed, every]))
                    return ""
        return why

    def wrong(self, name: str, folder: Path) -> str:
        """How what was built answers a small input otherwise than Python does."""
        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); import program_files as f; from pathlib import Path\n"
            "n = sys.argv[2]; p = f.load(n, suffix='_plain'); m = f.load(n, Path(sys.argv[3])); m.given = getattr(p, 'given', lambda size: size)\n"
            "for size in p.SMALL:\n"
            "    if 'Error' not in f.answer(p, size): print(f.answer(p, size)); print(f.answer(m, size))\n"
        )
        run = subprocess.run([self.pythons["cython"], "-c", code, str(HERE), name, str(folder)], capture_output=True, text=True)
        answers = run.stdout.splitlines()
        pairs = zip(answers[::2], answers[1::2])
        return _why(run) or next((f"{b[:60]} instead of {a[:60]}" for a, b in pairs if not same_answer(a, b)), "")


def declarations(source: str, seen: dict[str, dict[str, list[str]]]) -> str:
    """The types of a program for Cython, as somebody would declare them who knows what each variable holds."""
    lines = ["cimport cython", ""]
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef) or node.name not in seen or node.name == "given":
            continue
        if any(isinstance(inner, (ast.Lambda, ast.GeneratorExp)) for inner in ast.walk(node)):
            continue  # no closures in a cpdef function
        kinds = {name: C_TYPES.get(types[0], "object") if len(types) == 1 else "object" for name, types in seen[node.name].items()}
        parameters = [argument.arg for argument in node.args.args]
        local = {n: k for n, k in kinds.items() if n and n not in parameters and k not in ("object", "str")}
        words = {"long long": "cython.longlong", "double": "cython.double", "double complex": "cython.doublecomplex", "bint": "cython.bint"}
        if local:
            lines.append("@cython.locals(" + ", ".join(f"{n}={words.get(k, k)}" for n, k in local.items()) + ")")
        result = kinds.get("", "object")
        given = ", ".join(f"{kinds.get(name, 'object')} {name}" for name in parameters)
        lines.append(f"cpdef {result} {node.name}({given})")
    return "\n".join(lines) + "\n"


def same_answer(a: str, b: str) -> bool:
    """Equal, but for the last digits of floats (another library's sine)."""
    if a == b:
        return True
    try:
        return _close(ast.literal_eval(a), ast.literal_eval(b))
    except (ValueError, SyntaxError):
        return False


def _close(a: object, b: object) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_close, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-3)
    return a == b


def _why(run: subprocess.CompletedProcess) -> str:
    if run.returncode == 0:
        return ""
    lines = [line for line in (run.stderr + run.stdout).strip().splitlines() if line.strip()]
    return lines[-1][:200] if lines else f"exit code {run.returncode}"
