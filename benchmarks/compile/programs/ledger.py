"""Bookings on accounts, with refusals counted by their reason."""

from __future__ import annotations

KIND = "containers"
PEERS = ("cython", "mypyc", "pypy")
SMALL = [0, 5, 80]
LARGE = 250_000


def given(size: int) -> tuple[list[tuple[str, str, int]]]:
    names = ["ann", "bob", "cy", "dee", "eve", "nobody"]
    return ([(names[i * 7 % 6], names[i * i % 5], i * 31 % 200 - 10) for i in range(size)],)


def transfer(balances: dict[str, int], source: str, target: str, amount: int) -> None:
    if amount <= 0:
        raise ValueError("amount")
    if balances[source] < amount:
        raise ValueError("funds")
    balances[source] -= amount
    balances[target] += amount


def main(bookings: list[tuple[str, str, int]]) -> tuple[dict[str, int], dict[str, int]]:
    balances = {"ann": 1000, "bob": 1000, "cy": 1000, "dee": 1000, "eve": 1000}
    refused: dict[str, int] = {}
    for source, target, amount in bookings:
        try:
            transfer(balances, source, target, amount)
        except ValueError as error:
            reason = str(error)
            refused[reason] = refused.get(reason, 0) + 1
        except KeyError:
            refused["unknown"] = refused.get("unknown", 0) + 1
    return balances, refused
