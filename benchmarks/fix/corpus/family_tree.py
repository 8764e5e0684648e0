"""Walks a tree of objects by recursion.

refused: no rule of the catalogue fits
because: no rule applies|not faster|not surely faster|generator
"""


class Person:
    def __init__(self, name, children):
        self.name = name
        self.children = children

    def descendants(self):
        count = 1
        for child in self.children:
            count += child.descendants()
        return count

    def deepest(self, level=0):
        return max([child.deepest(level + 1) for child in self.children], default=level)


def family(level, name="a"):
    if level == 0:
        return Person(name, [])
    return Person(name, [family(level - 1, f"{name}{i}") for i in range(4)])


def main():
    root = family(7)
    total = 0
    for _ in range(30):
        total += root.descendants() + root.deepest()
    print(total)


main()
