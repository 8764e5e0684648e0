"""Where captures lie: their names, and which one is meant when none is named."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hasten.errors import HastenError

SUFFIX = ".hasten"
_Made = TypeVar("_Made")


def stem_of(program: str) -> str:
    """The NAME of NAME.hasten for a script, module or program."""
    name = os.path.basename(program.rstrip("/")) or "program"
    name = re.sub(r"\.(py|pyw|pyz|ipynb)$", "", name)
    return re.sub(r"[^\w.+-]", "_", name) or "program"


def free_path(folder: Path, stem: str) -> Path:
    """The first of NAME.hasten, NAME-2.hasten, ... that does not exist."""
    number = 1
    while True:
        path = folder / (f"{stem}{SUFFIX}" if number == 1 else f"{stem}-{number}{SUFFIX}")
        if not os.path.lexists(path):
            return path
        number += 1


@dataclass(frozen=True)
class Place:
    """Where a capture goes: a path that the user chose, or the first free name of a stem in a folder."""

    folder: Path
    stem: str
    chosen: Path | None = None

    def make(self, write: Callable[[Path], _Made]) -> tuple[_Made, Path]:
        """What write(path) returns, and the path. write creates the file exclusively; where another process was quicker
        it is called again with the next name."""
        while True:
            path = self.chosen or free_path(self.folder, self.stem)
            try:
                return write(path), path
            except HastenError as error:
                if error.code != "record.exists" or self.chosen:
                    raise

    def part(self, number: int) -> Place:
        """Where one run's part of the capture goes, beside it."""
        stem = self.chosen.stem if self.chosen else self.stem
        return Place(self.chosen.parent if self.chosen else self.folder, f"{stem}.part{number}")


def newest(folder: Path | None = None) -> Path:
    """The capture in the folder that was written last."""
    folder = folder or Path.cwd()
    found = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
    if not found:
        raise HastenError(
            f"no capture in {folder}", code="capture.none", hint="make one with: hasten run SCRIPT"
        )
    return found[-1]


def chosen(name: str | None) -> Path:
    """The capture that was named, or else the newest in the current directory."""
    return Path(name) if name is not None else newest()
