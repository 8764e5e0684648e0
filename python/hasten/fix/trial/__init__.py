"""What runs inside the program under trial. Stands alone: the program's Python need not have Hasten installed."""

import os

# Runs a notebook's cells: python NOTEBOOK_STARTER NOTEBOOK ARGUMENTS.
NOTEBOOK_STARTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "notebook.py")
