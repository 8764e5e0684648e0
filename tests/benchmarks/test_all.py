"""The table of benchmarks names programs that exist."""

import importlib.util
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("all_benchmarks", ROOT / "benchmarks" / "all.py")
all_benchmarks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(all_benchmarks)


def test_every_command_of_the_table_exists():
    commands = all_benchmarks.commands((ROOT / "benchmarks" / "README.md").read_text())
    assert "python benchmarks/import_time.py" in commands
    targets = {line.split(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if ":" in line[:20]}
    for command in commands:
        program, first, *_ = shlex.split(command)
        if program == "make":
            assert first in targets, command
        else:
            assert (ROOT / first).is_file(), command


def test_a_row_without_a_command_is_no_benchmark():
    assert all_benchmarks.commands("| a | `make x` |\n| b | see below |\n| c | `python y.py --z` |\n") == [
        "make x",
        "python y.py --z",
    ]
