"""Compiled code is the optimized one here, from the first call on, unless a test asks for another tier (test_tiers.py)."""

import os

os.environ.setdefault("HASTEN_JIT_TIER", "optimized")
