"""The report of a compiled function as text: the source, line by line, with its class, reasons and counts."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator

_COLOURS = {"native": "32", "checked": "36", "boxed": "33", "python call": "31", "not compiled": "35"}
_WIDTH = 110
_CLASS_COLUMNS = 12
_WIDTH_MIN = 60
_REBOUND = " may be bound to something else now"


def listing_text(facts: dict, *, colour: bool | None = None, width: int | None = None) -> str:
    """The whole listing."""
    shows_colour, columns = _terminal()
    style = _Style(shows_colour if colour is None else colour)
    return "\n".join(_listing(facts, style, max(width or columns, _WIDTH_MIN)))


def summary(facts: dict) -> str:
    """How it ran, and how much of it is native, in a line."""
    share = facts["share_native"]
    if share is None:
        return facts["tier"] + (f"; {_plural(facts['under_way'], 'version')} under way" if facts["under_way"] else "")
    counts = facts["line_counts"]
    with_code = sum(count for name, count in counts.items() if name != "not compiled")
    native = counts["native"] + counts["checked"]
    return f"{facts['tier']}; {native} of {with_code} lines with code are native or checked ({100 * share:.0f} %)"


def version_words(version: dict) -> str:
    """One version in a line."""
    kinds = {"call": "native version", "loop": "native version, entered in a loop", "retired": "native version, retired"}
    said = f"within {version['within']}" if version["kind"] == "within" else kinds[version["kind"]]
    parts = [f"{said}: ({version['types']})"]
    if version["quick"]:
        parts.append("made quickly, not optimized")
    if version["calls"] is not None:
        left = f", left for the interpreter {_times(version['landings'])}" if version["landings"] else ""
        parts.append(_plural(version["calls"], "call") + left)
    if version["code_bytes"] is not None:
        parts.append(f"{version['code_bytes']} bytes")
    if version["share_native"] is not None:
        parts.append(f"{100 * version['share_native']:.0f} % of its lines native or checked")
    return ", ".join(parts)


def notes(line: dict) -> Iterator[tuple[str, str]]:
    """What there is to say of a line: (class, "left", "hint" or "refused"; text), dearest first."""
    for why in line["refused"]:
        yield "refused", why if why.startswith("dropped") else f"not compiled: {why}"
    calls = {f"`{call['callee']}`": call_words(call) for call in line["calls"]}
    for name, texts in _grouped(line["reasons"]):
        for text in texts:
            callee = next((callee for callee in calls if name == "python call" and text.startswith(callee)), None)
            none_yet = name == "python call" and not line["calls"]
            yield name, f"{text}: {calls.pop(callee)}" if callee else f"{text}: no call yet" if none_yet else text
    for callee, words in calls.items():
        yield "python call", f"{callee}: {words}"
    for left in line["left"]:
        seen = f" ({', '.join(left['seen'])})" if left["seen"] else ""
        yield "left", f"left for the interpreter {_times(left['count'])}: {left['why']}{seen}"
    for hint in dict.fromkeys(reason["hint"] for reason in line["reasons"] if reason["hint"]):
        yield "hint", f"try: {hint}"


def _grouped(reasons: list[dict]) -> Iterator[tuple[str, list[str]]]:
    """Each class with its reasons; those that begin alike are one."""
    by_class: dict[str, dict[str, list[str]]] = {}
    for reason in reasons:
        begin, colon, rest = reason["why"].partition(": ")
        alike = begin in ("checked", "on objects")
        heads = by_class.setdefault(reason["class"], {})
        phrases = heads.setdefault(begin + colon if alike else reason["why"], [])
        phrases.extend(one for one in (rest.split("; ") if alike else []) if one not in phrases)
    for name, heads in by_class.items():
        yield name, [head + "; ".join(_joined(phrases)) for head, phrases in heads.items()]


def _joined(phrases: list[str]) -> list[str]:
    """Names that may all be bound anew are one phrase."""
    names = [one.removesuffix(_REBOUND) for one in phrases if one.endswith(_REBOUND)]
    if len(names) < 2:
        return phrases
    return [", ".join(names) + _REBOUND, *(one for one in phrases if not one.endswith(_REBOUND))]


def call_words(call: dict) -> str:
    """How often, and what one costs."""
    count, cost = _plural(call["count"], "call"), call["cost"]
    if cost is None:
        return count
    if cost["ns_low"] is None:
        return f"{count}, {_ns(cost['ns'])}"
    return f"{count}, {_ns(cost['ns'])} each ({_ns(cost['ns_low'])} to {_ns(cost['ns_high'])}; {cost['timed']} timed)"


class _Style:
    """Colours on a terminal that shows them, nothing elsewhere."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour and text else text


def _listing(facts: dict, style: _Style, width: int) -> Iterator[str]:
    place = f"{facts['file']}:{facts['first_line']}"
    yield f"{style.paint(facts['function'], '1')}  {place}"
    yield summary(facts)
    for version in facts["versions"]:
        yield style.paint(f"  {version_words(version)}", "2")
    if facts["python_calls"]:
        yield style.paint(f"  ran as Python: {_plural(facts['python_calls'], 'call')}", "2")
    if facts["compared_calls"]:
        yield style.paint(f"  ran as Python to compare: {_plural(facts['compared_calls'], 'call')}", "2")
    for refusal in facts["refusals"]:
        if refusal["file"] != facts["file"] or not facts["first_line"] <= refusal["line"] <= facts["last_line"]:
            where = f"{refusal['file']}:{refusal['line']}: " if refusal["file"] else ""
            yield f"  {where}{refusal['why']}"
    yield ""
    digits = len(str(facts["last_line"]))
    indent = _common_indent(facts["lines"])
    for line in facts["lines"]:
        yield from _line(line, digits, indent, style, width)


def _line(line: dict, digits: int, indent: int, style: _Style, width: int) -> Iterator[str]:
    name = line["class"] or ""
    source = visible(line["source"][indent:].expandtabs())
    head = f"{style.paint(f'{name:<{_CLASS_COLUMNS}}', _COLOURS.get(name, '0'))} {line['line']:>{digits}}"
    yield f"{head}  {source}".rstrip()
    margin = " " * (_CLASS_COLUMNS + digits + 3 + len(source) - len(source.lstrip()) + 2)
    for kind, text in notes(line):
        colour = "2" if kind == "checked" else "1" if kind in ("hint", "refused") else _COLOURS.get(kind, "0")
        for row in textwrap.wrap(visible(text), max(width - len(margin), 40), subsequent_indent="  "):
            yield style.paint(f"{margin}{row}", colour)


def visible(text: str) -> str:
    """What would steer the terminal is shown instead."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _common_indent(lines: list[dict]) -> int:
    depths = [len(line["source"]) - len(line["source"].lstrip(" ")) for line in lines if line["source"].strip()]
    return min(depths, default=0)


def _ns(ns: float) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _terminal() -> tuple[bool, int]:
    """Whether standard output shows colours, and how many columns it has."""
    try:
        if not sys.stdout.isatty():
            return False, _WIDTH
        width = os.get_terminal_size(sys.stdout.fileno()).columns
    except (AttributeError, OSError, ValueError):
        return False, _WIDTH
    return "NO_COLOR" not in os.environ and os.environ.get("TERM") not in (None, "dumb"), width or _WIDTH
