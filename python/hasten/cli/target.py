"""What `hasten run` is asked to run, turned into the command line of a plain Python."""

from __future__ import annotations

import os
import re
import sys

from hasten import _compat
from hasten.cli.captures import stem_of
from hasten.errors import HastenError, UnsupportedError

_PYTHON_NAME = re.compile(r"(python|pypy)(\d(\.\d+)?)?t?$")
_HEAD_BYTES = 4096


class UsageError(HastenError):
    """The command line cannot be right whatever the machine."""


class Target:
    """A program to measure.

    Attributes:
        interpreter: its path.
        words: what follows the interpreter on the command line.
        stem: NAME of NAME.hasten.
        flags: of the interpreter, from the script's first line.
        note: a line for the user before it runs, "" for none.
    """

    def __init__(self, interpreter: str, words: list[str], stem: str, flags: list[str] | None = None) -> None:
        self.interpreter = interpreter
        self.words = words
        self.stem = stem
        self.flags = flags or []
        self.note = ""

    @property
    def command(self) -> list[str]:
        return [self.interpreter, *self.flags, *self.words]


def resolve(program: list[str], python: str | None = None) -> Target:
    """Find interpreter and script. A script's errors are left to Python, which words them as always.

    Raises: UsageError if no such program can be found, UnsupportedError for a Python that cannot be measured.
    """
    target = _unchecked(program, python)
    target.interpreter = supported_interpreter(target.interpreter)
    return target


def _unchecked(program: list[str], python: str | None) -> Target:
    interpreter = _named_python(python) if python is not None else sys.executable
    first = program[0]
    if first.startswith("-m"):
        module = first[2:] or (program[1] if len(program) > 1 else "")
        return Target(interpreter, program, stem_of(module))
    if first.startswith("-c"):
        return Target(interpreter, program, "command")
    if first == "-":
        return Target(interpreter, program, "stdin")

    if first.endswith(".ipynb"):
        return _notebook(interpreter, program)
    looks_like_path = "/" in first or first.endswith((".py", ".pyw", ".pyz"))
    if looks_like_path or os.path.exists(first):
        path, by_name = first, False
        if not os.path.isfile(path):  # a directory with __main__.py, or nothing: Python says which
            return Target(interpreter, program, stem_of(first))
    else:
        found = _which(first)
        if found is None:
            raise UsageError(
                f"no script {first!r} here and no program of that name in PATH",
                code="run.no_program",
                hint="give a script, -m MODULE, -c CODE or an installed command such as pytest",
            )
        path, by_name = found, True

    if _PYTHON_NAME.match(os.path.basename(path)) and (_is_native(path) or by_name and _is_shim(path)):
        return Target(path, program[1:], stem_of(_first_plain(program[1:]) or "python"))
    own_python = _python_of_script(path)
    if own_python is None and (by_name or _is_native(path)) and not path.endswith(".py"):
        raise UsageError(
            f"{path} is not a Python script", code="run.not_python",
            hint=f"Hasten measures Python programs; if it starts one, name what that runs: hasten run -m {first}" if by_name
            else "Hasten measures Python programs",
        )
    # A .py file is run by the Python at hand, as `python x.py` would; an installed command has its own.
    flags: list[str] = []
    if own_python is not None and python is None and not path.endswith(".py"):
        interpreter, flags = own_python
    return Target(interpreter, [path, *program[1:]], stem_of(first), flags)


def _notebook(interpreter: str, program: list[str]) -> Target:
    """Its code cells, run in order by a plain Python."""
    from hasten.fix.trial import NOTEBOOK_STARTER, notebook

    try:
        with open(program[0], "rb") as file:
            left_out = notebook.Notebook(file.read()).left_out
    except (OSError, notebook.NotebookError) as error:
        raise UsageError(f"{program[0]}: {getattr(error, 'strerror', None) or error}", code="run.notebook",
                         hint="Hasten runs the code cells of a notebook by plain Python") from None
    target = Target(interpreter, [NOTEBOOK_STARTER, *program], stem_of(program[0]))
    if left_out:
        target.note = f"left out, because IPython alone has it: {', '.join(left_out)}"
    return target


