"""Distances in a graph, by breadth first, into a table that the caller gives; one node of a thousand is reached by two ways."""

visits = {"count": 0}


def relax(table, node, neighbours, cost):
    visits["count"] += 1
    base = table[node]
    changed = []
    for other in neighbours:
        known = table.get(other)
        if known is None:
            table[other] = base + cost
            changed.append(other)
        elif known > base + cost:
            table[other] = base + cost
            changed.append(other)
            visits["better"] = visits.get("better", 0) + 1
    return changed


# lost mutation on the rare branch: a better way not written
def relax_w1(table, node, neighbours, cost):
    visits["count"] += 1
    base = table[node] + cost
    changed = []
    for other in neighbours:
        if other not in table:
            table[other] = base
            changed.append(other)
        elif table[other] > base:
            changed.append(other)
            visits["better"] = visits.get("better", 0) + 1
    return changed


# changed global on the rare branch
def relax_w2(table, node, neighbours, cost):
    visits["count"] += 1
    base = table[node] + cost
    changed = []
    for other in neighbours:
        if other not in table or table[other] > base:
            table[other] = base
            changed.append(other)
    return changed


# the rare branch left out
def relax_w3(table, node, neighbours, cost):
    visits["count"] += 1
    base = table[node] + cost
    changed = [other for other in neighbours if other not in table]
    for other in changed:
        table[other] = base
    return changed


# dict insertion order: the better one moves to the end
def relax_w4(table, node, neighbours, cost):
    visits["count"] += 1
    base = table[node] + cost
    changed = []
    for other in neighbours:
        if other not in table:
            table[other] = base
            changed.append(other)
        elif table[other] > base:
            del table[other]
            table[other] = base
            changed.append(other)
            visits["better"] = visits.get("better", 0) + 1
    return changed


# an equal way counts as better
def relax_w5(table, node, neighbours, cost):
    visits["count"] += 1
    base = table[node] + cost
    changed = []
    for other in neighbours:
        if other not in table:
            table[other] = base
            changed.append(other)
        elif table[other] >= base:
            table[other] = base
            changed.append(other)
            visits["better"] = visits.get("better", 0) + 1
    return changed


def main():
    for node in range(1500):
        if node % 50 == 0:
            table = {node: 0}
        ways = [node + 1] if node % 3 else [node + 1, node + 3]
        if node == 1004:
            table[1023] = 10**6
        elif node == 1231:
            table[1232] = table[1231] + 4
        relax(table, node, ways, 4 if node % 3 else 2)
    print("walked", len(table) > 30)


if __name__ == "__main__":
    main()
