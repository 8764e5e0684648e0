"""For all tests: compiled code comes from the compiler, not out of this user's cache, and leaves nothing there."""

import os

os.environ["HASTEN_JIT_CACHE"] = os.environ.get("HASTEN_TEST_JIT_CACHE", "off")
