"""Starts harness.py from its compiled form: compiling a script takes as long as a third of Python's own start, and that would stand
in every time that is measured. Called as: python [FLAGS] start.py SPEC.
"""

import sys
import time

began_ns = time.thread_time_ns()  # what comes before the program's first line is told, and counts for neither side

from _frozen_importlib_external import SourceFileLoader  # noqa: E402

harness = type(sys)("_hasten_trial_harness")
harness.__file__ = __file__.rpartition("/")[0] + "/harness.py"
writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
code = SourceFileLoader(harness.__name__, harness.__file__).get_code(harness.__name__)
sys.dont_write_bytecode = writes_none
exec(code, harness.__dict__)
harness.main(began_ns)  # not called by harness.py itself: the program has as many frames below it as when that was the script
