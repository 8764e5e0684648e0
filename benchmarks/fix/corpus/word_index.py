"""An index of words, made with a dictionary and a set as one should.

refused: already fast
because: no rule applies|not faster|not surely faster|no change of this source
"""


def lines_of(count):
    words = ["harbour", "winter", "column", "engine", "letter", "market", "signal", "garden"]
    return [f"{words[i % 8]} {words[i * 3 % 7]} {i % 501} {words[i * 5 % 8]}" for i in range(count)]


def index(lines):
    found = {}
    for number, line in enumerate(lines):
        for word in set(line.split()):
            found.setdefault(word, []).append(number)
    return found


def main():
    lines = lines_of(60000)
    total = 0
    for begin in range(8):
        table = index(lines[begin:])
        total += sum(len(numbers) * len(word) for word, numbers in table.items())
    print(total)


main()
