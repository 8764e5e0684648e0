"""Where captures lie: their names, and which one is meant when none is named."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hasten.errors import HastenError

SUFFIX = ".hasten"


def stem_of(program: str) -> str:
    """The NAME of NAME.hasten for a script, module or program."""
    name = os.path.basename(program.rstrip("/")) or "program"
    name = re.sub(r"\.(py|pyw|pyz|ipynb)$", "", name)
    return re.sub(r"[^\w.+-]", "_", name) or "program"


def free_path(folder: Path, stem: str) -> Path:
    """The first of NAME.hasten, NAME-2.hasten, ... that does not exist. Whoever creates it must do so
    exclusively, and ask again if another process was quicker."""
    number = 1
    while True:
        path = folder / (f"{stem}{SUFFIX}" if number == 1 else f"{stem}-{number}{SUFFIX}")
        if not os.path.lexists(path):
            return path
        number += 1


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
