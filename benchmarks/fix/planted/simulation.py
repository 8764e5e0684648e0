"""A shop with a queue: each tick changes the shop's lists; one tick in 1 500 finds the shelf empty."""

away = []


class Shop:
    rounds = 0

    def __init__(self):
        self.queue = []
        self.shelf = 1180
        self.served = 0
        self.turned_away = []

    def tick(self, number):
        Shop.rounds += 1
        self.queue.append(number)
        if number % 400 == 0 or not self.queue:
            return None
        customer = self.queue.pop(0)
        if not self.shelf:
            self.turned_away.append(customer)
            self.shelf += 1000
            return False
        self.shelf -= 1
        self.served += 1
        return True

    # lost mutation on the rare branch: nobody is turned away
    def tick_w1(self, number):
        Shop.rounds += 1
        self.queue.append(number)
        if number % 400 == 0 or not self.queue:
            return None
        del self.queue[0]
        if not self.shelf:
            self.shelf += 1000
            return False
        self.shelf -= 1
        self.served += 1
        return True

    # None in the place of False on the rare branch
    def tick_w2(self, number):
        Shop.rounds += 1
        self.queue.append(number)
        if number % 400 == 0 or not self.queue:
            return None
        customer = self.queue.pop(0)
        if not self.shelf:
            self.turned_away.append(customer)
            self.shelf += 1000
            return None
        self.shelf -= 1
        self.served += 1
        return True

    # the last comes first
    def tick_w3(self, number):
        Shop.rounds += 1
        self.queue.append(number)
        if number % 400 == 0 or not self.queue:
            return None
        customer = self.queue.pop()
        if not self.shelf:
            self.turned_away.append(customer)
            self.shelf += 1000
            return False
        self.shelf -= 1
        self.served += 1
        return True

    # one item fewer on the rare branch
    def tick_w4(self, number):
        Shop.rounds += 1
        self.queue.append(number)
        if number % 400 == 0 or not self.queue:
            return None
        customer = self.queue.pop(0)
        if not self.shelf:
            self.turned_away.append(customer)
            self.shelf += 999
            return False
        self.shelf -= 1
        self.served += 1
        return True

    # another list object on the rare branch
    def tick_w5(self, number):
        Shop.rounds += 1
        self.queue.append(number)
        if number % 400 == 0 or not self.queue:
            return None
        customer = self.queue.pop(0)
        if not self.shelf:
            self.turned_away = [*self.turned_away, customer]
            self.shelf += 1000
            return False
        self.shelf -= 1
        self.served += 1
        return True

    # a counter of the class written to the object
    def tick_w6(self, number):
        self.rounds += 1
        self.queue.append(number)
        if number % 400 == 0 or not self.queue:
            return None
        customer = self.queue.pop(0)
        if not self.shelf:
            self.turned_away.append(customer)
            self.shelf += 1000
            return False
        self.shelf -= 1
        self.served += 1
        return True


def main():
    shop = Shop()
    away.append(shop.turned_away)
    for number in range(1700):
        shop.tick(number)
    print("closed")


if __name__ == "__main__":
    main()
