"""This machine as the kernel describes it: CPU, vector extensions, caches, memory, and what may be used of them.

>>> from hasten import machine
>>> machine.detect().logical_cpu_count >= 1
True
"""

from hasten._core import Cache, Machine
from hasten._core import detect_machine as detect

__all__ = ["Cache", "Machine", "detect"]
