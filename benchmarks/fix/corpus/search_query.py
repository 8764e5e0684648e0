"""A search without regard to case: the query is folded anew for every title.

cause: called once before the loop
line: if title == query.casefold().strip():
cure: the folded query before the loop
gain: 4x
"""


def make_titles(count):
    return [f"the {('history', 'art', 'theory')[i % 3]} of number {i % 211}" for i in range(count)]


def find(titles, query):
    found = []
    for number, title in enumerate(titles):
        if title == query.casefold().strip():
            found.append(number)
    return found


def main():
    titles = make_titles(40000)
    total = 0
    for i in range(40):
        found = find(titles, f"  The {('History', 'Art', 'THEORY')[i % 3]} of Number {i}  ")
        total += len(found) + sum(found[:3])
    print(total)


main()
