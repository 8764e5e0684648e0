def search(values, wanted):
    i = 0
    while i < len(values):
        if values[i] == wanted:
            break
        i += 1
    else:
        return -1
    return i
call(search, [4, 5, 6], 5)  # expect: 1
call(search, [4, 5, 6], 7)  # expect: -1
call(search, [], 7)  # expect: -1
