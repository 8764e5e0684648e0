# The result of a recursive call no longer fits 64 bits.
def power(n):
    if n == 0:
        return 1
    return 7 * power(n - 1)
call(power, 10)  # expect: 282475249
call(power, 30)  # expect: 22539340290692258087863249
