"""The cells of a notebook as a source: edits are made in the program that its code cells are, and written back into the JSON.

Every byte outside the cells that are changed stays as it is, and so does the JSON of each line that an edit leaves alone.
"""

from __future__ import annotations

import hashlib
import json

from hasten.fix.source import Edit, SourceError, SourceFile, applied
from hasten.fix.trial.notebook import Notebook, NotebookError


class NotebookSource(SourceFile):
    """raw is the program as a trial runs it; file_bytes is the .ipynb."""

    @classmethod
    def from_bytes(cls, path, raw):
        try:
            notebook = Notebook(raw)
        except NotebookError as error:
            raise SourceError(f"{path}: {error}") from None
        source = super().from_bytes(path, notebook.text.encode("utf-8", "surrogatepass"))
        source.notebook = notebook
        source._file_bytes = raw
        return source

    @property
    def file_bytes(self):
        return self._file_bytes

    @property
    def sha256(self):
        return hashlib.sha256(self._file_bytes).hexdigest()

    def place(self, line):
        cell, inside = self.notebook.cell_at(line)
        return super().place(line) if cell is None else f"{super().place(line).rpartition(':')[0]}, cell {cell.number}, line {inside}"

    def file_with(self, edits):
        by_cell = {}
        for edit in edits:
            by_cell.setdefault(self._cell_of(edit), []).append(edit)
        text = self.notebook.file_text
        for cell in sorted(by_cell, key=lambda c: -c.first_line):
            start, end = cell.tokens[0][1], cell.tokens[-1][2]
            text = text[:start] + self._json_of(cell, self._new_lines(cell, by_cell[cell])) + text[end:]
        return text.encode("utf-8")

    def _cell_of(self, edit):
        """The cell that an edit stands in; what is inserted between two cells belongs to the end of the one before."""
        line = self.line_of_offset(edit.start)
        before = [c for c in self.notebook.cells if c.first_line <= line]
        return before[-1] if before else self.notebook.cells[0]

    def _new_lines(self, cell, edits):
        """The cell's lines with the edits made, each with its newline but the last."""
        first, behind = self.line_start(cell.first_line), self.line_start(cell.last_line + 1)
        raw = self.text.encode("utf-8", "surrogatepass")
        # With a newline behind the last line, so that what is inserted after it starts a line.
        inside = raw[first:behind].rstrip(b"\n") + b"\n"
        moved = [Edit(*(min(max(at - first, 0), len(inside)) for at in (e.start, e.end)), e.text) for e in edits]
        new = applied(inside, moved, lambda edit: f"{self.path}: two changes touch the same text (cell {cell.number})")
        return new.decode("utf-8", "surrogatepass").removesuffix("\n").split("\n")

    def _json_of(self, cell, lines):
        text = self.notebook.file_text
        start = cell.tokens[0][1]
        indent = text[text.rfind("\n", 0, start) + 1:start]
        newline = "\r\n" if "\r\n" in text else "\n"
        # Magics that a trial leaves out stand in the file as they were: lines are known by their text in the program.
        shown = self.text.split("\n")[cell.first_line - 1:cell.last_line]
        known = {line: token[0].rstrip("\r\n") for line, token in zip(shown, cell.tokens)}
        written = {token[0]: text[token[1]:token[2]] for token in cell.tokens}
        out = []
        for i, line in enumerate(lines):
            wanted = known.get(line, line) + ("\n" if i + 1 < len(lines) else "")
            out.append(written.get(wanted) or json.dumps(wanted, ensure_ascii=False))
        return ("," + newline + indent).join(out)
