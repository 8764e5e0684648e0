"""The set-up scripts lie in tools/ and are no package: tests import them as the scripts do each other."""

import sys
from pathlib import Path

import pytest


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2] / "tools"))
    yield
    for name in ("pythons", "system_packages", "environment", "run_tests", "new_pythons", "elf_loader", "rule_pages"):
        sys.modules.pop(name, None)


@pytest.fixture
def script(tmp_path):
    """Makes an executable shell script in a directory of its own and returns its path."""

    def make(name, text):
        file = tmp_path / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
        return file

    return make
