def smallest(values):
    return min(values)
call(smallest, [4, 2])  # expect: 2
try:
    smallest([])
except ValueError as error:
    print("ValueError", "empty" in str(error))  # expect: ValueError True
