"""https://perfetto.dev/docs/reference/trace-packet-proto: every sample at its time, on its thread.

A sample is an instant with a stack, and is written as one (PerfSample): a slice would claim that the function ran from one
sample to the next, which nobody saw. The CPU time that samples stand for is a counter of each thread, because a
PerfSample has no place for it.

What is known from begin to end is a slice: each asyncio task has a track of its own, where it awaits and where it runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hasten.export.protobuf import Message
from hasten.export.recording import Await, Process, Recording, Thread, read_recording

# Numbers of the fields of each message.
_TRACE = {"packet": 1}
_PACKET = {
    "clock_snapshot": 6, "timestamp": 8, "trusted_packet_sequence_id": 10, "track_event": 11, "interned_data": 12,
    "sequence_flags": 13, "timestamp_clock_id": 58, "track_descriptor": 60, "perf_sample": 66,
}  # fmt: skip
_CLOCK_SNAPSHOT = {"clocks": 1, "primary_trace_clock": 2}
_CLOCK = {"clock_id": 1, "timestamp": 2}
_TRACK_DESCRIPTOR = {"uuid": 1, "name": 2, "process": 3, "thread": 4, "parent_uuid": 5, "counter": 8}
_PROCESS_DESCRIPTOR = {"pid": 1, "cmdline": 2, "process_name": 6}
_THREAD_DESCRIPTOR = {"pid": 1, "tid": 2, "thread_name": 5}
_COUNTER_DESCRIPTOR = {"unit": 3}
_TRACK_EVENT = {"type": 9, "track_uuid": 11, "name": 23, "counter_value": 30, "callstack_iid": 56}
_PERF_SAMPLE = {"pid": 2, "tid": 3, "callstack_iid": 4}
_INTERNED_DATA = {"function_names": 5, "frames": 6, "callstacks": 7, "mapping_paths": 17, "source_paths": 18, "mappings": 19}
_INTERNED_STRING = {"iid": 1, "str": 2}
_FRAME = {"iid": 1, "function_name_id": 2, "mapping_id": 3, "rel_pc": 4, "source_path_iid": 5, "line_number": 6}
_CALLSTACK = {"iid": 1, "frame_ids": 2}
_MAPPING = {"iid": 1, "path_string_ids": 7}

_REALTIME = 1  # BuiltinClock
_MONOTONIC = 3
_STATE_CLEARED = 1  # SequenceFlags
_NEEDS_STATE = 2
_BEGIN = 1  # TrackEvent.Type
_END = 2
_COUNTER = 4
_TIME_NS = 1  # CounterDescriptor.Unit

_SEQUENCE = 1


def encode(capture: str) -> bytes:
    """One trace, times on the monotonic clock, packets in the order of time."""
    recording = read_recording(capture)
    trace = Message()
    # Stable: of what happens at one instant on one track, the end comes before the next begin.
    timed = sorted([*_samples(recording), *_slices(recording)], key=lambda pair: pair[0])
    packets = (packet for _, packet in timed)
    for packet in [_clocks(recording.processes), _names(recording), *_tracks(recording), *packets]:
        packet.number(_PACKET["trusted_packet_sequence_id"], _SEQUENCE)
        trace.message(_TRACE["packet"], packet)
    return bytes(trace)


def _filled(fields: dict[str, int], **values: int | str | Message | Iterable[str]) -> Message:
    """A message with those fields."""
    message = Message()
    for name, value in values.items():
        if isinstance(value, int):
            message.number(fields[name], value)
        elif isinstance(value, str):
            message.text(fields[name], value)
        elif isinstance(value, Message):
            message.message(fields[name], value)
        else:
            for text in value:
                message.text(fields[name], text)
    return message


def _clocks(processes: list[Process]) -> Message:
    """The monotonic clock is the trace's own; the wall clock, where known, gives the date."""
    snapshot = _filled(_CLOCK_SNAPSHOT, primary_trace_clock=_MONOTONIC)
    for process in processes[:1]:
        for clock, now_ns in ((_MONOTONIC, process.start_ns), (_REALTIME, process.start_wall_ns)):
            if now_ns is not None:
                snapshot.message(_CLOCK_SNAPSHOT["clocks"], _filled(_CLOCK, clock_id=clock, timestamp=now_ns))
    return _filled(_PACKET, clock_snapshot=snapshot)


def _names(recording: Recording) -> Message:
    """All functions, frames and stacks, so that a sample is one number. Numbers begin with 1: 0 is none."""
    data = Message()
    files: dict[str, int] = {}
    for number, function in enumerate(recording.functions, 1):
        if function.file not in files:
            files[function.file] = len(files) + 1
            text = _filled(_INTERNED_STRING, iid=files[function.file], str=function.file)
            mapping = _filled(_MAPPING, iid=files[function.file])
            mapping.number(_MAPPING["path_string_ids"], files[function.file])
            data.message(_INTERNED_DATA["mapping_paths"], text)
            data.message(_INTERNED_DATA["source_paths"], text)
            data.message(_INTERNED_DATA["mappings"], mapping)
        data.message(_INTERNED_DATA["function_names"], _filled(_INTERNED_STRING, iid=number, str=function.name))

    seen = sorted({frame for stack in recording.stacks for frame in stack})
    frames = {frame: number for number, frame in enumerate(seen, 1)}
    for frame, number in frames.items():
        file = files[recording.functions[frame.function].file]
        # Perfetto tells frames apart by their address in a binary. Here the source is the binary, and a line its address.
        known = {"source_path_iid": file, "line_number": frame.line} if frame.line > 0 else {}
        data.message(
            _INTERNED_DATA["frames"],
            _filled(_FRAME, iid=number, function_name_id=frame.function + 1, mapping_id=file, rel_pc=frame.line, **known),
        )
    for number, stack in enumerate(recording.stacks, 1):
        callstack = _filled(_CALLSTACK, iid=number)
        for frame in stack:  # not packed: the schema is proto2
            callstack.number(_CALLSTACK["frame_ids"], frames[frame])
        data.message(_INTERNED_DATA["callstacks"], callstack)
    return _filled(_PACKET, sequence_flags=_STATE_CLEARED, interned_data=data)


