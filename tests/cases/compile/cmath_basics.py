def roots(z):
    return cmath.sqrt(z), cmath.exp(z * 0), cmath.phase(z)
call(roots, -4)  # expect: (2j, (1+0j), 3.141592653589793)
call(roots, -4 - 0j)  # expect: (2j, (1+0j), 3.141592653589793)
call(roots, complex(-4, -0.0))  # expect: (-2j, (1-0j), -3.141592653589793)
