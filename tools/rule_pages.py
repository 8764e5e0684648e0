#!/usr/bin/env python3
"""Writes docs/guide/rules.md, the manual of `hasten fix`'s rules, from their docstrings.

    python tools/rule_pages.py [--check]

Reads the files as text: nothing has to be built. With --check it writes nothing and exits 1 if the page is not up to date.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "python" / "hasten" / "fix" / "rules"
PAGE = ROOT / "docs" / "guide" / "rules.md"
HEADINGS = ("What it sees", "Evidence needed", "Why it is slow", "Prescription", "Expected gain", "How it is verified",
            "When it is wrong", "Sources")
HEAD = """# The rules of hasten fix

In the order in which they are tried. Written by `python tools/rule_pages.py` from the docstrings in
[python/hasten/fix/rules](../../python/hasten/fix/rules/__init__.py); change them there. In a gain, p is the share of the time on
the changed lines and f how many times faster these become, measured by `python benchmarks/fix/rules.py`.
"""


def rule_names(rules: Path = RULES) -> list[str]:
    """The modules of RULES, in their order."""
    tree = ast.parse((rules / "__init__.py").read_text())
    aliases = {a.asname: a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names if a.asname}
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "RULES":
            return [aliases.get(e.id, e.id) for e in node.value.elts]
    raise SystemExit(f"{rules}/__init__.py has no RULES")


def section(name: str, text: str) -> str:
    """One rule's part of the page. Raises SystemExit if its docstring lacks a heading."""
    tree = ast.parse(text)
    kind = next(n.value.value for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == "KIND")
    title, _, body = ast.get_docstring(tree).partition("\n")
    at = [(m.start(), m.group(1)) for m in re.finditer(rf"^({'|'.join(HEADINGS)}): ", body, re.MULTILINE)]
    missing = [h for h in HEADINGS if h not in [heading for _, heading in at]]
    if missing:
        raise SystemExit(f"{name}.py: its docstring lacks {', '.join(missing)}")
    lines = [f"\n## {kind}\n", f"{title} ([{name}.py](../../python/hasten/fix/rules/{name}.py))\n"]
    for (start, heading), (end, _) in zip(at, at[1:] + [(len(body), "")]):
        words = " ".join(body[start + len(heading) + 2:end].split())
        words = re.sub(r"(?<![`\w.])(__\w+__)(?!`)", r"`\1`", words)  # Markdown would make it bold
        lines.append(textwrap.fill(f"- **{heading}.** {words}", 130, subsequent_indent="  ", break_long_words=False,
                                   break_on_hyphens=False))
    return "\n".join(lines) + "\n"


def page(rules: Path = RULES) -> str:
    return HEAD + "".join(section(n, (rules / f"{n}.py").read_text()) for n in rule_names(rules))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    wanted = page()
    if not parser.parse_args().check:
        PAGE.write_text(wanted)
    elif not PAGE.exists() or PAGE.read_text() != wanted:
        print("docs/guide/rules.md is not up to date: python tools/rule_pages.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