def _tracks(recording: Recording) -> Iterator[Message]:
    """A track for each process and thread, and below a thread's the counter of its CPU time and its tasks."""
    # A process that called exec() is two processes with one pid: the last names it.
    for process in {process.pid: process for process in recording.processes}.values():
        described = _filled(
            _PROCESS_DESCRIPTOR, pid=process.pid, cmdline=process.command, process_name=_title(process.command)
        )
        yield _track(_process_uuid(process.pid), process=described)
    for thread in {(thread.pid, thread.tid): thread for thread in recording.threads}.values():
        described = _filled(_THREAD_DESCRIPTOR, pid=thread.pid, tid=thread.tid)
        if thread.name:
            described.text(_THREAD_DESCRIPTOR["thread_name"], thread.name)
        yield _track(_thread_uuid(thread), parent_uuid=_process_uuid(thread.pid), thread=described)
        counter = _filled(_COUNTER_DESCRIPTOR, unit=_TIME_NS)
        yield _track(_counter_uuid(thread), parent_uuid=_thread_uuid(thread), name="sampled CPU time", counter=counter)
    for task in _tasks(recording):
        yield _track(task.uuid, parent_uuid=_thread_uuid(task.thread), name=task.title)


def _track(uuid: int, **values: int | str | Message) -> Message:
    return _filled(_PACKET, track_descriptor=_filled(_TRACK_DESCRIPTOR, uuid=uuid, **values))


def _title(command: list[str]) -> str:
    return " ".join([os.path.basename(command[0]), *command[1:]]) if command else "python"


# Unique in the trace, and never 0: pids and tids have 22 bits in Linux.
def _process_uuid(pid: int) -> int:
    return 1 << 60 | pid


def _thread_uuid(thread: Thread) -> int:
    return 2 << 60 | thread.pid << 30 | thread.tid


def _counter_uuid(thread: Thread) -> int:
    return 3 << 60 | thread.pid << 30 | thread.tid


def _samples(recording: Recording) -> Iterator[tuple[int, Message]]:
    """Two packets a sample, with its time: the stack, and the thread's CPU time up to here."""
    taken = [(thread, sample) for thread in recording.threads for sample in thread.samples]
    cpu_ns: dict[int, int] = {}
    seen: dict[tuple[int, int], Message] = {}  # PerfSample by thread and stack: most occur often
    for thread, sample in sorted(taken, key=lambda pair: pair[1].end_ns):
        uuid = _counter_uuid(thread)
        if (uuid, sample.stack) not in seen:
            seen[uuid, sample.stack] = _filled(
                _PERF_SAMPLE, pid=thread.pid, tid=thread.tid, callstack_iid=sample.stack + 1
            )
        cpu_ns[uuid] = cpu_ns.get(uuid, 0) + sample.cpu_ns
        counted = Message()
        counted.number(_TRACK_EVENT["type"], _COUNTER)
        counted.number(_TRACK_EVENT["track_uuid"], uuid)
        counted.number(_TRACK_EVENT["counter_value"], cpu_ns[uuid])
        for field, event in (("perf_sample", seen[uuid, sample.stack]), ("track_event", counted)):
            yield _timed(sample.end_ns, field, event)


_AT_A_TIME = _filled(_PACKET, timestamp_clock_id=_MONOTONIC, sequence_flags=_NEEDS_STATE)


def _timed(time_ns: int, field: str, event: Message) -> tuple[int, Message]:
    packet = Message(_AT_A_TIME)
    packet.number(_PACKET["timestamp"], time_ns)
    packet.message(_PACKET[field], event)
    return time_ns, packet


class _Task(NamedTuple):
    """One asyncio task that awaited."""

    uuid: int  # of its track
    thread: Thread
    title: str
    awaits: list[Await]


def _tasks(recording: Recording) -> list[_Task]:
    tasks: dict[tuple[int, int], _Task] = {}
    for at, thread in enumerate(recording.threads):
        for await_ in thread.awaits:
            if not await_.task:
                continue
            if (at, await_.task) not in tasks:
                # Perfetto lays tracks with one title into one.
                title = f"{recording.task_groups[await_.group]} #{await_.task}"
                tasks[at, await_.task] = _Task(4 << 60 | len(tasks), thread, title, [])
            tasks[at, await_.task].awaits.append(await_)
    return list(tasks.values())


def _slices(recording: Recording) -> Iterator[tuple[int, Message]]:
    """Four packets an await, with their times: the step before it begins and ends, the await begins and ends."""
    for task in _tasks(recording):
        for await_ in task.awaits:
            way = " > ".join(recording.functions[frame.function].name for frame in recording.stacks[await_.stack])
            step = _filled(_TRACK_EVENT, type=_BEGIN, track_uuid=task.uuid, name="run")
            awaits = _filled(
                _TRACK_EVENT, type=_BEGIN, track_uuid=task.uuid, name=f"await {way}", callstack_iid=await_.stack + 1
            )
            end = _filled(_TRACK_EVENT, type=_END, track_uuid=task.uuid)
            yield _timed(await_.begin_ns - await_.step_ns, "track_event", step)
            yield _timed(await_.begin_ns, "track_event", end)
            yield _timed(await_.begin_ns, "track_event", awaits)
            yield _timed(await_.begin_ns + await_.duration_ns, "track_event", end)
