"""https://github.com/google/pprof/blob/main/proto/profile.proto, gzipped: samples and CPU time by stack and thread."""

from __future__ import annotations

import gzip

from hasten.export.protobuf import Message
from hasten.export.recording import Frame, Recording, Thread, read_recording

# Numbers of the fields of each message.
_PROFILE = {
    "sample_type": 1, "sample": 2, "mapping": 3, "location": 4, "function": 5, "string_table": 6, "time_nanos": 9,
    "duration_nanos": 10, "period_type": 11, "period": 12, "comment": 13, "default_sample_type": 14,
}  # fmt: skip
_VALUE_TYPE = {"type": 1, "unit": 2}
_SAMPLE = {"location_id": 1, "value": 2, "label": 3}
_LABEL = {"key": 1, "str": 2, "num": 3}
_MAPPING = {"id": 1, "filename": 5, "has_functions": 7, "has_filenames": 8, "has_line_numbers": 9}
_LOCATION = {"id": 1, "mapping_id": 2, "line": 4}
_LINE = {"function_id": 1, "line": 2}
# No system_name (3): where it equals the name, pprof takes <module> for a C++ template and strips it.
_FUNCTION = {"id": 1, "name": 2, "filename": 4, "start_line": 5}

_ONE_MAPPING = 1


def encode(capture: str) -> bytes:
    """Sample types samples/count and cpu/nanoseconds; labels thread, pid and tid."""
    return gzip.compress(bytes(_Profile(read_recording(capture)).message), mtime=0)


class _Profile:
    """The message Profile of one recording."""

    def __init__(self, recording: Recording) -> None:
        self.message = Message()
        self._recording = recording
        self._stacks = [tuple(stack) for stack in recording.stacks]
        self._strings = {"": 0}
        self._locations: dict[Frame, int] = {}
        for kind, unit in (("samples", "count"), ("cpu", "nanoseconds")):
            self.message.message(_PROFILE["sample_type"], self._value_type(kind, unit))
        self.message.number(_PROFILE["default_sample_type"], self._string("cpu"))
        for thread in recording.threads:
            self._put_samples(thread)
        self._put_locations()
        self._put_facts()
        for text in self._strings:  # last: by now every string has its number
            self.message.text(_PROFILE["string_table"], text)

    def _string(self, text: str) -> int:
        return self._strings.setdefault(text, len(self._strings))

    def _location(self, frame: Frame) -> int:
        return self._locations.setdefault(frame, len(self._locations) + 1)

    def _value_type(self, kind: str, unit: str) -> Message:
        value_type = Message()
        value_type.number(_VALUE_TYPE["type"], self._string(kind))
        value_type.number(_VALUE_TYPE["unit"], self._string(unit))
        return value_type

    def _put_samples(self, thread: Thread) -> None:
        totals: dict[tuple[Frame, ...], tuple[int, int]] = {}
        for sample in thread.samples:
            stack = self._stacks[sample.stack]
            sample_count, cpu_ns = totals.get(stack, (0, 0))
            totals[stack] = (sample_count + 1, cpu_ns + sample.cpu_ns)
        labels = self._labels(thread)
        for stack, values in totals.items():
            sample = Message()
            sample.numbers(_SAMPLE["location_id"], (self._location(frame) for frame in reversed(stack)))
            sample.numbers(_SAMPLE["value"], values)
            for label in labels:
                sample.message(_SAMPLE["label"], label)
            self.message.message(_PROFILE["sample"], sample)

    def _labels(self, thread: Thread) -> list[Message]:
        labels = []
        for key, kind, value in (
            ("thread", "str", self._string(thread.name) if thread.name else None),
            ("pid", "num", thread.pid),
            ("tid", "num", thread.tid),
        ):
            if value is not None:
                label = Message()
                label.number(_LABEL["key"], self._string(key))
                label.number(_LABEL[kind], value)
                labels.append(label)
        return labels

    def _put_locations(self) -> None:
        # Without a mapping that says so, pprof would look for a binary to take names from.
        mapping = Message()
        mapping.number(_MAPPING["id"], _ONE_MAPPING)
        if self._recording.processes and self._recording.processes[0].command:
            mapping.number(_MAPPING["filename"], self._string(self._recording.processes[0].command[0]))
        for known in ("has_functions", "has_filenames", "has_line_numbers"):
            mapping.number(_MAPPING[known], 1)
        self.message.message(_PROFILE["mapping"], mapping)

        for frame, number in self._locations.items():
            line = Message()
            line.number(_LINE["function_id"], frame.function + 1)
            line.number(_LINE["line"], frame.line)
            location = Message()
            location.number(_LOCATION["id"], number)
            location.number(_LOCATION["mapping_id"], _ONE_MAPPING)
            location.message(_LOCATION["line"], line)
            self.message.message(_PROFILE["location"], location)

        for index in sorted({frame.function for frame in self._locations}):
            name, file, first_line = self._recording.functions[index]
            function = Message()
            function.number(_FUNCTION["id"], index + 1)
            function.number(_FUNCTION["name"], self._string(name))
            function.number(_FUNCTION["filename"], self._string(file))
            function.number(_FUNCTION["start_line"], first_line)
            self.message.message(_PROFILE["function"], function)

    def _put_facts(self) -> None:
        from hasten import __version__

        if self._recording.wall_ns is not None:
            self.message.number(_PROFILE["duration_nanos"], self._recording.wall_ns)
        comment = f"hasten {__version__}"
        if self._recording.processes:
            first = self._recording.processes[0]
            comment += f": {' '.join(first.command)}"
            if first.start_wall_ns is not None:
                self.message.number(_PROFILE["time_nanos"], first.start_wall_ns)
            if first.rate_hz is not None:
                self.message.message(_PROFILE["period_type"], self._value_type("cpu", "nanoseconds"))
                self.message.number(_PROFILE["period"], round(1e9 / first.rate_hz))
        self.message.number(_PROFILE["comment"], self._string(comment))
