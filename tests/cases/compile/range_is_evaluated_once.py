def turns(n):
    count = 0
    for i in range(n):
        n += 1
        count += 1
    return count, n
call(turns, 4)  # expect: (4, 8)
