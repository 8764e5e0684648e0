"""A search tree of nodes, filled by recursion; one key of a thousand comes twice."""


class Node:
    __slots__ = ("key", "left", "right", "count")

    def __init__(self, key):
        self.key, self.left, self.right, self.count = key, None, None, 1


size = 0


def insert(root, key):
    global size
    node = root
    while node.key != key:
        side = "left" if key < node.key else "right"
        child = getattr(node, side)
        if child is None:
            setattr(node, side, Node(key))
            size += 1
            return True
        node = child
    node.count += 1
    return False


# lost mutation on the rare branch: not counted
def insert_w1(root, key):
    global size
    node = root
    while node.key != key:
        if key < node.key:
            if node.left is None:
                node.left = Node(key)
                size += 1
                return True
            node = node.left
        else:
            if node.right is None:
                node.right = Node(key)
                size += 1
                return True
            node = node.right
    return False


# equal keys to the right, once more
def insert_w2(root, key):
    global size
    node = root
    while True:
        if key < node.key:
            if node.left is None:
                node.left = Node(key)
                break
            node = node.left
        else:
            if node.right is None:
                node.right = Node(key)
                break
            node = node.right
    size += 1
    return True


# left and right exchanged
def insert_w3(root, key):
    global size
    node = root
    while node.key != key:
        if key > node.key:
            if node.left is None:
                node.left = Node(key)
                size += 1
                return True
            node = node.left
        else:
            if node.right is None:
                node.right = Node(key)
                size += 1
                return True
            node = node.right
    node.count += 1
    return False


# changed global: counted twice over
def insert_w4(root, key):
    global size
    node = root
    size += 1
    while node.key != key:
        if key < node.key:
            if node.left is None:
                node.left = Node(key)
                return True
            node = node.left
        else:
            if node.right is None:
                node.right = Node(key)
                return True
            node = node.right
    node.count += 1
    return False


# the root is counted in the place of the node
def insert_w5(root, key):
    global size
    node = root
    while node.key != key:
        if key < node.key:
            if node.left is None:
                node.left = Node(key)
                size += 1
                return True
            node = node.left
        else:
            if node.right is None:
                node.right = Node(key)
                size += 1
                return True
            node = node.right
    root.count += 1
    return False


def main():
    roots = [Node(5000) for _ in range(40)]
    for i in range(1200):
        insert(roots[i % 40], (i - 40) * 7919 % 9973 if i == 743 else i * 7919 % 9973)
    print("inserted")


if __name__ == "__main__":
    main()
