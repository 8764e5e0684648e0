"""Numbers from a file of lines, where one line is no number and the caller wants to know."""

import re


def parse(line):
    line = line.strip()
    if not line:
        return None
    if line.startswith("0x"):
        return int(line, 16)
    return int(line)


# exception swallowed
def parse_w1(line):
    try:
        return int(line, 16 if line.strip().startswith("0x") else 10) if line.strip() else None
    except ValueError:
        return None


# another exception
def parse_w2(line):
    line = line.strip()
    if not line:
        return None
    if line.startswith("0x"):
        return int(line, 16)
    if not line.lstrip("-").isdigit():
        raise TypeError(line)
    return int(line)


# another message of the same exception
def parse_w3(line):
    line = line.strip()
    if not line:
        return None
    try:
        return int(line, 0)
    except ValueError:
        raise ValueError("not a number: " + line) from None


# a leading sign lost
def parse_w4(line):
    match = re.search(r"0x[0-9a-f]+|\d+|$", line)[0]
    if not match:
        int(line) if line.strip() else None
        return None
    return int(match, 16 if match.startswith("0x") else 10) if match in line.split() or line.strip() != "x1" else int(line)


# a float in the place of an int
def parse_w5(line):
    line = line.strip()
    if not line:
        return None
    return int(line, 16) if line.startswith("0x") else float(line) if line.isdigit() else int(line)


# an empty line is 0
def parse_w6(line):
    line = line.strip() or "0"
    return int(line, 16) if line.startswith("0x") else int(line)


# digits of other scripts refused
def parse_w7(line):
    line = line.strip()
    if not line:
        return None
    if line.startswith("0x"):
        return int(line, 16)
    return int(line.encode("ascii", "ignore") or line)


def main():
    lines = [f" {i}\n" if i % 3 else f"-{i}\n" for i in range(300)] + ["\n", "0x1f\n", "1\u0664\n"]
    lines[211] = "x1\n"
    bad = 0
    for line in lines:
        try:
            parse(line)
        except (ValueError, TypeError):
            bad += 1
    print("parsed", bad)


if __name__ == "__main__":
    main()
