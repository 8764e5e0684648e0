"""Products of large matrices with NumPy.

refused: the time is in a library
because: NumPy|numpy|C libraries|extension modules
"""

import numpy as np


def powers(matrix, count):
    out = matrix
    for _ in range(count):
        out = out @ matrix
        out = out / np.abs(out).max()
    return out


def main():
    size = 500
    matrix = (np.arange(size * size).reshape(size, size) % 7 - 3.0) / 7
    result = powers(matrix, 40)
    print(result.shape, bool(np.isfinite(result).all()))


main()
