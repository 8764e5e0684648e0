"""The prescriptions, one a file, in the order in which they are tried: plain edits first, compiling last.

A rule is a module with KIND (the word in the report), FACTORS (how many times faster the lines it changes
may become, for the prediction) and find(context), which yields Prescriptions, and Remarks on places that it
leaves alone. Its docstring is its page in the manual.
"""

from hasten.fix.rules import compile as compile_rule
from hasten.fix.rules import (deque_ends, explicit_copy, grown_attribute, key_membership, membership_set, ready_made,
                              reduced_comprehension, selection, smallest_few, text_join)

RULES = (membership_set, key_membership, text_join, grown_attribute, selection, smallest_few, reduced_comprehension,
         deque_ends, explicit_copy, ready_made, compile_rule)
