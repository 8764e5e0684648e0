def parts(z):
    return z.real, z.imag, z.conjugate(), -z
call(parts, complex(-0.0, 0.0))  # expect: (-0.0, 0.0, (-0-0j), -0j)
call(parts, 2.5)  # expect: (2.5, 0.0, 2.5, -2.5)
call(parts, 3)  # expect: (3, 0, 3, -3)
