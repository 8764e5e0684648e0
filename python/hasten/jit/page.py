"""The report of a compiled function as HTML: one page, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from hasten.jit.listing import notes, summary, version_words

_STYLE = """
.hasten-lines { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px; line-height: 1.45; }
.hasten-lines h1 { font-size: 16px; margin: 0 0 4px; }
.hasten-lines p { margin: 0; }
.hasten-lines ul { margin: 4px 0 12px; padding-left: 20px; color: #666; }
.hasten-lines table { border-collapse: collapse; }
.hasten-lines td { padding: 0 10px 0 0; vertical-align: top; text-align: left; border: 0; background: none; }
.hasten-lines td.number { text-align: right; color: #888; }
.hasten-lines td.class { white-space: nowrap; border-left: 6px solid transparent; padding-left: 8px; }
.hasten-lines pre { margin: 0; padding: 0; background: none; white-space: pre-wrap; font: inherit; color: inherit; }
.hasten-lines .note { padding-left: 2em; white-space: pre-wrap; color: #777; }
.hasten-lines .hint, .hasten-lines .refused { font-weight: bold; }
.hasten-lines tr.native td.class { border-color: #2e9e4f; color: #2e9e4f; }
.hasten-lines tr.checked td.class { border-color: #2a8fb0; color: #2a8fb0; }
.hasten-lines tr.boxed td.class { border-color: #b8860b; color: #b8860b; }
.hasten-lines tr.python-call td.class { border-color: #cc3b30; color: #cc3b30; }
.hasten-lines tr.not-compiled td.class { border-color: #8a4fae; color: #8a4fae; }
"""
_PAGE_STYLE = """
body { margin: 24px; background: #fff; color: #222; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #ddd; } }
"""


def page(facts: dict) -> str:
    """A whole document."""
    title = escape(f"{facts['function']}: hasten.jit")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_PAGE_STYLE}{_STYLE}</style>\n</head>\n<body>\n{_body(facts)}\n</body>\n</html>\n"
    )


def fragment(facts: dict) -> str:
    """What a notebook shows in a cell of its own."""
    return f"<style>{_STYLE}</style>\n{_body(facts)}"


def _body(facts: dict) -> str:
    return "\n".join(_parts(facts))


def _parts(facts: dict) -> Iterator[str]:
    yield '<div class="hasten-lines">'
    yield f"<h1>{escape(facts['function'])}</h1>"
    yield f"<p>{escape(facts['file'])}:{facts['first_line']}</p>"
    yield f"<p>{escape(summary(facts))}</p>"
    said = [version_words(version) for version in facts["versions"]]
    if facts["python_calls"]:
        said.append(f"ran as Python: {facts['python_calls']} times")
    if facts["compared_calls"]:
        said.append(f"ran as Python to compare: {facts['compared_calls']} times")
    said.extend(facts["reasons"])
    yield f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in said)}</ul>"
    yield "<table>"
    for line in facts["lines"]:
        yield from _row(line)
    yield "</table>\n</div>"


def _row(line: dict) -> Iterator[str]:
    name = line["class"] or ""
    source = escape(line["source"]) or " "
    said = "".join(
        f'<div class="note {escape(kind.replace(" ", "-"))}">{escape(text)}</div>' for kind, text in notes(line)
    )
    yield (
        f'<tr class="{name.replace(" ", "-")}"><td class="class">{escape(name)}</td><td class="number">{line["line"]}</td>'
        f"<td><pre>{source}</pre>{said}</td></tr>"
    )
