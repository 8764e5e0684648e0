"""Our encoder against the protobuf package, on messages of one field."""

from google.protobuf import wrappers_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, SourceCodeInfo
from hypothesis import given
from hypothesis import strategies as st

from hasten.export.protobuf import Message


def one(write, *values):
    message = Message()
    getattr(message, write)(*values)
    return bytes(message)


@given(st.integers(-(2**63), 2**63 - 1))
def test_int64(value):
    assert wrappers_pb2.Int64Value.FromString(one("number", 1, value)).value == value


@given(st.integers(0, 2**64 - 1))
def test_uint64(value):
    assert wrappers_pb2.UInt64Value.FromString(one("number", 1, value)).value == value


@given(st.text())
def test_text(value):
    assert wrappers_pb2.StringValue.FromString(one("text", 1, value)).value == value


@given(st.lists(st.integers(0, 2**31 - 1)))
def test_packed(values):
    assert list(SourceCodeInfo.Location.FromString(one("numbers", 1, values)).path) == values


def test_messages_and_high_field_numbers():
    inner = Message()
    inner.number(3, 7)  # FieldDescriptorProto.number
    outer = Message(inner)
    outer.text(10, "jsonName")
    assert FieldDescriptorProto.FromString(bytes(outer)) == FieldDescriptorProto(number=7, json_name="jsonName")
    assert bytes(inner) == b"\x18\x07"


def test_a_lone_surrogate_is_replaced():
    assert wrappers_pb2.StringValue.FromString(one("text", 1, "a\udc80b")).value == "a?b"
