"""A cache of the recently used; it overflows once in 2 000 calls."""


class Recent:
    def __init__(self, size):
        self.size = size
        self.items = {}
        self.dropped = 0

    def touch(self, key, value):
        items = self.items
        if key in items:
            value = items.pop(key)
        elif len(items) == self.size:
            oldest = next(iter(items))
            del items[oldest]
            self.dropped += 1
        items[key] = value
        return value

    # off by one: one more fits in
    def touch_w1(self, key, value):
        items = self.items
        if key in items:
            value = items.pop(key)
        elif len(items) > self.size:
            del items[next(iter(items))]
            self.dropped += 1
        items[key] = value
        return value

    # dict insertion order: not moved to the end
    def touch_w2(self, key, value):
        items = self.items
        if key in items:
            return items[key]
        if len(items) == self.size:
            del items[next(iter(items))]
            self.dropped += 1
        items[key] = value
        return value

    # the youngest dropped in the place of the oldest
    def touch_w3(self, key, value):
        items = self.items
        if key in items:
            value = items.pop(key)
        elif len(items) == self.size:
            items.popitem()
            self.dropped += 1
        items[key] = value
        return value

    # lost mutation on the rare branch: not counted
    def touch_w4(self, key, value):
        items = self.items
        if key in items:
            value = items.pop(key)
        elif len(items) == self.size:
            del items[next(iter(items))]
        items[key] = value
        return value

    # all are dropped at once
    def touch_w5(self, key, value):
        items = self.items
        if key in items:
            value = items.pop(key)
        elif len(items) == self.size:
            items.clear()
            self.dropped += 1
        items[key] = value
        return value


def main():
    recent = Recent(12)
    for i in range(2000):
        recent.touch("late" if i == 1501 else i * i % 23, i)
    print("touched")


if __name__ == "__main__":
    main()
