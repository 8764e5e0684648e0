"""https://www.speedscope.app/file-format-schema.json: one "sampled" profile a thread."""

from __future__ import annotations

import json

from hasten.export.recording import read_recording


def encode(capture: str) -> str:
    """One JSON document. Weights are nanoseconds of CPU time."""
    from hasten import __version__

    recording = read_recording(capture)
    # A frame is a function at a line: speedscope shows the line, and groups by name and file.
    frames: dict[tuple[str, str, int], int] = {}
    indexed = []
    for stack in recording.stacks:
        functions = [recording.functions[frame.function] for frame in stack]
        keys = [(function.name, function.file, frame.line) for function, frame in zip(functions, stack, strict=True)]
        indexed.append([frames.setdefault(key, len(frames)) for key in keys])
    profiles = []
    for thread in recording.threads:
        samples = [sample for sample in thread.samples if sample.cpu_ns > 0]
        if samples:
            profiles.append(
                {
                    "type": "sampled",
                    "name": f"{thread.name or 'thread'} (pid {thread.pid}, tid {thread.tid})",
                    "unit": "nanoseconds",
                    "startValue": 0,
                    "endValue": sum(sample.cpu_ns for sample in samples),
                    "samples": [indexed[sample.stack] for sample in samples],
                    "weights": [sample.cpu_ns for sample in samples],
                }
            )
    document = {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": f"hasten {__version__}",
        "name": recording.name,
        "activeProfileIndex": 0,
        "shared": {
            "frames": [{"name": name, **({"file": file, "line": line} if file else {})} for name, file, line in frames]
        },
        "profiles": profiles,
    }
    return json.dumps(document, ensure_ascii=False) + "\n"
