"""Programs whose truth is known, run under the profiler on this machine: how far is each figure from it?

The truth never comes from the profiler: from the program's own clocks, from lines of equal code, from the calls that
a program can make. `programs/` has the programs, as they are run; `known.py` is the table of them; `judges.py` says what
each one tells; `chance.py` how much of an error is chance; `results.py` runs them all.
"""
