"""A printer's queue: jobs are taken from the front and sent back to the end while they have pages left.

cause: deque for a queue
line: job, pages = waiting.pop(0)
cure: collections.deque and popleft
gain: 10x
"""


def simulate(count, pages_at_once):
    waiting = [(i, 1 + i * 7919 % 5) for i in range(count)]
    clock = finished = 0
    checksum = 0
    while waiting:
        job, pages = waiting.pop(0)
        clock += min(pages, pages_at_once)
        if pages > pages_at_once:
            waiting.append((job, pages - pages_at_once))
        else:
            finished += 1
            checksum = (checksum * 31 + job + clock) % 1000003
    return clock, finished, checksum


def main():
    for pages_at_once in (1, 2):
        print(*simulate(26000 + pages_at_once, pages_at_once))


main()