def named_interpreter(name: str) -> str:
    """The interpreter that `--python` names, by a name in PATH or a path.

    Raises: UsageError if there is none, UnsupportedError for a Python that cannot be measured.
    """
    return supported_interpreter(_named_python(name))


def version_of(path: str) -> str:
    """`3.14.8` of an interpreter. Raises: UnsupportedError if it is none."""
    if os.path.realpath(path) == os.path.realpath(sys.executable):
        return _compat.version_text()
    return _compat.version_text(_ask(path)[1])


def supported_interpreter(path: str) -> str:
    """The interpreter's real path, asked of itself: a shim in PATH is not the interpreter.

    Raises: UnsupportedError, one line that names the versions that can be measured.
    """
    if os.path.realpath(path) == os.path.realpath(sys.executable):
        name, version, abi_flags, executable = sys.implementation.name, _compat.VERSION, sys.abiflags, path
    else:
        name, version, abi_flags, executable = _ask(path)
    supported = f"Hasten measures {_compat.SUPPORTED_TEXT}"
    if name != "cpython" or not _compat.is_supported(version):
        nice = "CPython" if name == "cpython" else name
        raise UnsupportedError(
            f"{path} is {nice} {_compat.version_text(version)}", code="python.unsupported", hint=supported
        )
    if "t" in abi_flags:
        raise UnsupportedError(
            f"{path} is a free-threaded build of CPython {_compat.version_text(version)}",
            code="python.unsupported",
            hint=f"{supported}, with the global lock",
        )
    return executable


_QUESTION = "import sys; print(sys.implementation.name, *sys.version_info[:3], sys.abiflags or '-', sys.executable, sep='\\n')"


def _ask(path: str) -> tuple[str, tuple[int, ...], str, str]:
    import subprocess

    try:
        answer = subprocess.run(
            [path, "-S", "-c", _QUESTION], capture_output=True, text=True, timeout=60, check=True, stdin=subprocess.DEVNULL
        ).stdout.split("\n")
        return answer[0], tuple(map(int, answer[1:4])), answer[4].strip("-"), answer[5] or path
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        reason = getattr(error, "stderr", None) or str(error)
        line = reason.strip().splitlines()[0] if reason.strip() else type(error).__name__
        raise UnsupportedError(
            f"{path} does not answer as a Python does ({line})",
            code="python.unsupported",
            hint=f"Hasten measures {_compat.SUPPORTED_TEXT}",
        ) from None


def _named_python(name: str) -> str:
    found = _which(name)
    if found is None:
        raise UsageError(f"no Python {name!r} in PATH", code="run.no_python", hint="give a name or a path to --python")
    return found


def _which(name: str) -> str | None:
    import shutil

    return shutil.which(name)


def _is_native(path: str) -> bool:
    return _head(path).startswith(b"\x7fELF")


def _is_shim(path: str) -> bool:
    """Whether a shell script stands where an interpreter is looked for, as pyenv and asdf put it: which one it starts it tells when asked."""
    return _head(path).startswith(b"#!") and _python_of_script(path) is None


def _python_of_script(path: str) -> tuple[str, list[str]] | None:
    """The interpreter and its flags from a script's first line; None if that names no Python."""
    head = _head(path)
    if not head.startswith(b"#!"):
        return None
    lines = head.decode("utf-8", "surrogateescape").splitlines()
    words = lines[0][2:].split()
    # Installers write this where the interpreter's path is too long or has spaces:
    #   #!/bin/sh
    #   '''exec' "/long path/bin/python" "$0" "$@"
    if words and os.path.basename(words[0]) == "sh" and len(lines) > 1:
        match = re.match(r"""'''exec' (?:"([^"]+)"|(\S+)) "\$0" "\$@\"""", lines[1])
        return ((match[1] or match[2]), []) if match else None
    if words and os.path.basename(words[0]) == "env":
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            words = words[1:]
        if words:
            words[0] = _which(words[0]) or words[0]
    if not words or not _PYTHON_NAME.match(os.path.basename(words[0])):
        return None
    return words[0], words[1:]


def _head(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""


def _first_plain(words: list[str]) -> str | None:
    return next((word for word in words if not word.startswith("-")), None)
