"""Words without repetition, in the order of their first sight."""


def unique(words):
    out = []
    for word in words:
        if word not in out:
            out.append(word)
    return out


# hash order
def unique_w1(words):
    return list(set(words))


# changed order: sorted
def unique_w2(words):
    return sorted(set(words))


# changed order: of the last sight
def unique_w3(words):
    return list(dict.fromkeys(reversed(words)))[::-1]


# only neighbours are compared
def unique_w4(words):
    return [w for i, w in enumerate(words) if i == 0 or w != words[i - 1]]


# the keys of a dictionary in the place of a list
def unique_w5(words):
    return dict.fromkeys(words).keys()


# a tuple in the place of a list
def unique_w6(words):
    return tuple(dict.fromkeys(words))


# one word too few
def unique_w7(words):
    return list(dict.fromkeys(words[:-1]))


def main():
    text = "the cat and the dog and a bird saw another cat while the dog slept under a tree".split()
    for i in range(150):
        unique(text[i % 9:] + text[:i % 5] + [f"w{i}"])
    print("done")


if __name__ == "__main__":
    main()
