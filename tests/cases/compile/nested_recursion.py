# A nested function that calls itself, and leaves 64 bits on the way.
def outer(n):
    def fact(k):
        return 1 if k < 2 else k * fact(k - 1)
    return fact(n)
call(outer, 5)  # expect: 120
call(outer, 25)  # expect: 15511210043330985984000000
