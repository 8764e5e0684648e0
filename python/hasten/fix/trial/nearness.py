"""How near two floats must be to count as the same, where the user allows that they differ at all.

Only floats (and both parts of complex numbers) are meant: an integer is never near another. NaN is near to NaN alone, whatever its
payload; an infinity to itself alone; 0.0 and -0.0 are one place.
"""

import math
import struct

ULP_MAX = 1 << 20  # of 2**52 in a factor of two: what differs by more is no matter of rounding


class Nearness:
    """share: of the larger of the two; ulp: units in the last place, places on the line of 64-bit floats. Without either, bit by bit.

    largest_ulp: the largest difference that was let pass.
    """

    def __init__(self, share=0.0, ulp=0):
        self.share, self.ulp = share, ulp
        self.largest_ulp = 0

    @property
    def is_exact(self):
        return not self.share and not self.ulp

    def agree(self, old, new):
        if old == new or old != old and new != new:
            return True
        if self.is_exact or not math.isfinite(old) or not math.isfinite(new):
            return False
        apart = ulps_between(old, new)
        near = apart <= self.ulp or abs(old - new) <= self.share * max(abs(old), abs(new))
        if near:
            self.largest_ulp = max(self.largest_ulp, apart)
        return near

    def all_agree(self, old, new):
        """The same of two packed rows of doubles, one by one."""
        if old == new:
            return True
        if len(old) != len(new):
            return False
        return all(self.agree(a, b) for a, b in zip(memoryview(old).cast("d"), memoryview(new).cast("d")))

    def texts_agree(self, old, new):
        """The same of two texts."""
        try:
            return not self.is_exact and ("." in old or "e" in old) and self.agree(float(old), float(new))
        except ValueError:
            return False


def ulps_between(old, new):
    """How many steps from one finite float to the other."""
    return abs(_place(old) - _place(new))


def _place(value):
    bits, = struct.unpack("<q", struct.pack("<d", value))
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)
