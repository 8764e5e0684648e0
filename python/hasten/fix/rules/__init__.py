"""The prescriptions, one a file, in the order in which they are tried: plain edits first, compiling last.

A rule is a module with KIND (the word in the report), FACTORS (how many times faster the lines it changes
may become, for the prediction) and find(context), which yields Prescriptions. Its docstring is its page
in the manual.
"""

from hasten.fix.rules import compile as compile_rule
from hasten.fix.rules import membership_set, reduced_comprehension, selection, text_join

RULES = (membership_set, text_join, selection, reduced_comprehension, compile_rule)
