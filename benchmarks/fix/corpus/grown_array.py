"""A random walk that is collected with np.append, one step at a time.

cause: NumPy outside the loop
line: track = np.append(track, position)
cure: a list, made into an array once
gain: 20x
"""

import numpy as np


def walk(steps, seed):
    track = np.zeros(0)
    position = 0.0
    for _ in range(steps):
        seed = (seed * 1103515245 + 12345) % 2**31
        position += 1.0 if seed & 65536 else -1.0
        track = np.append(track, position)
    return track


def main():
    for seed in range(1, 5):
        track = walk(22000, seed)
        print(seed, track.max(), track.min(), round(float(track.mean()), 6))


main()
