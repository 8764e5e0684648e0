"""A table of compound interest; each line is pushed out at once.

cause: flushed once
line: print(f"{year:5} {rate:6.2f} {balance:18.2f}", flush=True)
cure: no flush at each line
gain: 2x
"""


def table(start, rate, years):
    balance = start
    for year in range(years):
        balance = balance * (1 + rate / 100) % 1e9
        print(f"{year:5} {rate:6.2f} {balance:18.2f}", flush=True)
    return balance


def main():
    total = 0.0
    for i in range(10):
        total += table(1000.0 + i, 0.25 * (i + 1), 12000)
    print(f"{total:.2f}")


main()
