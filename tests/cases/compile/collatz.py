# 3n + 1 leaves 64 bits for some starts.
def longest(n):
    steps = 0
    top = n
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        if n > top:
            top = n
        steps += 1
    return steps, top
call(longest, 27)  # expect: (111, 9232)
call(longest, 2**62 + 1)  # expect: (481, 13835058055282163716)
call(longest, 1)  # expect: (0, 1)
