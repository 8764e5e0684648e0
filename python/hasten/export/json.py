"""The report of `hasten run --json`."""

from __future__ import annotations

import json


def encode(capture: str) -> str:
    """One JSON document, with a final newline."""
    from hasten._core import read_report

    return json.dumps(read_report(capture), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
