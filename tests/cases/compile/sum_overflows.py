def total(values):
    s = 0
    for v in values:
        s += v
    return s, sum(values)
call(total, [2**62, 2**62, 2**62])  # expect: (13835058055282163712, 13835058055282163712)
call(total, [1, 2, 3])  # expect: (6, 6)
call(total, [2**63 - 1, 1, -1])  # expect: (9223372036854775807, 9223372036854775807)
call(total, [])  # expect: (0, 0)
