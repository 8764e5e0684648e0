"""Figures, counts and paths as the terminal shows them."""

from __future__ import annotations


def seconds(value: float) -> str:
    """Three digits that mean something."""
    if value >= 100:
        return f"{value:.0f} s"
    if value >= 10:
        return f"{value:.1f} s"
    if value >= 1:
        return f"{value:.2f} s"
    if value >= 0.0995:
        return f"{value:.2f} s"
    return f"{value * 1000:.0f} ms"


def size(count: int) -> str:
    """Bytes, in decimal units."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}" if count < 100 * scale else f"{count / scale:.0f} {unit}"
    return f"{count} B"


def times(ratio: float) -> str:
    return f"{ratio:.1f}x" if ratio < 10 else f"{ratio:.0f}x"


def plural(count: int, noun: str, many: str | None = None) -> str:
    return f"{count:,} {noun if count == 1 else many or noun + 's'}".replace(",", " ")


def visible(text: str) -> str:
    """The text on one line: control characters, which a name may hold, as Python writes them (\\n, \\x1b)."""
    if text.isprintable():
        return text
    return "".join(c if ord(c) >= 0x20 and not 0x7F <= ord(c) < 0xA0 else repr(c)[1:-1] for c in text)


def short_name(function: str, limit: int = 80) -> str:
    """A function's qualified name, `visible`; of a very long one the begin and the end."""
    name = visible(function)
    return name if len(name) <= limit else f"{name[: limit // 2 - 3]}...{name[-limit // 2 :]}"


def short_path(file: str, cwd: str | None) -> str:
    """The path as its owner would write it: relative to where the program ran, if it is below. It is `visible`."""
    if cwd and file.startswith(cwd.rstrip("/") + "/"):
        return visible(file[len(cwd.rstrip("/")) + 1 :])
    parts = file.split("/")
    return visible(file if len(parts) <= 3 else ".../" + "/".join(parts[-2:]))
