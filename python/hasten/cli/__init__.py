"""The command `hasten`: a table of commands, each in a module of its own that is imported only when used."""

from __future__ import annotations

import importlib
import sys


# name -> one line for --help. The module hasten.cli.<name> has add_arguments(parser) and main(args) -> int.
COMMANDS = {
    "run": "run a Python program, measure it, say where the time went",
    "fix": "propose changes, try them, prove them, show a patch",
    "prove": "judge anybody's change: the same, and faster?",
    "view": "show the verdict of a capture again, or the bytecode of one function",
    "export": "hand a capture to other tools",
    "top": "a running Python, live in the terminal",
    "machine": "this machine as its kernel describes it, and what small things cost on it",
    "doctor": "say what works on this machine and what does not",
}

EXIT_USAGE = 2
EXIT_OWN_FAILURE = 125  # Hasten's own; a program's own codes pass through

_EXAMPLES = """\
examples:
  hasten run julia.py                 where does the time go?
  hasten run -m pytest tests          the same for a module
  hasten fix                          make it faster, and prove it
  hasten prove my.patch               is my own change the same, and faster?
  hasten export --to speedscope       look at the newest capture elsewhere
  hasten COMMAND --help               more of each
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return the exit code; `run` may end this process by a signal instead."""
    _stand_in_for_closed_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    if not words:
        print(_help_text(), end="", file=sys.stderr)
        return EXIT_USAGE
    name, rest = words[0], words[1:]
    if name in ("-h", "--help", "help"):
        if rest and rest[0] in COMMANDS:
            return _run_command(rest[0], ["--help"])
        print(_help_text(), end="")
        return 0
    if name in ("-V", "--version"):
        print(version_line())
        return 0
    if name not in COMMANDS:
        return _unknown_command(name)
    return _run_command(name, rest)


def _stand_in_for_closed_streams() -> None:
    """`>&-` or `2>&-`: Python has no stream then. The stand-in takes the free number and is closed again in
    the program that is measured, so nothing of ours lands on the program's descriptors 1 and 2."""
    import os

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def version_line() -> str:
    """`hasten 0.1.0`, as every command's --version prints it."""
    from hasten import __version__

    return f"hasten {__version__}"


def fail(command: str, message: object, code: int = EXIT_OWN_FAILURE) -> int:
    """Print one line of error and return the exit code."""
    print(f"hasten {command}: {message}", file=sys.stderr)
    return code


def _help_text() -> str:
    width = max(map(len, COMMANDS))
    rows = "".join(f"  {name:<{width}}  {text}\n" for name, text in COMMANDS.items())
    return (
        "usage: hasten COMMAND ...\n\n"
        "Finds the line that costs the time, changes it, and proves that the program is faster and the same.\n\n"
        f"commands:\n{rows}\n{_EXAMPLES}"
    )


def _unknown_command(name: str) -> int:
    import os

    # A script's name is the likeliest slip.
    hint = f"; to run it: hasten run {name}" if os.path.exists(name) else f"; there are: {', '.join(COMMANDS)}"
    print(f"hasten: no command {name!r}{hint}", file=sys.stderr)
    return EXIT_USAGE


def _run_command(name: str, words: list[str]) -> int:
    import argparse

    class Parser(argparse.ArgumentParser):
        """One line for a wrong argument; the whole usage is what --help is for."""

        def error(self, message: str) -> None:
            self.exit(EXIT_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")

    module = importlib.import_module(f"hasten.cli.{name}")
    parser = Parser(
        prog=f"hasten {name}",
        description=COMMANDS[name][0].upper() + COMMANDS[name][1:] + ".",
        epilog=getattr(module, "EXAMPLES", None),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=version_line())
    module.add_arguments(parser)
    split = getattr(module, "split_words", None)  # `run` takes the program's own words aside first
    if split is not None:
        own, program = split(parser, words)
        args = parser.parse_args(own)
        args.program = program
    else:
        args = parser.parse_args(words)
    args.parser = parser
    from hasten.errors import HastenError

    try:
        return module.main(args)
    except HastenError as error:
        return fail(name, error)
    except BrokenPipeError:
        # The reader of our output left (| head): as any tool, end quietly.
        from hasten.cli.output import drop_output

        drop_output(sys.stdout)
        return 141
    except OSError as error:
        return fail(name, error)
