"""A default list that remembers, a counter, and a row that begins with a default."""

hits = 0


def seen(key, known=[]):  # noqa: B006
    global hits
    if key in known:
        hits += 1
        return True
    known.append(key)
    return False


# default argument aliasing: nothing is remembered
def seen_w1(key, known=[]):  # noqa: B006
    global hits
    if key in known:
        hits += 1
        return True
    known = [*known, key]
    return False


# default argument aliasing: remembered twice
def seen_w2(key, known=[]):  # noqa: B006
    global hits
    found = key in known
    known.append(key)
    hits += found
    return found


# lost global
def seen_w3(key, known=[]):  # noqa: B006
    if key in known:
        return True
    known.append(key)
    return False


# changed order: at the front
def seen_w4(key, known=[]):  # noqa: B006
    global hits
    if key in known:
        hits += 1
        return True
    known.insert(0, key)
    return False


# a number in the place of a truth value
def seen_w5(key, known=[]):  # noqa: B006
    global hits
    found = known.count(key)
    hits += found
    if not found:
        known.append(key)
    return found


# the global counts misses
def seen_w6(key, known=[]):  # noqa: B006
    global hits
    if key in known:
        return True
    hits += 1
    known.append(key)
    return False


def main():
    for i in range(400):
        seen(i * i % 97)
    print("seen")


if __name__ == "__main__":
    main()
