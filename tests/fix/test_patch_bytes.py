"""Patch files hold the bytes of the sources, whatever their encoding and newlines, so that `patch` can apply them."""

import base64
import hashlib
import shutil
import subprocess

import pytest

from hasten.fix import results


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch(1)")
@pytest.mark.parametrize("encoding, newline", [("latin-1", "\r\n"), ("latin-1", "\n"), ("utf-8", "\r\n")])
def test_the_reverse_patch_restores_every_byte(tmp_path, encoding, newline):
    text = f"# -*- coding: {encoding} -*-\n# caf\u00e9\n\n\ndef f(x, xs):\n    return x in xs  # \u00fcber\n".replace("\n", newline)
    before = text.encode(encoding)
    after = before.replace(b"x in xs", b"x in xs_set")
    source, capture = tmp_path / "p.py", tmp_path / "p.hasten"
    source.write_bytes(before)
    document = {"write": [{"path": str(source), "before_sha256": hashlib.sha256(before).hexdigest(),
                           "after": base64.b64encode(after).decode()}]}
    _, reverse = results.write_files(document, str(capture))
    assert source.read_bytes() == after
    with open(reverse, "rb") as patch:
        subprocess.run(["patch", "-p1", "-d", "/"], stdin=patch, check=True, capture_output=True)
    assert source.read_bytes() == before
