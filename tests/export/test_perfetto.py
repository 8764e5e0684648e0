"""Perfetto traces, opened by the schema that Perfetto publishes as a Python package."""

import json
import subprocess
import sys
from collections import Counter, defaultdict

import pytest
from google.protobuf.unknown_fields import UnknownFieldSet
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as schema

from hasten.export import encode


class Read:
    """A trace with its numbers resolved, as the trace processor does."""

    def __init__(self, data):
        self.packets = list(schema.Trace.FromString(data).packet)
        (state,) = [packet for packet in self.packets if packet.HasField("interned_data")]
        assert state.sequence_flags == schema.TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
        data = state.interned_data
        text = {
            kind: {row.iid: row.str.decode() for row in getattr(data, kind)}
            for kind in ("function_names", "mapping_paths", "source_paths")
        }
        files = {row.iid: "/".join(text["mapping_paths"][part] for part in row.path_string_ids) for row in data.mappings}
        self.frames = {
            frame.iid: (
                text["function_names"][frame.function_name_id], files[frame.mapping_id], frame.line_number, frame.rel_pc
            )
            for frame in data.frames
        }
        for frame in data.frames:
            assert not frame.line_number or text["source_paths"][frame.source_path_iid] == files[frame.mapping_id]
        self.callstacks = {stack.iid: [self.frames[frame] for frame in stack.frame_ids] for stack in data.callstacks}
        self.tracks = {
            packet.track_descriptor.uuid: packet.track_descriptor
            for packet in self.packets
            if packet.HasField("track_descriptor")
        }

    def samples(self):
        """(time, pid, tid, stack), outermost frame first."""
        for packet in self.packets:
            if packet.HasField("perf_sample"):
                sample = packet.perf_sample
                yield packet.timestamp, sample.pid, sample.tid, self.callstacks[sample.callstack_iid]

    def counters(self):
        """[(time, value), ...] by (pid, tid)."""
        values = defaultdict(list)
        for packet in self.packets:
            if packet.HasField("track_event") and packet.track_event.type == schema.TrackEvent.TYPE_COUNTER:
                thread = self.tracks[self.tracks[packet.track_event.track_uuid].parent_uuid].thread
                values[thread.pid, thread.tid].append((packet.timestamp, packet.track_event.counter_value))
        return values


    def slices(self):
        """[(begin, end, name, stack), ...] by the name of the track, in the order of time; none lies in another."""
        found, open_ = defaultdict(list), {}
        for packet in self.packets:
            event = packet.track_event
            track = self.tracks[event.track_uuid] if packet.HasField("track_event") else None
            if track is None or event.type == schema.TrackEvent.TYPE_COUNTER:
                continue
            if event.type == schema.TrackEvent.TYPE_SLICE_BEGIN:
                assert track.uuid not in open_
                stack = self.callstacks[event.callstack_iid] if event.callstack_iid else []
                open_[track.uuid] = packet.timestamp, event.name, stack
            else:
                assert event.type == schema.TrackEvent.TYPE_SLICE_END
                begin, name, stack = open_.pop(track.uuid)
                found[track.name].append((begin, packet.timestamp, name, stack))
        assert not open_
        return found


@pytest.fixture(scope="module")
def read(recorded):
    return Read(recorded.export("perfetto"))


def test_drawn_samples(drawn):
    drawn("main main -\nf    f\nf", "main\ng")
    read = Read(encode("perfetto", "x.hasten"))
    assert [(time, pid, tid, [name for name, *_ in stack]) for time, pid, tid, stack in read.samples()] == [
        (1_000_000, 7, 7, ["main", "f", "f"]),
        (2_000_000, 7, 7, ["main", "f"]),
        (3_000_000, 7, 7, ["(outside Python)"]),
        (4_000_000, 7, 8, ["main", "g"]),
    ]
    assert read.counters() == {
        (7, 7): [(1_000_000, 1_000_000), (2_000_000, 2_000_000), (3_000_000, 3_000_000)],
        (7, 8): [(4_000_000, 1_000_000)],
    }
    assert ("f", "/src/f.py", 11, 11) in read.frames.values()


def test_exec_keeps_the_pid(drawn):
    """Then the capture has two processes of one pid, and two first threads of one tid."""
    read = drawn("main main", "other")
    read["processes"].append({"pid": 7, "parent_pid": 1, "command": ["/bin/python", "y.py"], "start_ns": 2_500_000})
    read["threads"][1].update(tid=7, name="t0")
    trace = Read(encode("perfetto", "x.hasten"))
    assert [track.process.process_name for track in trace.tracks.values() if track.HasField("process")] == ["python y.py"]
    assert sum(track.HasField("thread") for track in trace.tracks.values()) == 1
    assert trace.counters() == {(7, 7): [(1_000_000, 1_000_000), (2_000_000, 2_000_000), (3_000_000, 3_000_000)]}


def test_no_field_is_unknown_to_the_schema(read):
    def walk(message):
        assert len(UnknownFieldSet(message)) == 0, message
        for field, value in message.ListFields():
            if field.message_type is not None:
                for inner in value if hasattr(value, "append") else [value]:
                    walk(inner)

    for packet in read.packets[:50]:
        walk(packet)


def test_one_sequence_whose_state_comes_first(read):
    assert {packet.trusted_packet_sequence_id for packet in read.packets} == {1}
    flags = [packet.sequence_flags for packet in read.packets]
    cleared, needing = (flags.index(flag) for flag in (1, 2))
    assert cleared < needing


