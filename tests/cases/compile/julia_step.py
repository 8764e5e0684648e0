# The heart of the Julia set: while over abs(z) of a complex number.
def escape(z, c, limit):
    n = 0
    while abs(z) < 2 and n < limit:
        z = z * z + c
        n += 1
    return n, z
call(escape, 0j, -0.62772 - 0.42193j, 20)  # expect: (20, (-0.8437909936270602-0.23968536553938072j))
call(escape, 2 + 0j, 0j, 20)  # expect: (0, (2+0j))
call(escape, 1.5, 0.25, 50)  # expect: (1, 2.5)
