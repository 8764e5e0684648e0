"""Objects that are compared, copied and moved; some are of a subclass."""


class Point:
    compared = 0

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        Point.compared += 1
        return isinstance(other, Point) and self.x == other.x and self.y == other.y

    def __hash__(self):
        return hash((self.x, self.y))

    def moved(self, dx, dy):
        new = type(self)(self.x, self.y)
        new.x += dx
        new.y += dy
        return new

    # subclass lost
    def moved_w1(self, dx, dy):
        return Point(self.x + dx, self.y + dy)

    # the object itself moved
    def moved_w2(self, dx, dy):
        self.x += dx
        self.y += dy
        return self

    # the object itself where nothing moves
    def moved_w3(self, dx, dy):
        return type(self)(self.x + dx, self.y + dy) if dx or dy else self

    # one direction forgotten in the rare case
    def moved_w4(self, dx, dy):
        return type(self)(self.x + dx, self.y + (dy if dy < 10 else 10))


class Pixel(Point):
    pass


def count(points, wanted):
    number = 0
    for point in points:
        if point == wanted:
            number += 1
    return number


# __eq__ side effects: compared by coordinates
def count_w1(points, wanted):
    return sum(p.x == wanted.x and p.y == wanted.y for p in points)


# __eq__ side effects: identity first
def count_w2(points, wanted):
    return points.count(wanted)


# is in the place of ==
def count_w3(points, wanted):
    return sum(p is wanted for p in points)


def main():
    points = [Point(i % 7, i % 3) for i in range(30)] + [Pixel(1, 1)]
    for i in range(120):
        count(points, points[i % 31])
        points[i % 31].moved(i % 4 - 1, 12 if i == 91 else i % 3)
    print("moved")


if __name__ == "__main__":
    main()
