"""What depends on the version of Python: the only place that asks for it."""

import sys

SUPPORTED = ((3, 11), (3, 12), (3, 13), (3, 14), (3, 15))  # whose programs can be measured
VERSION = tuple(sys.version_info)  # of this Python
SUPPORTED_TEXT = "CPython 3.11 to 3.15"


def version_text(info: tuple = tuple(sys.version_info)) -> str:
    """`3.11.7` of a version_info."""
    return ".".join(str(part) for part in info[:3])


def is_supported(info: tuple = tuple(sys.version_info)) -> bool:
    """Whether programs of that Python can be measured."""
    return tuple(info[:2]) in SUPPORTED


def minor_text(info: tuple = tuple(sys.version_info)) -> str:
    """`3.11` of a version_info."""
    return ".".join(str(part) for part in info[:2])


def reads_attributes_slowly(info: tuple = tuple(sys.version_info)) -> bool:
    """Whether an attribute of a module or object costs a loop more than a local name does (until 3.11)."""
    return tuple(info[:2]) < (3, 12)
