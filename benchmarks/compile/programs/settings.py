"""A file of settings with sections, comments and types."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 1, 3, -1]
LARGE = 12_000


def given(size: int) -> tuple[str]:
    if size < 0:
        return ("[a]\nno value here\n",)
    lines: list[str] = []
    for i in range(size):
        lines += [f"[part{i % 40}]", "# a comment", f"width = {i}", "ratio = 0.5", "name = north wall ; why", "on = yes", ""]
    return ("\n".join(lines),)


def typed(text: str) -> object:
    if text in ("yes", "true"):
        return True
    if text in ("no", "false"):
        return False
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def main(text: str) -> dict[str, dict[str, object]]:
    sections: dict[str, dict[str, object]] = {}
    here: dict[str, object] = {}
    for number, line in enumerate(text.split("\n"), 1):
        cut = line.find(";")
        if cut >= 0:
            line = line[:cut]
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            here = sections.setdefault(line[1:-1], {})
            continue
        name, sign, value = line.partition("=")
        if not sign:
            raise ValueError(f"line {number}: no '='")
        here[name.strip()] = typed(value.strip())
    return sections
