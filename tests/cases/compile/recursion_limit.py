def forever(n):
    return forever(n + 1) + 1
try:
    forever(0)
except RecursionError as error:
    print(type(error).__name__, "maximum recursion depth exceeded" in str(error))  # expect: RecursionError True
