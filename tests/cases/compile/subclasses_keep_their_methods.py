# A subclass of int, float or list is not an int, float or list.
class Wide(int):
    def __add__(self, other):
        return "added"
class Odd(list):
    def __getitem__(self, at):
        return 99
def plus(a, b):
    return a + b
def first(values):
    return values[0]
call(plus, 1, 2)  # expect: 3
call(plus, Wide(1), 2)  # expect: 'added'
call(first, [5])  # expect: 5
call(first, Odd([5]))  # expect: 99
