"""Putting a proven change into the user's files: all of it or nothing, and never against a file's mode."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from hasten.fix.source import replacements


@pytest.fixture
def files(tmp_path):
    made = []
    for name in ("a.py", "b.py"):
        path = tmp_path / name
        path.write_text(f"# {name}\n")
        path.chmod(0o640)
        made.append(path)
    return made


def replace(*changes):
    with replacements([(str(path), raw) for path, raw in changes]) as put_in_place:
        put_in_place()


def test_files_keep_their_mode_and_links_are_followed(files, tmp_path):
    a, b = files
    (tmp_path / "link.py").symlink_to(b)
    replace((a, b"new a\n"), (tmp_path / "link.py", b"new b\n"))
    assert a.read_bytes() == b"new a\n" and b.read_bytes() == b"new b\n" and (tmp_path / "link.py").is_symlink()
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o640}
    assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py", "link.py"]


def test_a_write_protected_file_stays_and_so_do_the_others(files, tmp_path):
    a, b = files
    b.chmod(0o444)
    with pytest.raises(OSError, match="it is write-protected") as refused:
        replace((a, b"new\n"), (b, b"new\n"))
    assert refused.value.filename == str(b)
    assert a.read_text() == "# a.py\n" and b.read_text() == "# b.py\n"
    assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py"]


def test_nothing_is_put_in_place_where_what_comes_first_fails(files, tmp_path):
    with pytest.raises(ZeroDivisionError), replacements([(str(p), b"new\n") for p in files]):
        1 / 0
    assert [p.read_text() for p in files] == ["# a.py\n", "# b.py\n"] and sorted(os.listdir(tmp_path)) == ["a.py", "b.py"]


def test_a_folder_that_takes_no_file():
    folder = Path(tempfile.mkdtemp())
    file = folder / "a.py"
    try:
        file.write_text("# a.py\n")
        file.chmod(0o666)
        folder.chmod(0o555)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                if os.getuid() == 0:  # root may write anywhere: another user asks
                    os.setgid(65534)
                    os.setuid(65534)
                code = _refused(file)
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert file.read_text() == "# a.py\n" and os.listdir(folder) == ["a.py"]
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def _refused(file):
    try:
        replace((file, b"new\n"))
    except OSError as error:
        return 0 if "its folder takes no file" in error.strerror and error.filename == str(file) else 2
    return 3
