"""`hasten machine`: this machine as the kernel describes it, and what small things cost on it."""

from __future__ import annotations

import argparse

from hasten.cli.output import write_json, write_text

EXAMPLES = """\
examples:
  hasten machine                 what the kernel says, and the prices if they were measured before
  hasten machine --prices        measure the prices of this Python now (0.2 s) and keep them
  hasten machine --json - | jq .prices
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prices", action="store_true", help="measure from which size a set, a deque and others pay here, and keep it for hasten fix")
    parser.add_argument("--json", metavar="FILE", help="write it as JSON; - for standard output")


def main(args: argparse.Namespace) -> int:
    from hasten.fix.rules import prices

    kept = prices.measure_and_keep() if args.prices else prices.kept()
    document = document_of(kept, prices.path())
    if args.json is not None:
        write_json(document, args.json)
    if args.json != "-":
        write_text("\n".join(lines_of(document)) + "\n", "-")
    return 0


def document_of(prices: dict | None, path: str) -> dict:
    """The documented keys of `hasten machine --json`. What the kernel does not say is absent, as are prices that nobody measured."""
    from hasten import __version__, _compat, machine

    found = machine.detect()
    document = {"schema": "hasten-machine/1", "hasten": __version__, "python": _compat.version_text()}
    for name in ("architecture", "kernel_release", "cpu_model", "logical_cpu_count", "physical_core_count", "usable_cpu_count",
                 "cpu_limit", "simd", "memory_bytes", "memory_available_bytes", "memory_limit_bytes"):
        if value := getattr(found, name):
            document[name] = value
    document["is_virtual"] = found.is_virtual
    document["caches"] = [{"level": c.level, "kind": c.kind, "size_bytes": c.size_bytes, "line_bytes": c.line_bytes,
                           "sharing_cpu_count": c.sharing_cpu_count} for c in found.caches]
    if prices is not None:
        document["prices"] = {name: prices[name] for name in ("set_pays_from", "compare_ns", "set_ns", "pays_from")}
        document["prices_file"] = path
    return document


def lines_of(document: dict) -> list[str]:
    """The same for a terminal."""
    virtual = ", virtual" if document["is_virtual"] else ""
    cpus = document.get("logical_cpu_count", 0)
    lines = [f"cpu      {document.get('cpu_model', 'unknown')} ({document.get('architecture', 'unknown')}{virtual})",
             f"         {cpus} CPU{'s' if cpus != 1 else ''}, {document.get('usable_cpu_count', 0)} usable here"
             + (f", limited to {document['cpu_limit']:g}" if "cpu_limit" in document else "")]
    if document.get("simd"):
        lines.append(f"         {' '.join(document['simd'])}")
    for cache in document["caches"]:
        lines.append(f"cache    L{cache['level']} {cache['kind']:<12} {_size(cache['size_bytes']):>8}")
    limit = f", limited to {_size(document['memory_limit_bytes'])}" if "memory_limit_bytes" in document else ""
    lines.append(f"memory   {_size(document.get('memory_bytes', 0))}, {_size(document.get('memory_available_bytes', 0))} available{limit}")
    lines.append(f"kernel   {document.get('kernel_release', 'unknown')}")
    prices = document.get("prices")
    if prices is None:
        return [*lines, f"prices   of Python {document['python']}: not measured yet (hasten machine --prices; hasten fix does it when it needs them)"]
    names = {"int": "whole numbers", "str": "texts"}
    for kind, name in names.items():
        lines.append(f"prices   {name}: {prices['compare_ns'][kind]:.1f} ns to compare two, {prices['set_ns'][kind]:.1f} ns to look into a "
                     f"set; a set pays from {prices['set_pays_from'][kind]}")
    from hasten.fix.rules import break_even

    for way, found in prices["pays_from"].items():
        told = ", ".join(f"{'never' if n is None else f'from {n}'}{'' if kind in ('any', 'tuple') else f' ({names[kind]})'}" for kind, n in found.items())
        lines.append(f"         {break_even.WAYS[way].what}: {told}")
    return [*lines, f"         of Python {document['python']}, kept in {document['prices_file']}"]


def _size(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.4g} {unit}"
    return f"{count} B" if count else "unknown"
