# The right side of `in` may be one constant (a tuple, a frozenset); what is asked of it stays as written.
def among(x):
    return x in ["a", 1, -2, None, (1, 2), 2.5], x not in ("a", 1, 2**3, (), b"c")
def in_a_set(x):
    if x not in {"a", 1, 2.5, None, (3, -4)}:
        return "no"
    return "yes"
def in_nothing(x):
    return x in [], x in ()
def in_a_chain(x):
    return 1 in [x] == [1], x in [1, 2] in [[1, 2]]
def not_all_constant(x, y):
    return x in [y, 1], x in (1, y + 1)
def counted(values):
    n = 0
    for v in values:
        if v in ("a", "b", 3) and v not in ["b"]:
            n += 1
    return n
call(among, "a")  # expect: (True, False)
call(among, True)  # expect: (True, False)
call(among, -2)  # expect: (True, True)
call(among, 8)  # expect: (False, False)
call(among, (1, 2))  # expect: (True, True)
call(among, math.nan)  # expect: (False, True)
call(among, [])  # expect: (False, True)
call(in_a_set, 1.0)  # expect: 'yes'
call(in_a_set, (3, -4))  # expect: 'yes'
call(in_a_set, "b")  # expect: 'no'
call(in_a_set, [])  # expect: TypeError: unhashable type: 'list', line 5
call(in_nothing, 1)  # expect: (False, False)
call(in_a_chain, 1)  # expect: (True, True)
call(in_a_chain, 2)  # expect: (False, True)
call(not_all_constant, 1, 0)  # expect: (True, True)
call(not_all_constant, 3, 2)  # expect: (False, True)
call(counted, ["a", "b", 3, 3.0, None, "c"] * 3)  # expect: 9
