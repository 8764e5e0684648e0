"""Asks how many answers are to be counted, then searches them in a list.

refused: it reads the terminal
because: reads the terminal
"""


def count(answers, known):
    hits = 0
    for answer in answers:
        if answer in known:
            hits += 1
    return hits


def main():
    try:
        limit = int(input("How many? ") or 2000)
    except EOFError:
        limit = 2000
    known = [f"answer {i}" for i in range(limit)]
    total = 0
    for day in range(8):
        total += count([f"answer {i * 7 + day}" for i in range(2000)], known)
    print(total)


main()
