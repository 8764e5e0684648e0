"""Speedscope files, by the schema that speedscope publishes; what the numbers say is in tests/cli/test_export.py."""

import json
from pathlib import Path

import jsonschema

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "speedscope.json").read_text())


def test_the_published_schema(recorded):
    document = json.loads(recorded.export("speedscope"))
    jsonschema.validate(document, SCHEMA)
    assert sum(sum(profile["weights"]) for profile in document["profiles"]) == recorded.cpu_ns
    assert len(document["profiles"]) == 3


def test_the_schema_can_refuse(recorded):
    document = json.loads(recorded.export("speedscope"))
    del document["profiles"][0]["weights"]
    try:
        jsonschema.validate(document, SCHEMA)
    except jsonschema.ValidationError:
        return
    raise AssertionError("a profile without weights passed")
