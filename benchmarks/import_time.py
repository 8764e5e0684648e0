#!/usr/bin/env python3
"""What `import hasten` costs beyond `python -c pass`: must stay under 20 ms.

    python benchmarks/import_time.py [--rounds N]

Fresh processes, interleaved in random order (pair.py); the figure is the difference of the medians of their CPU time
(an import does not wait) with its 95 % interval, and of their wall time.
"""

import argparse
import random
import statistics
import sys

from pair import RESAMPLES, compare

LIMIT_MS = 20.0
CHECK = "import hasten, sys; assert hasten.__version__ and 'hasten._compile' not in sys.modules"


def difference(a: list[float], b: list[float]) -> tuple[float, float, float]:
    """median(b) - median(a) in ms with its 95 % interval; rounds are resampled as pairs."""
    rng = random.Random(1)
    found = []
    for _ in range(RESAMPLES):
        picked = rng.choices(range(len(a)), k=len(a))
        found.append(statistics.median(b[i] for i in picked) - statistics.median(a[i] for i in picked))
    found.sort()
    middle = statistics.median(b) - statistics.median(a)
    return 1e3 * middle, 1e3 * found[int(0.025 * RESAMPLES)], 1e3 * found[int(0.975 * RESAMPLES)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    worst = 0.0
    for metric in ("cpu", "wall"):
        result = compare([sys.executable, "-c", "pass"], [sys.executable, "-c", CHECK], rounds=rounds, metric=metric)
        middle, low, high = difference(result.a, result.b)
        worst = max(worst, middle)
        print(f"import hasten, {metric}: {middle:.1f} ms beyond python -c pass  [95 %: {low:.1f} to {high:.1f}]")
    print(f"{'within' if worst < LIMIT_MS else 'over'} {LIMIT_MS:.0f} ms")
    return 0 if worst < LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
