"""Sorts records and joins them, with the means that Python has for it.

refused: already fast
because: no rule applies|not faster|not surely faster|no change of this source|no function of the program's own code
"""

from operator import itemgetter


def records(count):
    return [(i * 7919 % 100003, f"name {i % 977}", i) for i in range(count)]


def merged(rows):
    rows.sort(key=itemgetter(1, 0))
    return "\n".join(map(str, map(itemgetter(1), rows)))


def main():
    total = 0
    rows = records(100000)
    for i in range(4):
        total += len(merged(rows[i:]))
    print(total)


main()
