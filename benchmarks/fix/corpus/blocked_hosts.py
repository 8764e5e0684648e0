"""Requests of an access log that came from blocked hosts.

cause: set for membership
line: if host in blocked:
cure: a set of the blocked hosts, built before the loop
gain: 20x
"""


def make_log(count):
    state = 12345
    for i in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        yield f"10.{state >> 7 & 7}.{state >> 11 & 63}.{state >> 17 & 63} - GET /page/{i % 97} {200 if state & 64 else 404}"


def count_blocked(lines, blocked):
    hits, bytes_seen = {}, 0
    for line in lines:
        host, _, method, path, status = line.split()
        bytes_seen += len(line)
        if status != "200":
            continue
        if host in blocked:
            hits[path] = hits.get(path, 0) + 1
    return hits, bytes_seen


def main():
    blocked = [f"10.{i % 8}.{i * 7 % 64}.{i * 13 % 64}" for i in range(0, 6000, 5)]
    lines = list(make_log(80000))
    totals = {}
    for begin in range(0, len(lines), 4000):
        hits, _ = count_blocked(lines[begin:begin + 4000], blocked)
        for path, count in hits.items():
            totals[path] = totals.get(path, 0) + count
    for path in sorted(totals)[:5]:
        print(path, totals[path])
    print(sum(totals.values()))


main()
