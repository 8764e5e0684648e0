"""Writing what a command found: the verdict to a stream, JSON to a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO


def print_verdict(report: dict, capture: Path, stream: TextIO) -> None:
    """The verdict, with bold and the terminal's width where the stream is a terminal, plain elsewhere."""
    from hasten.cli.verdict import verdict_lines

    colour, width = _terminal(stream)
    try:
        shown = Path(os.path.relpath(capture))
    except (OSError, ValueError):
        shown = capture
    text = "\n".join(verdict_lines(report, capture=shown, colour=colour, width=width)) + "\n"
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def write_text(text: str, file: str) -> None:
    """Write a whole file beside its place and rename it there, or print for `-`."""
    if file == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    path = Path(file)
    if path.exists() and not path.is_file():  # /dev/stdout, a pipe: nothing to rename over
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            error.filename = error.filename or file
            raise
        return
    import tempfile

    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(beside, 0o666 & ~umask)
        os.replace(beside, path)
    except BaseException as error:
        os.unlink(beside)
        if isinstance(error, OSError):  # "No space left on device" alone does not say where
            error.filename = file
            error.filename2 = None
        raise


def drop_output(stream: TextIO) -> None:
    """Let what is still buffered for a stream that nobody reads go nowhere, quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def write_json(value: Any, file: str) -> None:
    """One JSON document, with a final newline."""
    import json

    write_text(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n", file)


def _terminal(stream: TextIO) -> tuple[bool, int]:
    if not stream.isatty():
        return False, 110
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        width = 0
    colour = "NO_COLOR" not in os.environ and os.environ.get("TERM") not in (None, "dumb")
    return colour, max(width or 80, 60)
