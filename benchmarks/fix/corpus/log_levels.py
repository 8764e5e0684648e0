r"""Errors of a log by hour; the pattern is given anew for every line.

cause: set up once
line: found = re.match(r"(\d\d):\d\d (ERROR|WARN) (\w+)", line)
cure: the compiled pattern's own match, made at module level
gain: 1.3x
"""

import re


def make_lines(count):
    return [f"{i % 24:02}:{i % 60:02} {('INFO', 'ERROR', 'DEBUG', 'WARN')[i * 7 % 4]} part{i % 17} message" for i in range(count)]


def by_hour(lines):
    counts = {}
    for line in lines:
        found = re.match(r"(\d\d):\d\d (ERROR|WARN) (\w+)", line)
        if found:
            key = found[1], found[2]
            counts[key] = counts.get(key, 0) + 1
    return counts


def main():
    lines = make_lines(100000)
    total = {}
    for begin in range(0, 10):
        for key, count in by_hour(lines[begin::2]).items():
            total[key] = total.get(key, 0) + count
    for key in sorted(total)[:6]:
        print(*key, total[key])


main()
