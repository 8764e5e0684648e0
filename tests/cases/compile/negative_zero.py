# -0.0 is kept by arithmetic and lost only where Python loses it.
def zeros(z):
    return z, -z, z + 0.0, z * 1, z - 0.0, abs(z), z + 0, 0 - z
call(zeros, -0.0)  # expect: (-0.0, 0.0, 0.0, -0.0, -0.0, 0.0, 0.0, 0.0)
call(zeros, 0.0)  # expect: (0.0, -0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
