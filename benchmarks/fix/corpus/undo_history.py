"""An editor's history, newest first: each edit is put in front of all the others.

cause: deque for a queue
line: history.insert(0, (position, letter))
cure: collections.deque and appendleft
gain: 20x
"""


def replay(edits):
    history = []
    length = 0
    for position, letter in edits:
        length += 1 if letter != "-" else -1
        history.insert(0, (position, letter))
    checksum = 0
    for position, letter in history:
        checksum = (checksum * 33 + position + ord(letter)) % 1000003
    return length, checksum


def main():
    for document in range(2):
        edits = [(i * 7919 % 5000, "abcdefg-"[(i + document) % 8]) for i in range(36000)]
        print(*replay(edits))


main()
