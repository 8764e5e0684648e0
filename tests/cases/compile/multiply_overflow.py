def times(a, b):
    return a * b
call(times, 3037000500, 3037000500)  # expect: 9223372037000250000
call(times, 3037000499, 3037000499)  # expect: 9223372030926249001
call(times, -(2**62), 2)  # expect: -9223372036854775808
call(times, 2**62, 2)  # expect: 9223372036854775808
call(times, -(2**63), -1)  # expect: 9223372036854775808
