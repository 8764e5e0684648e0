"""Marks from points: a thousand points come once in three thousand calls, after the middle."""


def grade(points):
    if points >= 1000:
        return "A"
    return "B" if points >= 500 else "C"


# off by one on the rare branch
def grade_w1(points):
    if points > 1000:
        return "A"
    return "B" if points >= 500 else "C"


# the rare branch left out
def grade_w2(points):
    return "B" if points >= 500 else "C"


# a table with one entry too few
def grade_w3(points):
    return "CB"[points // 500 if points < 1000 else 1]


# off by one on the common branch
def grade_w4(points):
    if points >= 1000:
        return "A"
    return "B" if points > 500 else "C"


# the rare branch raises
def grade_w5(points):
    return ("C", "B")[points // 500]


# string against bytes on the rare branch
def grade_w6(points):
    if points >= 1000:
        return b"A"
    return "B" if points >= 500 else "C"


def main():
    for i in range(3000):
        try:
            grade(1000 if i == 1777 else i % 900)
        except IndexError:
            pass
    print("graded")


if __name__ == "__main__":
    main()
