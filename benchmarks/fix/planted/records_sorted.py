"""Records in order of a key; equal keys keep their order."""


def by_score(records):
    out = list(records)
    out.sort(key=lambda r: r[1])
    return out


# sort stability: by the whole record
def by_score_w1(records):
    return sorted(records, key=lambda r: (r[1], r[0]))


# sort stability: turned around
def by_score_w2(records):
    return sorted(records[::-1], key=lambda r: r[1])


# sorted in place
def by_score_w3(records):
    records.sort(key=lambda r: r[1])
    return records


# one record of each key
def by_score_w4(records):
    keyed = {r[1]: r for r in records}
    return [keyed[k] for k in sorted(keyed)]


# through a heap
def by_score_w5(records):
    import heapq

    heap = [(r[1], r) for r in records]
    heapq.heapify(heap)
    return [heapq.heappop(heap)[1] for _ in range(len(heap))]


def best(records):
    return sorted(records, key=lambda r: -r[1])[0]


# the last of equals
def best_w1(records):
    return sorted(records, key=lambda r: r[1])[-1]


# another exception for an empty list
def best_w2(records):
    return max(records, key=lambda r: r[1])


def main():
    for i in range(150):
        rows = [(chr(122 - (j * 7 + i) % 26), (j * j + i) % 4) for j in range(12)]
        by_score(rows)
        try:
            best(rows if i % 30 else [])
        except (IndexError, ValueError):
            pass
    print("sorted")


if __name__ == "__main__":
    main()
