"""One function's bytecode as text: what `hasten view --dis` prints. The figures come from hasten.profile.instructions."""

from __future__ import annotations

from collections.abc import Iterator

from hasten.cli.figures import plural, seconds, short_name, short_path
from hasten.cli.verdict import Style

_NAME_COLUMNS_MIN = 24
_MARGIN = " " * 34  # below an instruction's name


def listing_lines(listed: dict, *, cwd: str | None = None, colour: bool = False, width: int = 110) -> list[str]:
    """The listing, one string a line."""
    return list(_listing(listed, cwd, Style(colour=colour), width))


def _listing(listed: dict, cwd: str | None, style: Style, width: int) -> Iterator[str]:
    place = f"{short_path(listed['file'], cwd)}:{listed['first_line']}"
    yield (
        f"{style.bold(short_name(listed['function']))}  {place}  CPython {listed['python']}; {plural(listed['samples'], 'sample')}, "
        f"{seconds(listed['cpu_s'])} of CPU time"
    )
    if "why_no_bytecode" in listed:
        yield f"note    offsets and lines only: {listed['why_no_bytecode']}"
    rows = listed["instructions"]
    names = max((len(_name(row)) for row in rows), default=0)
    columns = max(_NAME_COLUMNS_MIN, names)
    yield style.dim("       share    samples  offset     instruction, as it was specialised")
    line = None
    for row in rows:
        if row.get("line") != line and "line" in row:
            line = row["line"]
            text = listed.get("source", {}).get(str(line), "").strip()
            yield style.bold(f"line {line}") + (f"{'':<{max(1, 6 - len(str(line)))}}{_cut(text, width - 11)}" if text else "")
        yield from _rows(row, columns, style)


def _rows(row: dict, columns: int, style: Style) -> Iterator[str]:
    label = row.get("label", "")
    tail = f"{row['offset']:>6}  {label:>4} {_name(row):<{columns}}  {row.get('argument', '')}".rstrip()
    if not row["samples"]:
        yield style.dim(f"{'':21}{tail}")
        return
    low, high = row.get("cpu_share_interval", (0.0, 0.0))
    share = f"{100 * row['cpu_share']:5.1f} % +-{50 * (high - low):<4.1f}" if "cpu_share" in row else ""
    yield f"{share:<14}{row['samples']:>6} {tail}"
    if len(row["observed"]) > 1:
        yield _MARGIN + ", ".join(f"{_opcode(seen)} {100 * seen['share']:.0f} %" for seen in row["observed"])
    if "generic" in row:
        generic = row["generic"]
        forms = ", ".join(form.removeprefix(f"{row['name']}_") for form in row["forms"])
        text = f" in {generic['samples']} of {plural(generic['of'], 'sample')}; fast forms: {forms}"
        yield _MARGIN + style.bold("not specialised") + text
        if "meaning" in generic:
            yield _MARGIN + f"usual reasons: {generic['meaning']}"


def _name(row: dict) -> str:
    """What was seen most often; the plain name where no sample hit it."""
    return _opcode(row["observed"][0]) if row["observed"] else row.get("name", "?")


def _opcode(seen: dict) -> str:
    return seen.get("name") or f"opcode {seen['opcode']}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
