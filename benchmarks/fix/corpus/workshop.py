"""A workshop: waiting parts in a list, and the machine that is free first found by sorting.

cause: deque for a queue
line: part, minutes = waiting.pop(0)
cure: collections.deque and popleft
cause: min or max for sorting
line: free = sorted(machines, key=lambda m: m[1])[0]
cure: min with the same key
gain: 2x
"""


def parts(count):
    return [(i, 1 + i * 7919 % 13) for i in range(count)]


def run(count, machine_count):
    waiting = parts(count)
    machines = [[m, 0, 0] for m in range(machine_count)]
    order = 0
    while waiting:
        part, minutes = waiting.pop(0)
        free = sorted(machines, key=lambda m: m[1])[0]
        free[1] += minutes
        free[2] += 1
        order = (order * 31 + part * free[0]) % 1000003
    return max(m[1] for m in machines), order


def main():
    for machine_count in (16, 20):
        print(*run(40000, machine_count))


main()
