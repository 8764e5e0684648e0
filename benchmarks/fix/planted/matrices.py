"""Small matrices: products, transposed, traces, with a matrix that is changed on the way."""

held = []


def times(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


# rows in the place of columns
def times_w1(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in b] for row in a]


# float reassociation: from the back
def times_w2(a, b):
    columns = [column[::-1] for column in zip(*b)]
    return [[sum(x * y for x, y in zip(row[::-1], column)) for column in columns] for row in a]


# tuples in the place of lists
def times_w3(a, b):
    columns = list(zip(*b))
    return [tuple(sum(x * y for x, y in zip(row, column)) for column in columns) for row in a]


# 0.0 in the place of 0
def times_w4(a, b):
    columns = list(zip(*b))
    return [[sum((x * y for x, y in zip(row, column)), 0.0) for column in columns] for row in a]


def swapped(a, i, j):
    row = a[i]
    a[i] = a[j]
    a[j] = row
    return a


# contents exchanged in the place of rows
def swapped_w1(a, i, j):
    a[i][:], a[j][:] = a[j][:], a[i][:]
    return a


# copies of the rows
def swapped_w2(a, i, j):
    a[i], a[j] = list(a[j]), list(a[i])
    return a


# a new matrix
def swapped_w3(a, i, j):
    a = list(a)
    a[i], a[j] = a[j], a[i]
    return a


def main():
    for k in range(60):
        a = [[(i * 3 + j + k) % 5 / 7 for j in range(5)] for i in range(5)]
        b = [[1 / (i + 2 * j + 1) for j in range(5)] for i in range(5)]
        times(a, b)
        times([[k, 1], [2, 3]], [[1, 0], [1, 1]])
        held[:] = a
        swapped(a, k % 5, (k + 2) % 5)
        held[k % 5][0] = k
        swapped(a, 0, 1)
    print("multiplied")


if __name__ == "__main__":
    main()
