def pairs(n):
    out = []
    for i in range(n):
        if i == 1:
            continue
        for j in range(n):
            if j == i:
                continue
            if j == 3:
                break
            out.append((i, j))
    return out
call(pairs, 4)  # expect: [(0, 1), (0, 2), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]
