"""Where on a command line the program begins, and what its words are."""

from __future__ import annotations

import argparse
import os
import shlex


def words_of_option(parser: argparse.ArgumentParser, word: str) -> int:
    """How many words an option of ours takes, itself among them: 2 unless it is a flag or carries its value (`--x=1`)."""
    flags = {option for action in parser._actions if action.nargs == 0 for option in action.option_strings}
    return 1 if word in flags or "=" in word else 2


def one_by_one(program: list[str]) -> list[str]:
    """The program's words; of a whole command in one word, `'words.py big.txt'`, those that a shell would make of it.

    A file of that very name stays one word.
    """
    if len(program) != 1 or len(program[0].split()) < 2 or os.path.exists(program[0]):
        return program
    try:
        return shlex.split(program[0])
    except ValueError:
        return program
