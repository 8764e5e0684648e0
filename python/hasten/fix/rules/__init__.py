"""The prescriptions, one a file, in the order in which they are tried: plain edits first, compiling last.

A rule is a module with KIND (the word in the report), FACTORS (how many times faster the lines it changes
may become, for the prediction) and find(context), which yields Prescriptions, and Remarks on places that it
leaves alone. Its docstring is its page in the manual.
"""

from hasten.fix.rules import compile as compile_rule
from hasten.fix.rules import (cached_function, deque_ends, explicit_copy, flushed_once, grown_attribute, hoisted_call,
                              key_membership, literal_membership, local_attribute, membership_set, numpy_rows,
                              pairs_dict, ready_made, reduced_comprehension, selection, smallest_few, table_at_start,
                              tested_first, text_join, weak_hash)

RULES = (membership_set, literal_membership, key_membership, pairs_dict, text_join, grown_attribute, selection, smallest_few,
         reduced_comprehension, deque_ends, explicit_copy, ready_made, table_at_start, tested_first, hoisted_call,
         flushed_once, cached_function, weak_hash, local_attribute, numpy_rows, compile_rule)
