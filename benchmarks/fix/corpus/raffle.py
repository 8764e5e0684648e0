"""A raffle: the winners are drawn from the system's random numbers, so that no two runs print the same.

refused: its answer is another at each run
because: random
"""

import secrets


def draw(tickets, count):
    drawn = []
    while len(drawn) < count:
        ticket = secrets.randbelow(tickets)
        if ticket not in drawn:
            drawn.append(ticket)
    return drawn


def main():
    for evening in range(3):
        winners = draw(20000, 4500)
        print(evening, winners[:5])


main()
