"""Spans of time put into a list in order; two that touch become one, which is rare."""

merged_count = 0
held = []


def put(spans, start, end):
    global merged_count
    if spans and spans[-1][1] >= start:
        merged_count += 1
        spans[-1][1] = max(spans[-1][1], end)
    else:
        spans.append([start, end])
    return len(spans)


# off by one: spans that touch stay two
def put_w1(spans, start, end):
    global merged_count
    if spans and spans[-1][1] > start:
        merged_count += 1
        spans[-1][1] = max(spans[-1][1], end)
    else:
        spans.append([start, end])
    return len(spans)


# changed global on the rare branch
def put_w2(spans, start, end):
    if spans and spans[-1][1] >= start:
        spans[-1][1] = max(spans[-1][1], end)
    else:
        spans.append([start, end])
    return len(spans)


# the end of the second always
def put_w3(spans, start, end):
    global merged_count
    if spans and spans[-1][1] >= start:
        merged_count += 1
        spans[-1][1] = end
    else:
        spans.append([start, end])
    return len(spans)


# a new span in the place of the old
def put_w4(spans, start, end):
    global merged_count
    if spans and spans[-1][1] >= start:
        merged_count += 1
        spans[-1] = [spans[-1][0], max(spans[-1][1], end)]
    else:
        spans.append([start, end])
    return len(spans)


# lost mutation on the rare branch
def put_w5(spans, start, end):
    global merged_count
    if spans and spans[-1][1] >= start:
        merged_count += 1
    else:
        spans.append([start, end])
    return len(spans)


def main():
    days = [[] for _ in range(310)]
    for i in range(3100):
        spans = days[i % 310]
        start = i * 10
        end = start + 5
        if i == 2342:
            held.append(spans[-1])
            start = spans[-1][1]
        elif i == 2280:
            end = start + 3200
        put(spans, start, end)
    print("put")


if __name__ == "__main__":
    main()
