"""Prices of options by the formula of Black and Scholes, and the volatility back from them by bisection."""

from __future__ import annotations

from math import erf, exp, log, sqrt

KIND = "numeric"
PEERS = ("numba", "cython", "mypyc", "pypy")
SMALL = [(1,), (3,)]
LARGE = (5000,)


def normal(x: float) -> float:
    return 0.5 * (1.0 + erf(x / sqrt(2.0)))


def price(spot: float, strike: float, years: float, rate: float, volatility: float) -> float:
    spread = volatility * sqrt(years)
    d1 = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    return spot * normal(d1) - strike * exp(-rate * years) * normal(d1 - spread)


def implied(target: float, spot: float, strike: float, years: float, rate: float) -> float:
    low = 0.001
    high = 4.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        if price(spot, strike, years, rate, middle) < target:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def main(count: int) -> float:
    total = 0.0
    for i in range(count):
        strike = 80.0 + i % 41
        volatility = 0.1 + (i % 7) * 0.05
        target = price(100.0, strike, 0.5, 0.02, volatility)
        total += abs(implied(target, 100.0, strike, 0.5, 0.02) - volatility)
    return total
