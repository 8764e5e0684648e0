"""Places in the source of a compiled function: its lines, what is called where, what a refusal points at."""

from __future__ import annotations

import ast
import dis
import inspect
import re
import types

# "FILE:LINE:COLUMN: CODE why; try: hint", as the front end writes it; column, code and hint may be missing.
_REASON = (
    r"(?P<file>.*?):(?P<line>\d+)(?::(?P<column>\d+))?: "
    r"(?:(?P<code>[A-Z]\d{3}) )?(?P<why>.*?)(?:; try: (?P<hint>.*))?"
)
_CALLEE_MAX = 48


def split_reason(reason: str) -> dict:
    """Its parts; without a place they are null, and `why` is all of it."""
    match = re.fullmatch(_REASON, reason, re.DOTALL)
    if not match:
        return {"file": None, "line": None, "column": None, "code": None, "why": reason, "hint": None}
    column = match["column"]
    return {**match.groupdict(), "line": int(match["line"]), "column": int(column) if column else None}


def nested_codes(code: types.CodeType) -> tuple[types.CodeType, ...]:
    """The code objects of everything that is defined within, at any depth."""
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return tuple(one for each in inner for one in (each, *nested_codes(each)))


def lines_with_code(code: types.CodeType) -> set[int]:
    """The lines of the function's own bytecode, without that of its beginning."""
    begin = next((one.offset for one in dis.get_instructions(code) if one.opname == "RESUME"), -1)
    return {line for start, end, line in code.co_lines() if line is not None and end > begin + 2 and (start > begin or line != code.co_firstlineno)}


def last_line(code: types.CodeType, source: list[str]) -> int:
    """The last line of the function, as far as the source is there and fits."""
    known = max(line for one in (code, *nested_codes(code)) for _, _, line in one.co_lines() if line is not None)
    try:
        block = inspect.getblock(source[code.co_firstlineno - 1 :])
    except (SyntaxError, IndentationError, ValueError):
        block = []
    return max(known, code.co_firstlineno + len(block) - 1) if block else known


def callee_at(source: list[str], line: int, end_line: int, column: int, end_column: int) -> str:
    """The source of what the call at this place calls, shortened; "a callable" if it cannot be told."""
    rows = [row.encode() for row in source[line - 1 : end_line]]
    if not rows or len(rows) != end_line - line + 1:
        return "a callable"
    rows[-1] = rows[-1][:end_column]
    rows[0] = rows[0][column:]
    text = b"".join(rows).decode(errors="replace").strip()
    try:
        node = ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError):
        return "a callable"
    name = ast.unparse(node.func if isinstance(node, ast.Call) else node)
    return name if len(name) <= _CALLEE_MAX else name[: _CALLEE_MAX - 3] + "..."
