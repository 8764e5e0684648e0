"""Which of the files that a run writes are results."""

import os
import tempfile

import pytest

from hasten.fix.written import Written


@pytest.fixture
def written(tmp_path):
    return Written(str(tmp_path))


def test_a_file_of_the_program_is_a_result(written, tmp_path):
    assert written.note(str(tmp_path / "out.txt")) and written.note(str(tmp_path / "out.txt"))
    assert written.results == [str(tmp_path / "out.txt")] and written.aside == []


def test_a_folder_that_says_it_is_a_cache_is_none(written, tmp_path):
    cache = tmp_path / ".pytest_cache"
    (cache / "v" / "cache").mkdir(parents=True)
    assert written.note(str(cache / "v" / "cache" / "lastfailed")), "nothing says so yet"
    (cache / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert not written.note(str(cache / "v" / "cache" / "nodeids"))
    assert written.aside == [f"the cache {cache}"]


def test_compiled_modules_are_none(written, tmp_path):
    assert not written.note(str(tmp_path / "__pycache__")) and not written.note(str(tmp_path / "__pycache__" / "x.pyc.123"))
    assert written.aside == ["compiled modules"]


def test_what_is_gone_from_the_temporary_folder_is_none(written):
    folder = os.path.realpath(tempfile.gettempdir())
    assert not written.note(folder), "an unlinked file of its own"
    descriptor, path = tempfile.mkstemp(dir=folder)
    os.close(descriptor)
    try:
        assert written.note(path), "it is still there: somebody may read it"
    finally:
        os.unlink(path)
    assert not written.note(path + "-gone")
    assert not written.note(os.path.join(folder, "pytest-of-somebody", "pytest-3", "test_x0", "out.txt"))
    assert written.aside == ["temporary files", "pytest's temporary folders"]
