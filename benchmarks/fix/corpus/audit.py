"""An audit of logins: sessions that were seen before are searched in a list, the blame text grows on an attribute.

cause: set for membership
line: if session in seen:
cure: a set beside the list
cause: join for text in an attribute
line: self.text += f"{at:08} {user:<12} {session} again, last seen on a machine of the second floor, building seven\\n"
cure: the lines in a list, joined once
gain: 10x
"""


class Blame:
    def __init__(self):
        self.text = "sessions used twice\n"

    def add(self, rows):
        for at, user, session in rows:
            self.text += f"{at:08} {user:<12} {session} again, last seen on a machine of the second floor, building seven\n"


def logins(count, distinct):
    return [(i, f"user{i % 401}", f"{i * 7919 % distinct:06x}") for i in range(count)]


def used_twice(rows):
    seen = []
    twice = []
    for at, user, session in rows:
        if session in seen:
            twice.append((at, user, session))
        else:
            seen.append(session)
    return twice


def main():
    blame = Blame()
    for day in range(2):
        twice = used_twice(logins(6000, 2503 + day))
        blame.add(twice)
    print(len(blame.text), sum(blame.text[::1009].encode()))


main()
