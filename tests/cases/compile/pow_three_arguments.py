def modular(a, b, m):
    return pow(a, b, m)
call(modular, 3, 200, 1000007)  # expect: 959082
call(modular, 2**62, 2**62, 2**61 - 1)  # expect: 16
call(modular, -3, 3, 7)  # expect: 1
call(modular, 3, 3, -7)  # expect: -1
call(modular, 3, -1, 7)  # expect: 5
call(modular, 2, -1, 4)  # expect: ValueError: base is not invertible for the given modulus, line 2
call(modular, 2, 3, 0)  # expect: ValueError: pow() 3rd argument cannot be 0, line 2
