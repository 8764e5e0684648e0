"""Marks that are told apart by value or by identity."""

MISSING = object()
EMPTY = ""
table = {"a": 0, "b": None, "c": "", "big": 10**6}


def same_number(a, b):
    return a == b


# is in the place of ==: numbers beyond 256
def same_number_w1(a, b):
    return a is b


# through text
def same_number_w2(a, b):
    return str(a) == str(b)


# with a difference
def same_number_w3(a, b):
    return not a - b if a == a else True


def look_up(key, default):
    value = table.get(key, MISSING)
    return default if value is MISSING else value


# a missing value taken for a false one
def look_up_w1(key, default):
    return table.get(key) or default


# None taken for missing
def look_up_w2(key, default):
    value = table.get(key)
    return default if value is None else value


# the default is kept
def look_up_w3(key, default):
    return table.setdefault(key, default)


def is_flag(value):
    return value is True or value is False


# bool against int: ==
def is_flag_w1(value):
    return value in (True, False)


# bool against int: any number
def is_flag_w2(value):
    return isinstance(value, int)


def main():
    nan = float("nan")
    for i in range(300):
        same_number(i * 10, int(str(i * 10)))
        same_number(1 if i % 9 else True, 1.0)
        same_number(nan, nan)
        look_up("abcd"[i % 4], i)
        is_flag([True, 1, 0, 0.0, None, i][i % 6])
    print("told apart")


if __name__ == "__main__":
    main()