def test_frames_differ_where_the_trace_processor_tells_them_apart(read):
    """It knows a frame by its address, mapping and name, not by its line."""
    keys = [(name, file, address) for name, file, _line, address in read.frames.values()]
    assert len(set(keys)) == len(keys)


def test_clocks(recorded, read):
    (snapshot,) = [packet.clock_snapshot for packet in read.packets if packet.HasField("clock_snapshot")]
    first = recorded.stacks["processes"][0]
    assert snapshot.primary_trace_clock == schema.BUILTIN_CLOCK_MONOTONIC
    assert {clock.clock_id: clock.timestamp for clock in snapshot.clocks} == {
        schema.BUILTIN_CLOCK_MONOTONIC: first["start_ns"],
        schema.BUILTIN_CLOCK_REALTIME: first["start_wall_ns"],
    }
    timed = [packet for packet in read.packets if packet.timestamp]
    assert {packet.timestamp_clock_id for packet in timed} == {schema.BUILTIN_CLOCK_MONOTONIC}
    assert [packet.timestamp for packet in timed] == sorted(packet.timestamp for packet in timed)


def test_processes_and_threads_have_tracks(recorded, read):
    processes = {track.process.pid: track for track in read.tracks.values() if track.HasField("process")}
    assert set(processes) == {process["pid"] for process in recorded.stacks["processes"]}
    assert processes[recorded.stacks["processes"][0]["pid"]].process.process_name.endswith(" " + recorded.file)
    threads = {(track.thread.pid, track.thread.tid): track for track in read.tracks.values() if track.HasField("thread")}
    assert {key: track.thread.thread_name for key, track in threads.items()} == {
        (thread["pid"], thread["tid"]): thread["name"] for thread in recorded.stacks["threads"]
    }
    assert all(read.tracks[track.parent_uuid].process.pid == pid for (pid, _), track in threads.items())


def test_samples(recorded, read):
    samples = list(read.samples())
    assert len(samples) == recorded.report["samples"]
    functions, stacks = recorded.stacks["functions"], recorded.stacks["stacks"]
    taken = Counter(
        (end_ns, thread["pid"], thread["tid"], *(functions[function][:2] for function, _ in stacks[stack]))
        for thread in recorded.stacks["threads"]
        for stack, _cpu_ns, end_ns in thread["samples"]
    )
    outside = ("(outside Python)", "")
    shown = Counter(
        (time, pid, tid, *(frame[:2] for frame in stack if frame[:2] != outside)) for time, pid, tid, stack in samples
    )
    assert taken == shown
    lines = {line for *_, stack in samples for name, file, line, _ in stack if (name, file) == ("sink", recorded.file)}
    assert lines and lines <= {3, 4, 5, 6, 7, 8}
    assert any([frame[0] for frame in stack].count("direct") > 5 for *_, stack in samples)  # recursion stays as it was


def test_cpu_time(recorded, read):
    counters = read.counters()
    for values in counters.values():
        assert values == sorted(values)
    assert {thread: values[-1][1] for thread, values in counters.items()} == {
        (thread["pid"], thread["tid"]): sum(cpu_ns for _, cpu_ns, _ in thread["samples"])
        for thread in recorded.stacks["threads"]
        if thread["samples"]
    }
    assert sum(values[-1][1] for values in counters.values()) == recorded.cpu_ns


TASKS = """\
import asyncio, json, time
truth = []
async def inner(seconds):
    began = time.monotonic_ns()
    await asyncio.sleep(seconds)
    truth.append((asyncio.current_task().get_name(), began, time.monotonic_ns()))
async def worker(seconds):
    for _ in range(5):
        end = time.monotonic() + 0.01
        while time.monotonic() < end:
            pass
        await inner(seconds)
async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(worker(0.05), name="slow")
        group.create_task(worker(0.02), name="quick")
asyncio.run(main())
print(json.dumps(truth))
"""


def test_each_task_has_a_track_with_its_steps_and_awaits(tmp_path):
    """Against the program's own clock around each await, which is the trace's clock too."""
    (tmp_path / "tasks.py").write_text(TASKS)
    command = [sys.executable, "-m", "hasten", "run", "--out", "tasks.hasten", "tasks.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    truth = json.loads(ran.stdout)
    read = Read(encode("perfetto", str(tmp_path / "tasks.hasten")))
    by_task = {name.partition(" #")[0]: slices for name, slices in read.slices().items()}
    assert set(by_task) == {"slow", "quick", "main"}
    for task in ("slow", "quick"):
        (track,) = [track for track in read.tracks.values() if track.name.partition(" #")[0] == task]
        assert read.tracks[track.parent_uuid].thread.thread_name == "MainThread"
        known = [(began, ended) for name, began, ended in truth if name == task]
        awaits = [(begin, end, stack) for begin, end, name, stack in by_task[task] if name == "await worker > inner > sleep"]
        steps = [(begin, end) for begin, end, name, _ in by_task[task] if name == "run"]
        assert len(awaits) == len(steps) == len(known) == 5
        for (begin, end, stack), step, (before, after) in zip(awaits, steps, known, strict=True):
            # The program reads its clock on its way to the await and after it, while its task runs.
            assert step[0] <= before <= begin <= end <= after
            assert step[1] == begin and step[1] - step[0] >= 10_000_000
            assert [(name, line) for name, _, line, _ in stack][:2] == [("worker", 12), ("inner", 5)]
