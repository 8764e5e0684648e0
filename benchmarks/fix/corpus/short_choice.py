"""Moves of a robot: which turn it is stands in a literal of two words, where a set gains nothing.

refused: already fast
because: a set pays from|not faster|not surely faster
"""

WORDS = ["left", "ahead", "right", "ahead", "back", "ahead"]


class Robot:
    def __init__(self):
        self.x = self.y = self.heading = 0

    def ahead(self):
        if self.heading & 1:
            self.x += 1 if self.heading == 1 else -1
        else:
            self.y += 1 if self.heading == 0 else -1


class RadioRobot(Robot):
    def drive(self, count):
        for i in range(count):
            word = WORDS[i % 6]
            if word in ["left", "right"]:
                self.heading = (self.heading + (1 if word == "right" else 3)) % 4
            else:
                super().ahead()  # whoever asks for super() stays with the interpreter


def main():
    for day in range(8):
        robot = RadioRobot()
        robot.drive(150000 + day)
        print(robot.x, robot.y, robot.heading)


main()
