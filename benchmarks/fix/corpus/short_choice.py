"""Moves of a robot: which turn it is stands in a literal of two words, where a set gains nothing.

refused: already fast
because: a set pays from|not faster|not surely faster
"""

WORDS = ["left", "ahead", "right", "ahead", "back", "ahead"]


def drive(count, start):
    x = y = turns = 0
    words = WORDS
    for i in range(start, count):
        word = words[i % 6].center(24, "-").upper().strip("-").lower()  # as the robot's radio spells it: the time goes to text in C
        if word in ["left", "right"]:
            turns += 1
        elif turns & 1:
            x += 1
        else:
            y += 1
    return f"{x} {y} {turns}"


def main():
    for start in range(8):
        print(drive(250000, start))


main()
