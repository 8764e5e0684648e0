"""pprof files, opened by the protobuf package with the schema that pprof publishes."""

import gzip
import re
from collections import Counter
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from hasten.export import encode

SCHEMA = Path(__file__).parent / "schemas" / "profile.proto"
FIELD = re.compile(r"^\s*(repeated )?(\w+) (\w+) = (\d+);")
Field = descriptor_pb2.FieldDescriptorProto


def profile_class():
    """The class of the message Profile. The schema has only flat messages, one field a line."""
    file = descriptor_pb2.FileDescriptorProto(name=SCHEMA.name, package="perftools.profiles", syntax="proto3")
    for line in SCHEMA.read_text().splitlines():
        if match := re.match(r"message (\w+) {", line):
            message = file.message_type.add(name=match[1])
        elif match := FIELD.match(line):
            field = message.field.add(name=match[3], number=int(match[4]))
            field.label = Field.LABEL_REPEATED if match[1] else Field.LABEL_OPTIONAL
            if match[2][0].isupper():
                field.type, field.type_name = Field.TYPE_MESSAGE, f".perftools.profiles.{match[2]}"
            else:
                field.type = getattr(Field, f"TYPE_{match[2].upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("perftools.profiles.Profile"))


class Read:
    """A profile with its numbers resolved."""

    def __init__(self, data):
        self.profile = profile = profile_class().FromString(gzip.decompress(data))
        self.text = profile.string_table
        self.functions = {function.id: function for function in profile.function}
        self.locations = {location.id: location for location in profile.location}

    def frames(self, sample):
        """(function, file, first line, line), innermost first."""
        for number in sample.location_id:
            (line,) = self.locations[number].line
            function = self.functions[line.function_id]
            yield self.text[function.name], self.text[function.filename], function.start_line, line.line

    def labels(self, sample):
        return {self.text[label.key]: self.text[label.str] if label.str else label.num for label in sample.label}


@pytest.fixture(scope="module")
def read(recorded):
    return Read(recorded.export("pprof"))


def test_the_schema_is_read_whole():
    fields = profile_class().DESCRIPTOR.fields_by_name
    assert (len(fields), fields["default_sample_type"].number) == (15, 14)


def test_drawn_samples(drawn):
    drawn("main main main -\nf    f\nf    g", "main\nf\nf")
    read = Read(encode("pprof", "x.hasten"))
    samples = [
        ([name for name, *_ in read.frames(sample)], list(sample.value), read.labels(sample))
        for sample in read.profile.sample
    ]
    first = {"thread": "t0", "pid": 7, "tid": 7}
    assert samples == [
        (["f", "f", "main"], [1, 1_000_000], first),
        (["g", "f", "main"], [1, 1_000_000], first),
        (["main"], [1, 1_000_000], first),
        (["(outside Python)"], [1, 1_000_000], first),
        (["f", "f", "main"], [1, 1_000_000], {"thread": "t1", "pid": 7, "tid": 8}),
    ]
    # Not known here: no rate, no date, no duration.
    assert (read.profile.period, read.profile.time_nanos, read.profile.duration_nanos) == (0, 0, 0)


def test_equal_stacks_are_one_sample(drawn):
    drawn("f f f g")
    samples = Read(encode("pprof", "x.hasten")).profile.sample
    assert [list(sample.value) for sample in samples] == [[3, 3_000_000], [1, 1_000_000]]


def test_the_message_is_well_formed(read):
    profile = read.profile
    assert profile.string_table[0] == ""
    assert len(set(profile.string_table)) == len(profile.string_table)
    for table in (profile.function, profile.location, profile.mapping):
        numbers = [row.id for row in table]
        assert len(set(numbers)) == len(numbers) and 0 not in numbers
    for location in profile.location:
        assert location.mapping_id in {mapping.id for mapping in profile.mapping}
        assert all(line.function_id in read.functions for line in location.line)
    for sample in profile.sample:
        assert len(sample.value) == len(profile.sample_type)
        assert set(sample.location_id) <= read.locations.keys()


def test_types_and_time(recorded, read):
    profile = read.profile
    assert [(read.text[kind.type], read.text[kind.unit]) for kind in profile.sample_type] == [
        ("samples", "count"),
        ("cpu", "nanoseconds"),
    ]
    assert read.text[profile.default_sample_type] == "cpu"
    assert (read.text[profile.period_type.type], profile.period) == ("cpu", 1_000_000)
    before_ns, after_ns, _ = recorded.wall_clock_ns
    assert before_ns <= profile.time_nanos <= after_ns
    assert profile.duration_nanos == pytest.approx(recorded.report["wall_s"] * 1e9, abs=1)


def test_totals(recorded, read):
    assert sum(sample.value[0] for sample in read.profile.sample) == recorded.report["samples"]
    assert sum(sample.value[1] for sample in read.profile.sample) == recorded.cpu_ns


def test_functions_and_lines(recorded, read):
    self_ns, total_ns, line_ns = Counter(), Counter(), Counter()
    first_lines = {}
    for sample in read.profile.sample:
        frames = list(read.frames(sample))
        for name in {name for name, file, *_ in frames if file == recorded.file}:
            total_ns[name] += sample.value[1]
        name, file, _, line = frames[0]
        if file == recorded.file:
            self_ns[name] += sample.value[1]
            line_ns[line] += sample.value[1]
        first_lines.update({name: first_line for name, file, first_line, _ in frames if file == recorded.file})
    assert first_lines == {"<module>": 1, "sink": 3, "even": 10, "odd": 13, "direct": 16}
    for name in first_lines:
        assert self_ns[name] == pytest.approx(recorded.cost(name)["self_cpu_s"] * 1e9, abs=10)
        assert total_ns[name] == pytest.approx(recorded.cost(name)["total_cpu_s"] * 1e9, abs=10)
    for row in recorded.report["lines"]:
        if row["file"] == recorded.file:
            assert line_ns[row["line"]] == pytest.approx(row["self_cpu_s"] * 1e9, abs=10), row


def test_labels_name_process_and_thread(recorded, read):
    by_thread = Counter()
    for sample in read.profile.sample:
        labels = read.labels(sample)
        by_thread[labels["pid"], labels["tid"], labels["thread"]] += sample.value[1]
    assert by_thread == {
        (thread["pid"], thread["tid"], thread["name"]): sum(cpu_ns for _, cpu_ns, _ in thread["samples"])
        for thread in recorded.stacks["threads"]
        if thread["samples"]
    }
    assert len({pid for pid, _, _ in by_thread}) == 2 and len(by_thread) == 3
