"""Writing what a command found: the verdict to a stream, text or bytes to a file."""

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

    colour, width = terminal(stream)
    try:
        shown = Path(os.path.relpath(capture))
    except (OSError, ValueError):
        shown = capture
    print_lines(verdict_lines(report, capture=shown, colour=colour, width=width), stream)


def print_lines(lines: list[str], stream: TextIO) -> None:
    """Lines to a stream, whatever it can encode."""
    text = "\n".join(lines) + "\n"
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


def write_text(text: str, file: str) -> None:
    """Write a whole file beside its place and rename it there, or print for `-`."""
    if file == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        _write_file(text.encode("utf-8"), file)


def write_bytes(data: bytes, file: str) -> None:
    """The same for what is no text."""
    if file == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        _write_file(data, file)


def refuse_terminal(file: str, what: str) -> None:
    """Raise HastenError if `file` is a terminal, which bytes would only upset."""
    try:
        terminal = sys.stdout.isatty() if file == "-" else _is_terminal(file)
    except OSError:
        return  # writing will say why
    if terminal:
        from hasten.errors import HastenError

        raise HastenError(
            f"{what} is binary, and the output is a terminal", code="export.terminal", hint="Name a file: -o FILE, or pipe it"
        )


def _is_terminal(file: str) -> bool:
    if not Path(file).is_char_device():
        return False
    handle = os.open(file, os.O_WRONLY | os.O_NOCTTY)
    try:
        return os.isatty(handle)
    finally:
        os.close(handle)


def _write_file(data: bytes, file: str) -> None:
    path = Path(file)
    if path.exists() and not path.is_file():  # /dev/stdout, a pipe: nothing to rename over
        try:
            path.write_bytes(data)
        except OSError as error:
            error.filename = error.filename or file
            raise
        return
    _refuse_capture(path)
    import tempfile

    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        error.filename = file  # not that of the file beside it, which nobody named
        raise
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
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


def _refuse_capture(path: Path) -> None:
    """Raise HastenError if a capture stands there: `--json FILE` takes the word behind it, which may be meant for something else."""
    try:
        with open(path, "rb") as stream:
            is_capture = stream.read(8) == b"\x89HASTEN\n"
    except OSError:
        return  # there is none, or writing will say why
    if is_capture:
        from hasten.errors import HastenError

        raise HastenError(f"{path} is a capture", code="output.capture", hint="captures are never overwritten; name another file")


def drop_output(stream: TextIO) -> None:
    """Let what is still buffered for a stream that nobody reads go nowhere, quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def write_json(value: Any, file: str) -> None:
    """One JSON document, with a final newline."""
    import json

    write_text(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n", file)


def terminal(stream: TextIO) -> tuple[bool, int]:
    """Whether the stream shows colours, and how many columns it has."""
    if not stream.isatty():
        return False, 110
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        width = 0
    colour = "NO_COLOR" not in os.environ and os.environ.get("TERM") not in (None, "dumb")
    return colour, max(width or 80, 60)
