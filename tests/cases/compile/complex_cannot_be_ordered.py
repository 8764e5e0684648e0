def less(a, b):
    return a < b
call(less, 1, 2)  # expect: True
call(less, 1j, 2)  # expect: TypeError: '<' not supported between instances of 'complex' and 'int', line 2
