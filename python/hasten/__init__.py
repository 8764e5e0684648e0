"""Hasten finds the line that costs the time, changes it, and proves that the program is faster and the same."""

__version__ = "0.1.0"
