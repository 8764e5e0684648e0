"""Collapsed stacks, the lines that flamegraph.pl reads."""

from __future__ import annotations

import os

from hasten.export.recording import Function, read_recording


def encode(capture: str) -> str:
    """One line a stack: frames from the outermost, separated by ';', a space, and nanoseconds of CPU time."""
    recording = read_recording(capture)
    names = [_frame_name(function) for function in recording.functions]
    weights: dict[str, int] = {}
    for thread in recording.threads:
        for sample in thread.samples:
            text = ";".join(names[frame.function] for frame in recording.stacks[sample.stack])
            weights[text] = weights.get(text, 0) + sample.cpu_ns
    return "".join(f"{text} {cpu_ns}\n" for text, cpu_ns in sorted(weights.items()) if cpu_ns > 0)


def _frame_name(function: Function) -> str:
    line = f":{function.first_line}" if function.first_line else ""  # native functions have none
    place = f" ({os.path.basename(function.file)}{line})" if function.file else ""
    # ';' parts frames and a newline stacks; neither may occur inside a name.
    return f"{function.name}{place}".replace(";", ":").replace("\n", " ")
