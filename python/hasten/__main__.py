"""`python -m hasten` is the command `hasten`."""

import sys

from hasten.cli import main

if __name__ == "__main__":
    sys.exit(main())
