"""For all tests: compiled code comes from the compiler, not out of this user's cache, and leaves nothing there."""

import os

import pytest

os.environ["HASTEN_JIT_CACHE"] = os.environ.get("HASTEN_TEST_JIT_CACHE", "off")


@pytest.fixture(autouse=True)
def programs_choose_their_tier(request, monkeypatch):
    """Programs that tests start run as they would for anybody; those of tests/compile, as its conftest says."""
    if "compile" not in request.path.parts:
        monkeypatch.delenv("HASTEN_JIT_TIER", raising=False)
