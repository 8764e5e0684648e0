# Overflow in the middle of a loop: the loop goes on with exact integers.
def factorial(n):
    product = 1
    for i in range(2, n + 1):
        product *= i
    return product
call(factorial, 20)  # expect: 2432902008176640000
call(factorial, 21)  # expect: 51090942171709440000
call(factorial, 29)  # expect: 8841761993739701954543616000000
call(factorial, 5)  # expect: 120
