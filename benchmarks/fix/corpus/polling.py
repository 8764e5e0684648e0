"""Looks every few milliseconds whether something has come, and sleeps between.

refused: it sleeps
because: no function of the program's own code holds enough|kernel|C libraries
"""

import time


def arrived(attempt):
    return attempt % 50 == 49


def wait_for(count):
    attempt = found = 0
    while found < count:
        time.sleep(0.005)
        if arrived(attempt):
            found += 1
        attempt += 1
    return attempt


def main():
    print(wait_for(4))


main()
