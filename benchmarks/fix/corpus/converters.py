"""Starts a program for each part of its work.

refused: it starts other programs
because: starts other programs|no function of the program's own code holds enough|kernel|C libraries
"""

import subprocess
import sys


def known_names(names, known):
    return [name for name in names if name in known]


def convert(number):
    known = [f"part-{i}" for i in range(2500)]
    names = known_names([f"part-{i * 3 + number}" for i in range(2500)], known)
    done = subprocess.run([sys.executable, "-S", "-c", f"print({number} * {len(names)})"], capture_output=True, text=True)
    return int(done.stdout)


def main():
    print(sum(convert(number) for number in range(12)))


main()
