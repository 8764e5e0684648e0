"""How far chance alone takes a sampled figure from its truth: what a bound adds to what is promised.

The probe's gaps are exponential, so the number of samples in any part of a program is Poisson, however long and
regular that part is. Samples of unequal weight count for as many equal ones as would be that uncertain (Kish).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

SIGMAS = 3  # a bound is what is promised, and so many standard deviations of what was counted


def effective_count(weights: Iterable[float]) -> float:
    """How many samples of equal weight are as certain as these."""
    total = squares = 0.0
    for weight in weights:
        total += weight
        squares += weight * weight
    return total * total / squares if squares else 0.0


def share_sigma(share: float, inside: Iterable[float], outside: Iterable[float], whole: float) -> float:
    """Standard deviation of a measured share whose truth is `share`.

    `inside` and `outside` are the weights of the samples on either side that were drawn; `whole` is all that the
    samples stand for, which is more where part of it was measured and not drawn.
    """
    squares = (1 - share) ** 2 * sum(w * w for w in inside) + share**2 * sum(w * w for w in outside)
    return math.sqrt(squares) / whole if whole else math.inf


def distance(seen: dict[str, float], true: dict[str, float]) -> float:
    """Total variation distance: the share that stands in the wrong place."""
    return sum(abs(seen.get(name, 0.0) - true.get(name, 0.0)) for name in seen.keys() | true.keys()) / 2


def distance_by_chance(shares: Iterable[float], count: float) -> float:
    """Mean and SIGMAS standard deviations of the distance that `count` samples have from the shares that they have
    been drawn from: multinomial counts, taken as normal."""
    shares = list(shares)
    if not count:
        return math.inf
    sigmas = [math.sqrt(p * (1 - p) / count) for p in shares]
    mean = sum(sigmas) * math.sqrt(2 / math.pi) / 2
    variance = sum(
        _covariance_of_sizes(-math.sqrt(p * q / ((1 - p) * (1 - q))) if i != j else 1.0) * sigmas[i] * sigmas[j]
        for i, p in enumerate(shares)
        for j, q in enumerate(shares)
        if 0 < p < 1 and 0 < q < 1
    )
    return mean + SIGMAS * math.sqrt(max(variance, 0.0)) / 2


def _covariance_of_sizes(correlation: float) -> float:
    """Covariance of |x| and |y| for standard normal x and y."""
    r = max(-1.0, min(1.0, correlation))
    return 2 / math.pi * (r * math.asin(r) + math.sqrt(1 - r * r) - 1)


def count_by_chance(expected: float) -> float:
    """The most that a count is by chance if so many are expected (Poisson)."""
    return expected + SIGMAS * math.sqrt(expected)
