"""Rows that are printed as they come: the output itself tells."""

import sys


def show(row, widths):
    for cell, width in zip(row, widths):
        sys.stdout.write(str(cell).ljust(width))
        sys.stdout.write("|")
    sys.stdout.write("\n")


# changed order: right aligned
def show_w1(row, widths):
    print("".join(str(cell).rjust(width) + "|" for cell, width in zip(row, widths)))


# too long a cell is cut
def show_w2(row, widths):
    print("".join(str(cell)[:width].ljust(width) + "|" for cell, width in zip(row, widths)))


# the other stream
def show_w3(row, widths):
    print("".join(str(cell).ljust(width) + "|" for cell, width in zip(row, widths)), file=sys.stderr)


# the bar between alone
def show_w4(row, widths):
    print("|".join(str(cell).ljust(width) for cell, width in zip(row, widths)))


# padded with format, which rejects None
def show_w5(row, widths):
    print("".join(f"{cell:<{width}}|" if cell is not None else " " * width + "|" for cell, width in zip(row, widths)))


def main():
    for i in range(200):
        show([i, None if i == 133 else "x" * (i % 9), i / 4], (4, 6, 8))


if __name__ == "__main__":
    main()
