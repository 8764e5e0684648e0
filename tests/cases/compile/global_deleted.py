# `del` of a global that is not there is a NameError; it never falls back to the built-in of that name.
def remove():
    global abs
    abs = 5
    del abs
    before = abs(-2)
    del abs
    return before
call(remove)  # expect: NameError: name 'abs' is not defined, line 7
