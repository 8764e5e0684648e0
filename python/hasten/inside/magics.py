"""`%hasten` and `%%hasten` in IPython and notebooks, after `%load_ext hasten`."""

from __future__ import annotations

import shlex

from hasten.errors import HastenError
from hasten.inside.public import Profile

_USAGE = "usage: %hasten [-o] [--save PATH] STATEMENT, or %%hasten [-o] [--save PATH] above a cell"


def register(shell) -> None:
    """Adds the magics to an IPython shell."""

    def hasten(line: str, cell: str | None = None):
        """Run a statement (%hasten) or a cell (%%hasten), measure this process meanwhile and print the verdict.

        %hasten [-o] [--save PATH] STATEMENT
        %%hasten [-o] [--save PATH]

        -o returns the profile (its .report is the dict of `hasten run --json`); --save keeps the capture.
        """
        try:
            wanted, path, code = _words(line, cell)
        except ValueError as error:
            print(f"hasten: {error}; {_USAGE}")
            return None
        try:
            measured = Profile("cell" if cell is not None else code.strip()).start()
        except HastenError as error:
            print(f"hasten: {error}")
            return None
        try:
            shell.run_cell(code, store_history=False)  # shows results and errors as ever
        finally:
            measured.stop()
        print(measured.text)
        if path is not None:
            try:
                saved = measured.save(path)
            except OSError as error:
                print(f"hasten: cannot save {path}: {error.strerror}")
            else:
                print(f"capture {saved}")
        return measured if wanted else None

    shell.register_magic_function(hasten, magic_kind="line_cell", magic_name="hasten")


def _words(line: str, cell: str | None) -> tuple[bool, str | None, str]:
    """Whether the profile is returned, where it is saved, and the code. Raises: ValueError."""
    wanted, path = False, None
    rest = line.strip()
    while rest.startswith("-"):
        option, _, rest = rest.partition(" ")
        rest = rest.strip()
        if option == "-o":
            wanted = True
        elif option == "--save":
            words = shlex.split(rest) if cell is not None else shlex.split(rest.partition(" ")[0])
            if not words:
                raise ValueError("--save needs a path")
            path = words[0]
            rest = "" if cell is not None else rest.partition(" ")[2]
        else:
            raise ValueError(f"no option {option}")
    if cell is None and not rest.strip():
        raise ValueError("there is nothing to run")
    return wanted, path, rest if cell is None else cell
