"""A Jupyter notebook as one Python program that keeps the file's own line numbers.

A notebook (nbformat 4, JSON) holds the lines of its cells one a line of the file, as Jupyter, VS Code and nbformat write it. The
program is as long as the file: each line of a code cell stands at its place, every other line is empty. So a line number of a
sample, a traceback or a change is a line of the .ipynb, and `line 2 of cell 3` is found from it.

Run as a script, `python notebook.py NOTEBOOK ARGS` runs the cells in order, in the notebook's folder, as Jupyter does. It is plain
Python: what only IPython understands is refused by name, except for magics that alter the display alone.
"""

import json
import re
import sys
import warnings

_SPACE = re.compile(r"[ \t\r\n]*")
_MAGIC = re.compile(r"([ \t]*)(%{1,2}|!)\s*(\w+)?")
_DISPLAY_ONLY = frozenset({"matplotlib", "config", "load_ext", "reload_ext", "autoreload", "pylab", "time", "timeit", "capture"})
_CELL_MAGICS_LEFT_OUT = frozenset({"time", "capture"})


class NotebookError(Exception):
    """It is no notebook that can be run here; the message is one line for a person."""


class Cell:
    """A code cell. number: among the code cells, from 1; tokens: (text, start, end) of each source line in the file's text."""

    def __init__(self, number, tokens, lines):
        self.number = number
        self.tokens = tokens
        self.first_line, self.last_line = (lines[0], lines[-1]) if lines else (0, 0)


class Notebook:
    """text: the program; cells: its code cells that hold anything; left_out: magics that are not run, in words."""

    def __init__(self, raw):
        try:
            self.file_text = raw.decode("utf-8")
            self.cells = _Reader(self.file_text).code_cells()
        except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
            raise NotebookError(f"it is no notebook of Jupyter's format 4 ({str(error).splitlines()[0]})") from None
        self.left_out = []
        lines = [""] * (self.file_text.count("\n") + 1)
        for cell in self.cells:
            source = self._plain_python(cell)
            for number, line in enumerate(source, cell.first_line):
                lines[number - 1] = line
        self.text = "\n".join(lines)

    def cell_at(self, line):
        """(cell, line in it from 1) of a line of the file; (None, 0) for one between the cells."""
        for cell in self.cells:
            if cell.first_line <= line <= cell.last_line:
                return cell, line - cell.first_line + 1
        return None, 0

    def _plain_python(self, cell):
        lines = [text.rstrip("\r\n") for text, _, _ in cell.tokens]
        error = _syntax_error(lines)
        if error is None:
            return lines
        for i, line in enumerate(lines):
            magic = _MAGIC.match(line)
            if magic is None:
                continue
            name = line.split()[0] if magic[2] != "!" else "!"
            allowed = _CELL_MAGICS_LEFT_OUT if magic[2] == "%%" else _DISPLAY_ONLY - {"time", "timeit", "capture"}
            if magic[2] == "!" or magic[3] not in allowed:
                raise NotebookError(f"line {i + 1} of cell {cell.number} uses {name}, which only IPython understands")
            lines[i] = magic[1] + "pass" if magic[1] else ""
            self.left_out.append(f"{line.strip()} (line {i + 1} of cell {cell.number})")
        error = _syntax_error(lines)
        if error is not None:
            raise NotebookError(f"line {error.lineno} of cell {cell.number}: {error.msg}")
        return lines


def _syntax_error(lines):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the run itself will warn
        try:
            compile("\n".join(lines) + "\n", "cell", "exec", dont_inherit=True)
        except SyntaxError as error:
            return error
    return None


class _Reader:
    """Reads as much of the JSON as is needed to know where each line of a cell's source stands."""

    def __init__(self, text):
        self._text = text
        self._at = 0
        self._decoder = json.JSONDecoder()

    def code_cells(self):
        cells, version = [], None
        for key in self._keys():
            if key == "cells":
                for _ in self._items():
                    kind, tokens = self._cell()
                    if kind == "code" and tokens:
                        cells.append(tokens)
            else:
                value = self._value()
                version = value if key == "nbformat" else version
        if version != 4:
            raise ValueError(f"nbformat is {version}")
        lines_before, at, out = 1, 0, []
        for number, tokens in enumerate(cells, 1):
            lines = []
            for i, (text, start, _) in enumerate(tokens):
                lines_before += self._text.count("\n", at, start)
                at = start
                lines.append(lines_before)
                if "\n" in text[:-1] or not text.endswith("\n") and i + 1 < len(tokens):
                    raise ValueError(f"cell {number} does not hold one line of source a string; save it once in Jupyter")
            if lines != list(range(lines[0], lines[0] + len(lines))):
                raise ValueError(f"cell {number} does not hold one line of source a line of the file; save it once in Jupyter")
            out.append(Cell(number, tokens, lines))
        return out

    def _cell(self):
        kind, tokens = "", []
        for key in self._keys():
            if key == "source" and self._peek() == "[":
                tokens = [self._string() for _ in self._items()]
            elif key == "source":
                text, start, end = self._string()
                tokens = [(text, start, end)] if text else []
            else:
                value = self._value()
                kind = value if key == "cell_type" else kind
        return kind, tokens

    def _peek(self):
        self._at = _SPACE.match(self._text, self._at).end()
        return self._text[self._at]

    def _take(self, mark):
        if self._peek() != mark:
            raise ValueError(f"{mark!r} is missing at character {self._at}")
        self._at += 1

    def _string(self):
        self._peek()
        start = self._at
        value = self._value()
        if not isinstance(value, str):
            raise ValueError(f"no text at character {start}")
        return value, start, self._at

    def _value(self):
        self._peek()
        value, self._at = self._decoder.raw_decode(self._text, self._at)
        return value

    def _keys(self):
        for _ in self._items("{", "}"):
            key = self._value()
            self._take(":")
            yield key

    def _items(self, opening="[", closing="]"):
        self._take(opening)
        while self._peek() != closing:
            yield
            if self._peek() != closing:
                self._take(",")
        self._at += 1


def main():
    import os

    path = os.path.abspath(sys.argv[1])
    try:
        with open(path, "rb") as file:
            text = Notebook(file.read()).text
    except (OSError, NotebookError) as error:
        sys.exit(f"{path}: {error}")
    folder = os.path.dirname(path)
    os.chdir(folder)
    sys.path[0] = folder
    sys.argv[:] = [path, *sys.argv[2:]]
    module = type(sys)("__main__")
    module.__builtins__ = __builtins__
    sys.modules["__main__"] = module
    exec(compile(text, path, "exec", dont_inherit=True), module.__dict__)


if __name__ == "__main__":
    main()
