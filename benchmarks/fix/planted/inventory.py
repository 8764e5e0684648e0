"""A stock that reserves goods in the order's own list; once in 2 500 orders a line asks for the very last item."""


class Stock:
    def __init__(self):
        self.counts = {name: 5000 for name in "abcdefg"}
        self.counts["z"] = 1
        self.log = []

    def reserve(self, order):
        taken = []
        for name, wanted in order:
            have = self.counts.get(name, 0)
            if have >= wanted:
                self.counts[name] = have - wanted
                taken.append((name, wanted))
                if have == wanted:
                    self.log.append("empty " + name)
        order.clear()
        return taken

    # off by one where the last item goes
    def reserve_w1(self, order):
        taken = []
        for name, wanted in order:
            have = self.counts.get(name, 0)
            if have > wanted:
                self.counts[name] = have - wanted
                taken.append((name, wanted))
                if have == wanted:
                    self.log.append("empty " + name)
        order.clear()
        return taken

    # lost mutation: no word of what is empty
    def reserve_w2(self, order):
        counts = self.counts
        taken = []
        for name, wanted in order:
            have = counts.get(name, 0)
            if have >= wanted:
                counts[name] = have - wanted
                taken.append((name, wanted))
        order.clear()
        return taken

    # lost mutation: the order stays full
    def reserve_w3(self, order):
        taken = []
        for name, wanted in order:
            have = self.counts.get(name, 0)
            if have >= wanted:
                self.counts[name] = have - wanted
                taken.append((name, wanted))
                if have == wanted:
                    self.log.append("empty " + name)
        return taken

    # the argument returned in the place of a new list
    def reserve_w4(self, order):
        for name, wanted in order:
            have = self.counts.get(name, 0)
            if have >= wanted:
                self.counts[name] = have - wanted
                if have == wanted:
                    self.log.append("empty " + name)
        return order

    # a key removed where the count becomes 0
    def reserve_w5(self, order):
        taken = []
        for name, wanted in order:
            have = self.counts.get(name, 0)
            if have >= wanted:
                self.counts[name] = have - wanted
                taken.append((name, wanted))
                if have == wanted:
                    self.log.append("empty " + name)
                    del self.counts[name]
        order.clear()
        return taken

    # a list of lists
    def reserve_w6(self, order):
        taken = []
        for pair in order:
            name, wanted = pair
            have = self.counts.get(name, 0)
            if have >= wanted:
                self.counts[name] = have - wanted
                taken.append(list(pair))
                if have == wanted:
                    self.log.append("empty " + name)
        order.clear()
        return taken


def main():
    stock = Stock()
    for i in range(2500):
        order = [("abcdefg"[i % 7], 1), ("abcdefg"[i % 5], 1)]
        if i == 1903:
            order.append(("z", 1))
        stock.reserve(order)
    print("reserved")


if __name__ == "__main__":
    main()
