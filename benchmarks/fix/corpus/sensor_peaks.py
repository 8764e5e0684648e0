"""Peaks of a sensor's signal, looked for element by element in an array.

cause: NumPy outside the loop
line: if signal[i] > level:
cure: signal.tolist() before the loop, or one comparison of the whole array
gain: 2x
"""

import numpy as np


def make_signal(count, seed):
    t = np.arange(count)
    return np.sin(t * 0.01 * (1 + seed)) + 0.3 * np.cos(t * 0.37)


def peaks(signal, level):
    count = 0
    longest = run = 0
    for i in range(len(signal)):
        if signal[i] > level:
            count += 1
            run += 1
            if run > longest:
                longest = run
        else:
            run = 0
    return count, longest


def main():
    for seed in range(6):
        signal = make_signal(200000, seed)
        print(seed, *peaks(signal, 0.8))


main()
